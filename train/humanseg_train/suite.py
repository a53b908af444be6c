"""`humanseg-train evaluate --suite`: all that a model is measured by before it is shipped.

The photographs of a data set, and what is made from them and pictures of rooms: moving people, a still scene, a cut,
empty rooms and things shaped like people. The model runs as users run it: through a `Matter`, frame after frame.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from humanseg.matting import Matter
from humanseg_train.data.motion import SIZE, camera, empty_room, moving_person
from humanseg_train.data.pictures import read_pair, read_rgb
from humanseg_train.data.rooms import find_rooms
from humanseg_train.data.samples import find_samples
from humanseg_train.evaluation import evaluate
from humanseg_train.metrics import boundary_iou, iou, mae
from humanseg_train.torch_engine import open_any

Alphas = list[NDArray[np.float32]]

FRAMES = 24
"""Frames of a sequence of a moving person."""

CLEAN = 0.1
"""A room is clean when no more than so many % of its picture are taken for a person."""


@dataclass(frozen=True)
class Scene:
    """One person and the room that stands behind."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    room: NDArray[np.uint8]
    other: NDArray[np.uint8]
    """Another room, for things that are no person."""
    seed: int

    def frames(self, count: int, *, still: bool = False) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """The person moving, or standing still."""
        return moving_person(self.rgb, self.alpha, self.room, frames=count, seed=self.seed, still=still)


def suite(
    model: str | Path | None,
    people: Path,
    rooms: Path,
    *,
    split: str = "val",
    engine: str = "auto",
    preset: str = "live",
    scenes: int = 16,
) -> dict[str, float]:
    """The figures of a model, each a mean over photographs or scenes.

    Args:
        model: model folder, name of a packaged model (None is the default one), or a checkpoint, which runs in torch.
        people: folder of a data set.
        rooms: folder of pictures without people.
        split: which of its splits the people come from.
        engine: which engine runs the network.
        preset: how much of a frame the network gets to see.
        scenes: how many people are taken, spread evenly over those marked webcam_like (over all if none is).

    Returns:
        By name. Of photographs: `webcam iou`, `webcam boundary_iou`, `webcam mae`, `all iou`. Of moving people:
        `motion iou`, `motion boundary_iou`, `motion mad` (x 1000), `motion dtssd` (x 100). Of a still noisy scene:
        `flicker` (x 1000) and `flicker ratio` (to the same network with nothing kept from frame to frame). `cut iou`:
        of the second frame after a cut. In %, what is taken for a person of a thing that is shaped like one:
        `silhouette area`; and in all rooms that no network of ours is trained on, when somebody has just walked away,
        on average and in the worst: `empty area` and `worst empty area`. Of the pictures of these rooms, each by
        itself: `room area`, what is taken on average, and `rooms not clean`, in how many it is more than `CLEAN`; in %.

    Raises:
        HumansegError: the model, the engine or the data cannot be used.
    """
    with open_any(model, engine, preset=preset) as matter:
        tests: tuple[Callable[[Matter, Scene], dict[str, float]], ...] = (_motion, _still, _cut, _silhouette)
        rows: list[dict[str, float]] = []
        chosen = list(_scenes(people, rooms, split, scenes))
        for scene in track(chosen, description="suite", console=Console(stderr=True), transient=True):
            row: dict[str, float] = {}
            for test in tests:
                matter.reset()
                row |= test(matter, scene)
            rows.append(row)
        taken, left = [], []
        for number, room in enumerate(find_rooms(rooms, "val")):
            scene = replace(chosen[number % len(chosen)], room=read_rgb(room), seed=number)
            taken.append(_taken(matter, scene.room))
            left.append(_left(matter, scene))
    metrics = ("iou", "boundary_iou", "mae")
    groups = evaluate(model, people, split=split, engine=engine, preset=preset, metrics=metrics)["groups"]
    webcam = groups.get("webcam_like", groups["all"])
    figures = {f"webcam {metric}": webcam[metric] for metric in metrics}
    figures["all iou"] = groups["all"]["iou"]
    figures |= {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    figures["flicker ratio"] = figures["flicker"] / max(figures.pop("flicker alone"), 1e-9)
    figures |= {"empty area": _mean(left), "worst empty area": max(left)}
    figures |= {"room area": _mean(taken), "rooms not clean": 100 * _mean(area > CLEAN for area in taken)}
    return figures


def dtssd(predicted: Alphas, true: Alphas) -> float:
    """Root mean square of the difference between predicted and true change from frame to frame, mean over frames.

    Erofeev et al. 2015, "Perceptually Motivated Benchmark for Video Matting"; x 100 in tables.
    """
    change = np.diff(np.stack(predicted), axis=0) - np.diff(np.stack(true), axis=0)
    return float(np.sqrt((change**2).mean(axis=(1, 2))).mean())


def flicker(predicted: Alphas) -> float:
    """Mean absolute change of alpha from frame to frame: of a still scene, all of it is wrong; x 1000 in tables."""
    return float(np.abs(np.diff(np.stack(predicted), axis=0)).mean())


def _scenes(people: Path, rooms: Path, split: str, count: int) -> Iterator[Scene]:
    samples = find_samples(people, split)
    samples = [sample for sample in samples if sample.webcam_like] or samples
    pictures = find_rooms(rooms, "val")
    for k in range(count):
        rgb, alpha = read_pair(samples[k * len(samples) // count])
        room, other = (read_rgb(pictures[(37 * k + first) % len(pictures)]) for first in (0, 19))
        yield Scene(rgb, alpha, room, other, seed=k)


def _motion(matter: Matter, scene: Scene) -> dict[str, float]:
    frames, true = zip(*scene.frames(FRAMES), strict=True)
    found = [matter.alpha(frame) for frame in frames]
    pairs = list(zip(found, true, strict=True))
    return {
        "motion iou": _mean(iou(*pair) for pair in pairs),
        "motion boundary_iou": _mean(boundary_iou(*pair) for pair in pairs),
        "motion mad": 1000 * _mean(mae(*pair) for pair in pairs),
        "motion dtssd": 100 * dtssd(found, list(true)),
    }


def _still(matter: Matter, scene: Scene) -> dict[str, float]:
    frames = [frame for frame, _ in scene.frames(10, still=True)]
    kept = [matter.alpha(frame) for frame in frames]
    alone = []
    for frame in frames:
        matter.reset()
        alone.append(matter.alpha(frame))
    return {"flicker": 1000 * flicker(kept[2:]), "flicker alone": 1000 * flicker(alone[2:])}


def _cut(matter: Matter, scene: Scene) -> dict[str, float]:
    """The person in the mirror for a while, then, from one frame to the next, as they are before another room."""
    for frame, _ in scene.frames(6):
        matter.alpha(np.ascontiguousarray(frame[:, ::-1]))
    after = Scene(scene.rgb, scene.alpha, scene.other, scene.room, scene.seed + 1)
    found = [(matter.alpha(frame), true) for frame, true in after.frames(2)]
    return {"cut iou": iou(*found[-1])}


def _left(matter: Matter, scene: Scene) -> float:
    """What is taken for a person in a room from which somebody just walked away, in %: what stays of them counts."""
    matter.reset()
    for frame, _ in scene.frames(2):
        matter.alpha(frame)
    found = [matter.alpha(frame) for frame in empty_room(scene.room, frames=8, seed=scene.seed)]
    return 100 * _mean(float((alpha > 0.5).mean()) for alpha in found[2:])


def _silhouette(matter: Matter, scene: Scene) -> dict[str, float]:
    """A person's outline filled with another room: a thing of that shape, not a person."""
    _, true = next(scene.frames(1, still=True))
    thing = cv2.resize(scene.other, SIZE, interpolation=cv2.INTER_AREA)
    room = next(empty_room(scene.room, frames=1, seed=scene.seed))
    weight = true[..., np.newaxis]
    picture = camera(weight * thing + (1 - weight) * room, np.random.default_rng(scene.seed))
    inside = true > 0.5
    return {"silhouette area": 100 * float((matter.alpha(picture) > 0.5)[inside].mean())}


def _taken(matter: Matter, room: NDArray[np.uint8]) -> float:
    """How much of a picture is taken for a person, in %."""
    matter.reset()
    return 100 * float((matter.alpha(room) > 0.5).mean())


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def markdown(columns: dict[str, dict[str, float]]) -> str:
    """Figures by preset (or model) as a Markdown table, a column each."""
    rows = [("suite", *columns), ("---",) * (len(columns) + 1)]
    rows += [(name, *(f"{column[name]:.4f}" for column in columns.values())) for name in next(iter(columns.values()))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)

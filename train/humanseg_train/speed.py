"""How long a model takes for a frame, on every engine of this machine."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import humanseg
from humanseg.engines import AUTO_ORDER, CPU_ENGINES, UnavailableError
from humanseg.matting import Matter
from humanseg.models import find_model
from humanseg.sources.demo import DemoSource

FRAME = (1280, 720)
"""(width, height) of the frames that are timed."""

ROUNDS, BLOCK, WARM_UP = 3, 15, 5
"""Each takes its turn so often, with so many frames in a row, of which so many come before its time counts: threads of
the one before still spin."""

FULL_PRECISION = "-fp32"
"""Ends the name of an engine on the CPU that runs the network of full precision where the model has both."""


@dataclass(frozen=True)
class Milliseconds:
    """Medians for one frame, in ms."""

    network: float
    """The network alone."""
    matte: float
    """Everything from the frame to its matte."""


def measure_speed(model: str | Path, presets: Sequence[str] = ("live",)) -> dict[str, dict[str, Milliseconds]]:
    """Medians of frames of the demo, all engines and presets taking turns, by engine and preset.

    Raises:
        HumansegError: the model cannot be used, or an engine that is here fails.
    """
    frames = list(DemoSource(size=FRAME, seconds=BLOCK / 30))
    taken: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        matters = {
            (engine, preset): stack.enter_context(matter)
            for preset in presets
            for engine, matter in _matters(model, preset)
        }
        for _ in range(ROUNDS):
            for key, matter in matters.items():
                matter.reset()
                for number, frame in enumerate(frames):
                    began = perf_counter()
                    spent = matter.matte(frame).spent
                    if number >= WARM_UP and spent is not None:
                        taken.setdefault(key, []).append((spent.infer_s, perf_counter() - began))
    found: dict[str, dict[str, Milliseconds]] = {}
    for (engine, preset), seconds in taken.items():
        network, matte = (1000 * median(part) for part in zip(*seconds, strict=True))
        found.setdefault(engine, {})[preset] = Milliseconds(network, matte)
    return found


def _matters(model: str | Path, preset: str) -> Iterator[tuple[str, Matter]]:
    """What can be opened here, by the engine's name."""
    spec = find_model(model)
    runs = [(name, name, spec) for name in AUTO_ORDER]
    if spec.int8_file:
        runs += [(name + FULL_PRECISION, name, spec.full_precision) for name in CPU_ENGINES]
    for label, engine, run in runs:
        try:
            yield label, humanseg.open_matter(run, engine, preset=preset)
        except UnavailableError:
            continue


def markdown(speeds: dict[str, dict[str, Milliseconds]]) -> str:
    """A Markdown table, an engine a row: network / matte by preset."""
    presets = list(next(iter(speeds.values())))
    rows = [("engine", *presets), ("---",) * (len(presets) + 1)]
    rows += [(name, *(f"{row[p].network:.1f} / {row[p].matte:.1f}" for p in presets)) for name, row in speeds.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)

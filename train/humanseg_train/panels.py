"""Panels: the best, the worst and some random photographs, with the truth and what a model made of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from humanseg.matting.matter import Matter
from humanseg_train.data.pictures import read_pair
from humanseg_train.data.samples import Sample
from humanseg_train.sheets import make_cell, save_picture, sheet
from humanseg_train.views import alpha_picture, composite, difference, overlay

CELL = 240
"""Height and width of a picture in a panel, in pixels."""


def pick(scores: Mapping[str, float], count: int, seed: int = 0) -> list[tuple[str, str]]:
    """(kind, name) of up to `count` worst, best and random photographs each, none of them twice."""
    count = min(count, max(1, len(scores) // 3))  # of a few, some of each kind
    ranked = sorted(scores, key=lambda name: scores[name])
    picked: dict[str, str] = {}
    rest = [ranked[index] for index in np.random.default_rng(seed).permutation(len(ranked))]
    for kind, names in (("worst", ranked), ("best", ranked[::-1]), ("random", rest)):
        fresh = [name for name in names if name not in picked][:count]
        picked.update(dict.fromkeys(fresh, kind))
    return [(kind, name) for name, kind in picked.items()]


def write_panels(matter: Matter, samples: Sequence[Sample], scores: Mapping[str, float], path: Path) -> None:
    """Rows of photograph, truth, prediction, difference (red too much, blue missing) and composite.

    Args:
        matter: the model.
        samples: the photographs; more than are shown.
        scores: IoU of each by name.
        path: picture to write.

    Raises:
        HumansegError: a photograph cannot be read, or the picture not written.
    """
    known = {sample.name: sample for sample in samples}
    rows = []
    for kind, name in pick(scores, 4):
        rgb, true = read_pair(known[name])
        truth = np.divide(true, 255, dtype=np.float32)
        matter.reset()
        alpha = matter.alpha(rgb)
        captions = f"{kind}: {name}"[:34], "truth", f"prediction, IoU {scores[name]:.3f}", "difference", "composite"
        pictures = (
            rgb,
            alpha_picture(rgb, truth),
            alpha_picture(rgb, alpha),
            difference(alpha, truth),
            composite(rgb, alpha),
        )
        rows.append(
            [make_cell(picture, text, CELL, tight=True) for picture, text in zip(pictures, captions, strict=True)]
        )
    save_picture(sheet(rows), path)


def write_side_by_side(
    matters: Mapping[str, Matter], samples: Sequence[Sample], scores: Mapping[str, Mapping[str, float]], path: Path
) -> None:
    """Rows of photograph, truth and each model's overlay; the photographs are picked by the mean IoU of all models.

    Raises:
        HumansegError: a photograph cannot be read, or the picture not written.
    """
    known = {sample.name: sample for sample in samples}
    first: Mapping[str, float] = next(iter(scores.values()))
    means = {name: float(np.mean([one[name] for one in scores.values()])) for name in first}
    rows = []
    for kind, name in pick(means, 3):
        rgb, true = read_pair(known[name])
        truth = np.divide(true, 255, dtype=np.float32)
        row = [
            make_cell(rgb, f"{kind}: {name}"[:34], CELL, tight=True),
            make_cell(overlay(rgb, truth), "truth", CELL, tight=True),
        ]
        for model, matter in matters.items():
            matter.reset()
            caption = f"{model} {scores[model][name]:.3f}"
            row.append(make_cell(overlay(rgb, matter.alpha(rgb)), caption, CELL, tight=True))
        rows.append(row)
    save_picture(sheet(rows), path)

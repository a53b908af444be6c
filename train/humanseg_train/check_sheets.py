"""What `check-data` writes into a folder: the report, and contact sheets for a person to look at."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import HumansegError
from humanseg_train.check_data import Report
from humanseg_train.data.pictures import read_mask, read_rgb
from humanseg_train.data.samples import Sample, scan
from humanseg_train.sheets import CELL, fit_size, label, make_cell, save_picture, sheet

ROWS = 24
"""Findings of one kind on a sheet; all are in report.json."""


def write_sheets(report: Report, out: Path, *, count: int = 40, seed: int = 0) -> list[Path]:
    """Write report.json, samples.png (random samples, outlined) and one sheet per kind of finding.

    Raises:
        HumansegError: a file cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = [out / "report.json"]
        written[0].write_text(json.dumps(report.as_dict(), indent=2) + "\n")
    except OSError as error:
        raise HumansegError(f"{out} cannot be written: {error.strerror}.", "Give another folder.") from error
    samples = {sample.image.relative_to(report.root).as_posix(): sample for sample in scan(report.root).samples}
    names = sorted(samples)
    picked = np.random.default_rng(seed).permutation(len(names))[:count]
    cells = [_cell(samples[names[index]]) for index in picked]
    written += _save([cells[start : start + 8] for start in range(0, len(cells), 8)], out / "samples.png")
    for kind in dict.fromkeys(finding.kind for finding in report.findings):
        rows = []
        for finding in [one for one in report.findings if one.kind == kind][:ROWS]:
            known = [samples[file] for file in finding.files if file in samples][:4]
            # A single sample stands beside its own mask, a pair beside each other.
            row = [_cell(sample) for sample in known] + ([_mask_cell(known[0])] if len(known) == 1 else [])
            if row:
                rows.append(row)
        written += _save(rows, out / f"{kind}.png")
    return written


def _cell(sample: Sample) -> NDArray[np.uint8]:
    """A square with the photograph, its mask's outline in green and its name."""
    try:
        rgb = read_rgb(sample.image)
    except HumansegError:
        return label(np.full((CELL, CELL, 3), 60, np.uint8), f"{sample.name} unreadable")
    size = fit_size(rgb.shape)
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    try:
        alpha = cv2.resize(read_mask(sample), size, interpolation=cv2.INTER_AREA)
        outlines, _ = cv2.findContours((alpha > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(small, outlines, -1, (0, 255, 0), 1)
    except HumansegError:
        pass  # the photograph alone is worth seeing
    return make_cell(small, f"{sample.name} {sample.split}")


def _mask_cell(sample: Sample) -> NDArray[np.uint8]:
    try:
        alpha = read_mask(sample)
    except HumansegError:
        return label(np.full((CELL, CELL, 3), 60, np.uint8), "unreadable mask")
    small = cv2.resize(alpha, fit_size(alpha.shape), interpolation=cv2.INTER_NEAREST)
    return make_cell(np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2RGB), np.uint8))


def _save(rows: Sequence[Sequence[NDArray[np.uint8]]], path: Path) -> list[Path]:
    if not rows:
        return []
    save_picture(sheet(rows), path)
    return [path]

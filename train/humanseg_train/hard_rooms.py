"""Which rooms are hard: those in which the network sees somebody before training goes on.

Most pictures of rooms teach a network nothing that is good already; beds, coats and chairs that it takes for people do.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from humanseg_train.data.pictures import read_rgb
from humanseg_train.module import MattingModule
from humanseg_train.networks.from_model import evaluating

HARD = 0.001
"""A room is hard when more than this share of its picture is taken for a person."""

TABLE = "rooms.csv"
"""In a run's folder: what share of each room was taken for a person before training."""


def false_shares(module: MattingModule, rooms: Sequence[Path], size: tuple[int, int]) -> NDArray[np.float64]:
    """What share of each picture the network takes for a person, 0..1; in full precision, its state left as it was.

    Args:
        module: takes three channels.
        rooms: pictures.
        size: (width, height) to which each is resized.
    """
    shares = []
    # Not compiled: for one picture at a time that would cost more than it saves.
    with evaluating(module.network), torch.compiler.set_stance("force_eager"):
        for room in rooms:
            small = cv2.resize(read_rgb(room), size, interpolation=cv2.INTER_AREA)
            logits = module(torch.from_numpy(small.transpose(2, 0, 1))[None])
            shares.append(float((logits > 0).float().mean()))
    return np.array(shares)


def write_shares(folder: Path, rooms: Sequence[Path], shares: NDArray[np.float64]) -> None:
    """Keep the shares in a run's folder, so that a run that is resumed draws the rooms as before."""
    with (folder / TABLE).open("w", newline="") as file:
        csv.writer(file).writerows(
            [("room", "share"), *zip((room.name for room in rooms), shares.tolist(), strict=True)]
        )


def read_shares(folder: Path, rooms: Sequence[Path]) -> NDArray[np.float64]:
    """The shares kept in a run's folder, in the order of `rooms`; a room that is new since then counts as easy."""
    with (folder / TABLE).open(newline="") as file:
        kept = {row["room"]: float(row["share"]) for row in csv.DictReader(file)}
    return np.array([kept.get(room.name, 0.0) for room in rooms])

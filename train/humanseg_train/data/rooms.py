"""Pictures without people: what people are put before in training, and where a model is to see nobody."""

import hashlib
from pathlib import Path
from typing import Literal

from humanseg.errors import HumansegError
from humanseg_train.data.records import by_stem

HELD_OUT = 16
"""One in so many rooms is never trained on."""


def find_rooms(root: Path, split: Literal["train", "val"] | None = None) -> list[Path]:
    """The pictures of rooms in a folder or in its `images/`, in a stable order; all of them, or those of one split.

    A digest of its name decides which split a picture belongs to, so that it stays there whatever is added beside it.
    Where one of the splits has none, there are too few to tell them apart, and either is all of them.

    Raises:
        HumansegError: there are none.
    """
    folder = root / "images" if (root / "images").is_dir() else root
    rooms = sorted(by_stem(folder).values())
    if not rooms:
        raise HumansegError(f"There are no pictures of rooms in {folder}.", "Give the folder that has them.")
    held = {
        room for room in rooms if hashlib.sha1(room.stem.encode(), usedforsecurity=False).digest()[0] < 256 // HELD_OUT
    }
    if split is None or len(held) in (0, len(rooms)):
        return rooms
    return [room for room in rooms if (room in held) == (split == "val")]

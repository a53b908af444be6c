"""Numbered pictures as a source: a folder of them, or a pattern such as `frames/%05d.png`."""

import glob
import os
import re
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import SourceError
from humanseg.frames import Frame, StreamInfo
from humanseg.sources.names import PICTURE_ENDINGS

_NUMBER = re.compile(r"%0?\d*d")


class PicturesSource:
    """The pictures in the order of the numbers in their names, each shown equally long.

    Sixteen bits become eight; the alpha of a picture is left out. All must be of the first one's size.
    """

    def __init__(self, where: Path, *, rate: Fraction = Fraction(25), skip: int = 0) -> None:
        """Find the pictures and read the first one.

        Args:
            where: A folder, or a pattern with one `%05d`.
            rate: Pictures per second.
            skip: How many are not read: the first frame then has this index.

        Raises:
            SourceError: there are none, or the first one cannot be read.
        """
        self._paths = pictures_of(where)
        if not self._paths:
            raise SourceError(f"There is no picture {where}.", "Check the path.")
        self._skip = skip
        self._rate = rate
        self._closing = threading.Event()
        self._begun = False
        height, width = _read(self._paths[0]).shape[:2]
        self._info = StreamInfo(width=width, height=height, rate=rate, time_base=1 / rate, frames=len(self._paths))

    @property
    def info(self) -> StreamInfo:
        """Size and rate; the number of frames is exact."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """The frames, once.

        Raises:
            SourceError: a picture cannot be read, or is of another size than the first one.
            RuntimeError: it is asked for a second time.
        """
        if self._begun:
            raise RuntimeError("a source can be read once")
        self._begun = True
        return self._frames()

    def close(self) -> None:
        """Ask for the end; see `Source.close`."""
        self._closing.set()

    def _frames(self) -> Iterator[Frame]:
        for index, path in enumerate(self._paths[self._skip :], start=self._skip):
            if self._closing.is_set():
                return
            rgb = _read(path)
            frame = Frame(rgb=rgb, index=index, time=index / self._rate, duration=1 / self._rate)
            if frame.size != (self._info.width, self._info.height):
                size = f"{self._info.width}x{self._info.height}"
                raise SourceError(
                    f"{path} is {frame.size[0]}x{frame.size[1]}; the first picture is {size}.", "Bring all to one size."
                )
            rgb.flags.writeable = False
            yield frame


def is_pictures(where: Path) -> bool:
    """Whether a path means pictures: a pattern with a number, or a folder that holds pictures."""
    if where.is_dir():
        return bool(pictures_of(where))
    return _NUMBER.search(where.name) is not None and where.suffix.lower() in PICTURE_ENDINGS and not where.exists()


def pictures_of(where: Path) -> list[Path]:
    """The pictures, in the order of the numbers in their names."""
    if where.is_dir():
        found = [path for path in where.iterdir() if path.suffix.lower() in PICTURE_ENDINGS and path.is_file()]
        return sorted((path for path in found if not path.name.startswith(".")), key=_natural)
    before, after = _NUMBER.split(where.name, maxsplit=1)
    pattern = f"{glob.escape(before)}*{glob.escape(after)}"
    numbered = re.compile(re.escape(before) + r"\d+" + re.escape(after))
    return sorted((path for path in where.parent.glob(pattern) if numbered.fullmatch(path.name)), key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Numbers count as numbers: frame9 comes before frame10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _read(path: Path) -> NDArray[np.uint8]:
    """HxWx3 uint8 RGB."""
    try:
        data = np.fromfile(os.fspath(path), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error) as error:
        raise SourceError(f"{path} cannot be read: {error}.", "Save it again.") from error
    if picture is None:
        raise SourceError(f"{path} is not a picture that can be read.", "Use PNG, JPEG, TIFF or WebP.")
    return cast("NDArray[np.uint8]", cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))

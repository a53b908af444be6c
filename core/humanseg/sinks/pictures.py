"""Pictures, one a frame, numbered: `frames/%05d.png`."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import SinkError
from humanseg.frames import Frame
from humanseg.sinks.colour import deep_rgba
from humanseg.sinks.exr import ExrPictures
from humanseg.sinks.whole import sync_folder

PICTURE_ENDINGS = (".png", ".webp", ".exr")
"""All with alpha; PNG and WebP without loss, EXR in linear light (`humanseg.sinks.exr`)."""

_DEEPEST = 65535

_NUMBER = re.compile(r"%0?(\d*)d")

_OPTIONS = {
    ".png": [cv2.IMWRITE_PNG_COMPRESSION, 3],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101],  # above 100 is lossless
}


@dataclass(frozen=True)
class Sequence:
    """Where pictures go and what they are called."""

    folder: Path
    name: str
    """With one `%05d` for the number, which counts from 1."""

    @property
    def ending(self) -> str:
        """The kind of picture: one of `PICTURE_ENDINGS`."""
        return Path(self.name).suffix.lower()

    def path(self, folder: Path, index: int) -> Path:
        """The picture of a frame, in some folder."""
        return folder / (self.name % (index + 1))


def is_sequence(path: Path) -> bool:
    """Whether a name asks for pictures: it has a number to fill in."""
    return _NUMBER.search(path.name) is not None


def sequence_of(path: Path) -> Sequence:
    """The sequence that a name such as `frames/%05d.png` asks for.

    Raises:
        SinkError: it has not one number, or another ending.
    """
    if path.suffix.lower() not in PICTURE_ENDINGS:
        raise SinkError(f"{path} says no kind of picture.", f"Use one of {', '.join(PICTURE_ENDINGS)}.")
    if len(_NUMBER.findall(path.name)) != 1 or path.name.count("%") != 1:
        raise SinkError(f"{path} does not say where the number goes.", "Write it like frames/%05d.png.")
    if path.parent == Path() or path.parent.resolve() == Path().resolve():
        raise SinkError(f"{path} has no folder of its own.", "Write it like frames/%05d.png.")
    return Sequence(path.parent, path.name)


def depth_of(sequence: Sequence, *, alpha: bool, grey: bool) -> str:
    """In how many bits the pictures of a sequence are: "8", "16" or "half" (floats).

    Args:
        sequence: Its ending says the kind.
        alpha: Whether frames are cut-outs.
        grey: Whether they are grey pictures.
    """
    if sequence.ending == ".exr":
        return "half"
    # What is opaque and coloured has no more than 8 bits to begin with.
    return "16" if sequence.ending == ".png" and (alpha or grey) else "8"


def encoder_for(sequence: Sequence, size: tuple[int, int], *, alpha: bool) -> Callable[[Frame], bytes]:
    """What makes the pictures of a sequence: RGBA for cut-outs, else RGB or grey; PNG and WebP straight, in the codes
    of the frames.

    Args:
        sequence: Its ending says the kind.
        size: (width, height) in pixels.
        alpha: Whether frames are cut-outs.
    """
    if sequence.ending == ".exr":
        return ExrPictures(size, alpha=alpha).encode
    make = _deep if sequence.ending == ".png" else _shallow
    return lambda frame: cv2.imencode(sequence.ending, make(frame), _OPTIONS[sequence.ending])[1].tobytes()


def _deep(frame: Frame) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """In OpenCV's order; in 16 bits where there is an alpha or a grey plane to keep."""
    if frame.grey is not None:
        return np.asarray(np.rint(frame.grey * np.float32(_DEEPEST)), np.uint16)
    if frame.alpha is None:
        return _shallow(frame)
    return np.asarray(cv2.cvtColor(deep_rgba(frame.rgb, frame.alpha, _DEEPEST), cv2.COLOR_RGBA2BGRA), np.uint16)


def _shallow(frame: Frame) -> NDArray[np.uint8]:
    """In OpenCV's order, in 8 bits."""
    if frame.alpha is None:
        return np.asarray(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR), np.uint8)
    bgra = np.asarray(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGRA), np.uint8)
    bgra[:, :, 3] = np.rint(frame.alpha * np.float32(255))
    return bgra


class PictureSegment:
    """Writes the pictures of one segment; the segment's own file says that all of them are there."""

    def __init__(self, folder: Path, marker: Path, sequence: Sequence, encode: Callable[[Frame], bytes]) -> None:
        """Begin.

        Args:
            folder: Where the pictures go.
            marker: What says that they are whole.
            sequence: Their names.
            encode: Makes a file's content of a frame.
        """
        folder.mkdir(exist_ok=True)
        self._folder, self._marker, self._sequence, self._encode = folder, marker, sequence, encode

    def write(self, frame: Frame) -> None:
        """Write one picture.

        Raises:
            OSError: the disk is full or gone.
        """
        data = self._encode(frame)
        with self._sequence.path(self._folder, frame.index).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        """Say that the pictures are whole.

        Raises:
            OSError: the disk is full or gone.
        """
        sync_folder(self._folder)
        with self._marker.open("wb") as file:
            os.fsync(file.fileno())
        sync_folder(self._marker.parent)

    def drop(self) -> None:
        """The pictures stay, and are written again by the next run: without the segment's file they do not count."""

"""The backgrounds that can be chosen: packaged ones and the user's own, with small pictures of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from humanseg.errors import HumansegError
from humanseg.sources.names import MOVING_ENDINGS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Picture:
    """One choice of the gallery."""

    value: str
    """What the settings call it: a packaged name, or a path."""

    name: str
    """What people call it."""

    thumbnail: "NDArray[np.uint8]"
    """HxWx3 uint8 RGB of the size that was asked for."""


def path_of(value: str) -> Path:
    """The file of a background by its packaged name or its path."""
    from humanseg import assets

    return assets.backgrounds().get(value) or Path(value)


def pictures(own: Sequence[str], size: tuple[int, int]) -> list[Picture]:
    """The user's own and then the packaged ones, with thumbnails of (width, height) pixels; bad files are left out.

    Takes its time: not for the window's thread.
    """
    from humanseg import assets

    found = []
    for value, path in [*((path, Path(path)) for path in own), *assets.backgrounds().items()]:
        try:
            found.append(Picture(value, _title(path), _thumbnail(path, size)))
        except HumansegError as error:
            logger.info("A background is left out: %s", error)
    return found


def _thumbnail(path: Path, size: tuple[int, int]) -> "NDArray[np.uint8]":
    from humanseg.compositing.image import read_picture
    from humanseg.fitting import fitted

    if path.suffix.lower() in MOVING_ENDINGS:
        from humanseg.sources.video_file import VideoFileSource

        source = VideoFileSource(path)
        frames = iter(source)
        rgb = next(frames).rgb
        source.close()
        next(frames, None)  # it releases the file when it notices
    else:
        rgb = read_picture(path)
    return fitted(rgb, size)


def _title(path: Path) -> str:
    return path.stem.replace("-", " ").replace("_", " ").capitalize()

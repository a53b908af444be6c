"""Names and bytes of what the user makes: recordings, snapshots, cut-outs."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from humanseg.errors import SinkError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def free_file(folder: Path, ending: str) -> Path:
    """A name of this moment that is free, in the folder, which is made if it is missing.

    Raises:
        SinkError: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The folder {folder} cannot be made: {error.strerror}."
        raise SinkError(problem, "Choose another folder in the File menu.") from error
    stem = f"humanseg-{dt.datetime.now():%Y%m%d-%H%M%S}"
    names = (f"{stem}{'' if number == 1 else f'-{number}'}{ending}" for number in range(1, 1000))
    return next(folder / name for name in names if not (folder / name).exists())


def encode(picture: "NDArray[np.uint8]") -> bytes:
    """A picture as PNG.

    Args:
        picture: HxWx3 RGB, or HxWx4 with straight alpha.
    """
    import cv2

    code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return bytes(cv2.imencode(".png", cv2.cvtColor(picture, code))[1])

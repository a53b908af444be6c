"""From a look to what stands behind the person: the part of a change that may take time."""

from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING

from humanseg.errors import SettingsError
from humanseg.sources.names import MOVING_ENDINGS
from humanseg_desktop.gallery import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from humanseg.compositing import Background
    from humanseg.compositing.image import ImageBackground
    from humanseg.fitting import Fit
    from humanseg.matting.options import MattingOptions
    from humanseg.pipeline import SupportsComposite
    from humanseg_desktop.settings import Look

BEHIND = frozenset({"background", "blur", "colour", "picture", "fit", "light_wrap", "decontaminate"})
"""The fields of a look that change the compositor; the others change the matte."""

KEPT = 3
"""Pictures that are kept decoded: people go to and fro between a few."""


def hides(look: "Look") -> bool:
    """Whether the look hides the room. A blur of 0 is no blur."""
    return look.background != "none" and not (look.background == "blur" and look.blur == 0)


def compositor_of(look: "Look") -> "SupportsComposite | None":
    """The compositor of a look; None where the background is off.

    Raises:
        SettingsError: the picture is missing, or cannot be read.
    """
    if not hides(look):
        return None
    from humanseg.compositing import Compositor

    return Compositor(_background(look), light_wrap=look.light_wrap, decontaminate=look.decontaminate)


def get_ready(look: "Look", size: tuple[int, int]) -> None:
    """Decode and fit the picture of a look, so that a switch to it finds it there: that is most of what it takes.

    Args:
        look: one without a picture takes nothing; what is wrong with a picture is told when it is chosen.
        size: (width, height) of the frames.
    """
    import numpy as np

    from humanseg.compositing.image import ImageBackground
    from humanseg.frames import Frame, Matte

    try:
        if look.background != "picture" or _picture(look).suffix.lower() in MOVING_ENDINGS:
            return
        background = _background(look)
    except (SettingsError, OSError):
        return
    if isinstance(background, ImageBackground):
        width, height = size
        nothing = np.zeros((height, width), np.float32)
        background.render(Frame(rgb=np.zeros((height, width, 3), np.uint8)), Matte(alpha=nothing))


def words_of(look: "Look") -> str:
    """What stands behind the person, in the words of `humanseg.compositing.parse_background`.

    Raises:
        SettingsError: no picture is chosen.
    """
    if look.background == "blur":
        return f"blur:{look.blur}"
    if look.background == "colour":
        return look.colour
    path = str(_picture(look))
    return path if look.fit == "fill" else f"{look.fit}:{path}"


def options_of(look: "Look") -> "MattingOptions":
    """How the network's alpha becomes the matte of a look."""
    from humanseg.matting.options import MattingOptions

    return MattingOptions(**{field.name: getattr(look, field.name) for field in fields(MattingOptions)})


def _background(look: "Look") -> "Background":
    from humanseg.compositing.backgrounds import ColourBackground
    from humanseg.compositing.blur import BlurBackground
    from humanseg.compositing.image import read_picture

    if look.background == "blur":
        return BlurBackground(look.blur)
    if look.background == "colour":
        red, green, blue = bytes.fromhex(look.colour[1:])
        return ColourBackground((red, green, blue))
    path = _picture(look)
    if path.suffix.lower() in MOVING_ENDINGS:
        from humanseg.compositing.video import VideoBackground  # and with it FFmpeg, only where it is wanted

        return VideoBackground(path, look.fit)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        read_picture(path)  # tells what is wrong
        raise
    return _still(path, changed, look.fit)


@lru_cache(KEPT)
def _still(path: "Path", changed: int, fit: "Fit") -> "ImageBackground":
    """A picture of this time, kept with what it was fitted to: decoding would be most of a switch."""
    from humanseg.compositing.image import ImageBackground, read_picture

    return ImageBackground(read_picture(path), fit)


def _picture(look: "Look") -> "Path":
    if not look.picture:
        raise SettingsError("No picture is chosen.", "Choose one from the gallery, or drop a file on the window.")
    return path_of(look.picture)

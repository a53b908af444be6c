"""What stands behind the person, and the words for it: a colour, a picture, a video, or the blurred room."""

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from humanseg.assets import backgrounds
from humanseg.compositing.blur import BlurBackground
from humanseg.compositing.image import ImageBackground, read_picture
from humanseg.errors import SettingsError
from humanseg.fitting import FITS, Fit
from humanseg.frames import Frame, Matte
from humanseg.sources.names import MOVING_ENDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMS = (
    'It can be "blur", "blur:0.8" (strength 0 to 1), a colour like "#00b140", the path of a picture or video '
    '("fit:beach.jpg" shows all of it, "stretch:beach.jpg" distorts it), or a name of the gallery.'
)
"""Every form that `parse_background` takes, in one sentence."""


class Background(Protocol):
    """Gives each frame what stands behind its person. One thread only."""

    def render(self, frame: Frame, matte: Matte) -> "NDArray[np.uint8]":
        """HxWx3 uint8 RGB at frame size. It may be the same array every time, or the frame's own: only read it."""
        ...


class ColourBackground:
    """One colour all over."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        """Args: colour: (R, G, B), each 0 to 255."""
        self.colour = colour
        self._plane: NDArray[np.uint8] = np.empty((0, 0, 3), np.uint8)

    def render(self, frame: Frame, matte: Matte) -> "NDArray[np.uint8]":
        """See `Background.render`."""
        if self._plane.shape != frame.rgb.shape:
            self._plane = np.full(frame.rgb.shape, self.colour, np.uint8)
            self._plane.flags.writeable = False
        return self._plane


def background_file(text: str) -> Path | None:
    """The picture or video that a text means to `parse_background`, if it means one outside the gallery."""
    word, colon, rest = text.strip().partition(":")
    name = rest if colon and word in FITS else text.strip()
    path = Path(name).expanduser()
    return path if name and name not in backgrounds() and path.is_file() else None


def parse_background(text: str) -> Background:
    """The background that a person asked for in words.

    Args:
        text: "blur", "blur:0.8" (strength 0 to 1), "#00b140" or "#0b4", "gallery:NAME" or NAME alone (one of
            `assets.backgrounds()`), or the path of a picture or video. A picture is cropped to fill the frame: with
            "fit:" before it, all of it is shown, with "stretch:", it is distorted. A word goes before a file of that
            name in the working directory: write `./blur` for the file.

    Raises:
        SettingsError: none of these, or a file that cannot be read; the message says which forms there are.
    """
    text = text.strip()
    word, colon, rest = text.partition(":")
    if word == "blur":
        return BlurBackground(_strength(text, rest)) if colon else BlurBackground()
    if re.fullmatch("#([0-9a-fA-F]{3}){1,2}", text):
        digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
        red, green, blue = bytes.fromhex(digits)
        return ColourBackground((red, green, blue))
    fit: Fit = "fill"
    name = text
    if colon and word in FITS:
        fit, name = word, rest
    gallery = backgrounds()
    if name.startswith("gallery:"):
        name = name.removeprefix("gallery:")
        if name not in gallery:
            raise SettingsError(f"There is no picture {name!r} in the gallery.", _nearest(name, gallery))
    if name in gallery:
        return ImageBackground(read_picture(gallery[name]), fit)
    path = Path(name).expanduser()
    if name and path.exists():
        if path.suffix.lower() in MOVING_ENDINGS:
            from humanseg.compositing.video import VideoBackground  # and with it FFmpeg, only where it is wanted

            return VideoBackground(path, fit)
        return ImageBackground(read_picture(path), fit)
    raise _unknown(text, name, path)


def _unknown(text: str, name: str, path: Path) -> SettingsError:
    word, colon, rest = text.partition(":")
    if text.startswith("#"):
        return SettingsError(f"{text!r} is not a colour.", "Write it with three or six hexadecimal digits: #00b140.")
    if difflib.get_close_matches(word.lower(), ["blur"]):
        return SettingsError(f"There is no background {text!r}.", f"Did you mean {f'blur{colon}{rest}'!r}? {FORMS}")
    if re.fullmatch("([0-9a-fA-F]{3}){1,2}", text):
        return SettingsError(f"There is no background {text!r}.", f"Did you mean '#{text}'? {FORMS}")
    if path.suffix or len(path.parts) > 1:
        return SettingsError(f"There is no picture {name}.", f"Check the path. {FORMS}")
    near = difflib.get_close_matches(name.lower(), backgrounds(), n=1)
    return SettingsError(f"There is no background {text!r}.", f"Did you mean {near[0]!r}? {FORMS}" if near else FORMS)


def _nearest(name: str, gallery: dict[str, Path]) -> str:
    near = difflib.get_close_matches(name.lower(), gallery, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(gallery)}."


def _strength(text: str, strength: str) -> float:
    try:
        value = float(strength)
    except ValueError as error:
        raise SettingsError(f"The blur strength in {text!r} is not a number.", "Write it like blur:0.8.") from error
    if not 0 <= value <= 1:
        raise SettingsError(f"The blur strength in {text!r} is out of range.", "It can be 0 to 1; 0.5 is the default.")
    return value

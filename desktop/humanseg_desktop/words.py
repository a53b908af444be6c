"""The background that the command line names, as a look."""

import re
from dataclasses import replace
from pathlib import Path

from humanseg import assets
from humanseg.errors import SettingsError
from humanseg_desktop.settings import Look

FORMS = 'It can be none, blur, blur:0.8 (strength 0 to 1), a colour like "#00b140", a name of the gallery, or a file.'


def look_of(text: str, look: Look) -> Look:
    """`look` with another background.

    Raises:
        SettingsError: the text means nothing.
    """
    word, colon, strength = text.partition(":")
    if text == "none":
        return replace(look, background="none")
    if word == "blur":
        try:
            return replace(look, background="blur", blur=float(strength) if colon else Look().blur)
        except ValueError as error:
            raise SettingsError(f"{text!r} is no blur.", "Write it like blur:0.8; the strength is 0 to 1.") from error
    if re.fullmatch("#[0-9a-fA-F]{6}", text):
        return replace(look, background="colour", colour=text.lower())
    if text in assets.backgrounds():
        return replace(look, background="picture", picture=text)
    path = Path(text).expanduser()
    if path.is_file():
        return replace(look, background="picture", picture=str(path.resolve()))
    raise SettingsError(f"There is no background {text!r}.", FORMS)

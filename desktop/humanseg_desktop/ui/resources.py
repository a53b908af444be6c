"""Files that the window needs from the packaged assets."""

from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def icon_file() -> Path:
    """The app's icon, an SVG."""
    return Path(str(files("humanseg_assets"))) / "icons" / "humanseg.svg"

"""The files that ship with humanseg, found through `importlib.resources`."""

from importlib.resources import files
from pathlib import Path


def models() -> dict[str, Path]:
    """The packaged model folders by name, in alphabetical order; empty if none was packaged.

    Engines open models by path, so the package must lie on disk, as every installer puts it. Inside a zip that Python
    imports from there are no paths, and no models are found.
    """
    root = Path(str(files("humanseg_assets"))) / "models"
    return {folder.name: folder for folder in sorted(root.glob("*")) if (folder / "model.toml").is_file()}


def backgrounds() -> dict[str, Path]:
    """The pictures of the gallery by name, in alphabetical order: WebP files of 1920x1080, made for this program."""
    root = Path(str(files("humanseg_assets"))) / "backgrounds"
    return {picture.stem: picture for picture in sorted(root.glob("*.webp"))}

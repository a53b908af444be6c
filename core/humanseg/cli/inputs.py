"""The files that a person means by what they typed: a name, a folder, a pattern."""

import glob
from pathlib import Path

from humanseg.errors import SourceError
from humanseg.sources.names import VIDEO_ENDINGS
from humanseg.sources.pictures import is_pictures

DEMO = "demo"
"""The input that is no file: the built-in clip."""


def files_of(text: str, *, recursive: bool) -> list[tuple[Path | None, Path]]:
    """The files that an input means, each with the folder that it has within it; None is the built-in clip.

    Raises:
        SourceError: there are none.
    """
    if text == DEMO:
        return [(None, Path())]
    path = Path(text)
    try:
        if is_pictures(path) and (not path.is_dir() or not _holds_videos(path, recursive=recursive)):
            return [(path, Path())]
        if path.is_dir():
            return _folder_files(path, recursive=recursive)
        if is_pattern(text):
            return _matching(text, recursive=recursive)
        path.stat()
    except FileNotFoundError as error:
        raise SourceError(f"There is no file or folder {text}.", "Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SourceError(f"{text} cannot be read: {getattr(error, 'strerror', error)}.", "Check the path.") from error
    return [(path, Path())]


def _holds_videos(folder: Path, *, recursive: bool) -> bool:
    entries = folder.rglob("*") if recursive else folder.iterdir()
    return any(entry.suffix.lower() in VIDEO_ENDINGS for entry in entries)


def _folder_files(folder: Path, *, recursive: bool) -> list[tuple[Path | None, Path]]:
    entries = folder.rglob("*") if recursive else folder.iterdir()
    videos: list[tuple[Path | None, Path]] = [
        (entry, entry.parent.relative_to(folder))
        for entry in sorted(entries)
        if entry.suffix.lower() in VIDEO_ENDINGS
        and not any(part.startswith(".") for part in entry.relative_to(folder).parts)
        and entry.is_file()
    ]
    if not videos:
        hint = "" if recursive else "Folders in it are not searched: name them too, or add --recursive."
        raise SourceError(f"There is no video in the folder {folder}.", hint or "Check the path.")
    return videos


def _matching(pattern: str, *, recursive: bool) -> list[tuple[Path | None, Path]]:
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=recursive))]  # noqa: PTH207 Path.glob takes no absolute pattern
    videos: list[tuple[Path | None, Path]] = [(entry, Path()) for entry in found if entry.is_file()]
    if not videos:
        raise SourceError(f"No file matches {pattern}.", "Check the pattern; quote it, so that the shell leaves it.")
    return videos


def is_pattern(text: str) -> bool:
    """Whether a text stands for all files whose names fit it."""
    return any(mark in text for mark in "*?[") and not Path(text).exists()

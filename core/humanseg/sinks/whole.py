"""Whole or nothing: where a file gets its name only when it is complete, on a disk that was told so."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from av.error import FFmpegError

from humanseg.errors import SinkError

_serial = itertools.count()


def final_place(path: Path) -> Path:
    """Where the file will be: a link is followed, so that what it points to is replaced and not the link.

    Raises:
        SinkError: there is no such folder, or something there is not a file.
    """
    try:
        final = Path(os.path.realpath(path))
        if not final.parent.is_dir():
            raise SinkError(f"There is no folder {path.parent}.", "Create it first, or choose another.")
        if final.is_dir():
            raise SinkError(f"{path} is a folder.", f"Name a file in it, for instance {path / 'video.mp4'}.")
        if final.exists() and not final.is_file():
            raise SinkError(f"{path} is not a file.", "Choose another name.")
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}.", "Choose another name.") from error
    return final


def hidden_place(final: Path) -> Path:
    """A name beside a file's final one for what is not complete; nobody else's."""
    # Many names are as long as names may be: the hidden one is cut.
    return final.with_name(f".{final.stem[:40]}.partial-{os.getpid()}-{next(_serial)}{final.suffix}")


def publish(partial: Path, final: Path) -> None:
    """Give a complete file its name, and make both outlive a power cut.

    Raises:
        OSError: the disk is full or gone.
    """
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(final)
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut. Windows knows no such thing, and needs none."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what a disk or FFmpeg refuses into a `SinkError` that names the file.

    Raises:
        SinkError: see above.
    """
    try:
        yield
    except (FFmpegError, OSError) as error:
        problem = f"{path} cannot be written: {error.strerror or error}."
        raise SinkError(problem, "Check the free space and your rights in that folder.") from error

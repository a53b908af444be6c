"""A video from standard input: kept in a file while it is worked on, since most containers are not read in one go."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from humanseg.errors import SettingsError, SinkError

STDIN = "-"


@contextmanager
def standard_input(inputs: tuple[str, ...], output: str | None) -> Iterator[tuple[str, ...]]:
    """The inputs with the path of a file in place of "-", while the block runs.

    The file is named by its content: the same input again goes on where it stopped.

    Raises:
        SettingsError: nothing says where to write, or standard input is a terminal or is given twice.
        SinkError: there is no room for the file.
    """
    if STDIN not in inputs:
        yield inputs
        return
    if output is None or inputs.count(STDIN) > 1 or sys.stdin.isatty():
        hint = "Write it like: humanseg-batch - -o out.mp4 --background blur < in.mp4"
        raise SettingsError("Standard input needs one -o, and something that writes to it.", hint)
    folder = Path(tempfile.mkdtemp(prefix="humanseg-"))
    try:
        try:
            kept = _kept(folder)
        except OSError as error:
            problem = f"Standard input cannot be kept in {folder}: {error.strerror}."
            raise SinkError(problem, "Make room there, or set TMPDIR to another place.") from error
        yield tuple(str(kept) if text == STDIN else text for text in inputs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept(folder: Path) -> Path:
    digest = hashlib.sha256()
    path = folder / "standard-input"
    with path.open("wb") as file:
        while block := sys.stdin.buffer.read(1 << 20):
            digest.update(block)
            file.write(block)
    # Part of a file's identity is when it was written: here its content says that.
    moment = int.from_bytes(digest.digest()[:4], "big")
    os.utime(path, (moment, moment))
    return path

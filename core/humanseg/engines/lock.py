"""A lock between processes that the system lets go of when its holder dies."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

LOOK_S = 0.05
"""Seconds between two looks at whether the lock is free."""


@contextmanager
def held(path: Path, cancelled: Event | None = None) -> Iterator[bool]:
    """Hold the lock whose file is `path`; waits while another process, or thread, has it.

    The file stays: to remove it while somebody waits for it would let in two.

    Args:
        path: Made if it is missing.
        cancelled: Ends the waiting when it is set.

    Yields:
        Whether the lock is held; False only after `cancelled`.

    Raises:
        OSError: the file cannot be made.
    """
    pause = cancelled or Event()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        got = _take(handle)
        while not got and not pause.wait(LOOK_S):
            got = _take(handle)
        try:
            yield got
        finally:
            if got:
                _release(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)

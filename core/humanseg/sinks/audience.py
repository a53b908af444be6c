"""Whether somebody watches a virtual camera: another program that has its device open."""

import ctypes
import os
import platform
import struct
from contextlib import suppress
from pathlib import Path

APPEARS_S = 0.2
"""Seconds that a device must be open before somebody watches it: programs that list cameras open each for a moment."""

LEAVES_S = 1.0
"""Seconds that it must be closed before nobody does: programs close and open it when they change their settings."""

SWEEP_S = 10.0
"""Seconds between two looks at all processes while the device tells of no change."""

_IN_OPEN, _IN_CLOSE, _IN_OVERFLOW = 0x20, 0x08 | 0x10, 0x4000
_EVENT = struct.Struct("iIII")


class Audience:
    """Makes up its mind slowly. It has no clock of its own; times are seconds on any one clock."""

    def __init__(self) -> None:
        self.there = False
        """Whether somebody watches."""
        self._since: float | None = None

    def look(self, now: float, is_open: bool) -> bool:
        """Take note of whether the device is open to another program now; whether somebody watches."""
        if is_open == self.there:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= (APPEARS_S if is_open else LEAVES_S):
            self.there, self._since = is_open, None
        return self.there


class Door:
    """A device file that others may have open. One thread only.

    The kernel tells of each opening and closing (inotify), which costs nothing in between. Who has it open is then
    looked up in /proc; a program there that may not be looked into is counted by its openings and closings.
    """

    def __init__(self, path: Path) -> None:
        """Begin to watch over it.

        Raises:
            OSError: there is no such file, or this system tells nothing of it.
        """
        self._path = path
        self._file = os.stat(path)  # noqa: PTH116 compared with what /proc gives
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._events = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._events < 0:
            raise OSError(ctypes.get_errno(), "inotify is not to be had")
        if self._libc.inotify_add_watch(self._events, os.fsencode(path), _IN_OPEN | _IN_CLOSE) < 0:
            error = ctypes.get_errno()
            os.close(self._events)
            raise OSError(error, "inotify does not take the device", str(path))
        self._open = 0
        self._seen = False
        self._swept = float("-inf")

    def is_open(self, now: float) -> bool:
        """Whether another program has it open, at this time (seconds)."""
        if self._take_events() or now - self._swept >= SWEEP_S:
            self._swept = now
            self._seen = is_open_elsewhere(self._path, self._file)
        return self._seen or self._open > 0

    def close(self) -> None:
        """Watch over it no longer."""
        os.close(self._events)

    def _take_events(self) -> bool:
        """Count what was opened and closed since the last time; whether there was anything."""
        data = b""
        with suppress(BlockingIOError):
            while part := os.read(self._events, 4096):
                data += part
        for at in range(0, len(data), _EVENT.size):
            _, mask, _, _ = _EVENT.unpack_from(data, at)  # the file itself is watched: events bear no name
            if mask & _IN_OVERFLOW:
                self._open = 0
            # Never under 0: what was open before this began is closed too.
            self._open = max(0, self._open + bool(mask & _IN_OPEN) - bool(mask & _IN_CLOSE))
        return bool(data)


def door_of(device: str) -> Door | None:
    """The door of a camera's device; None where nobody can tell who has it open, as on Windows and macOS."""
    if platform.system() != "Linux" or not device.startswith("/"):
        return None
    try:
        return Door(Path(device))
    except (OSError, AttributeError):
        return None


def is_open_elsewhere(path: Path, file: os.stat_result) -> bool:
    """Whether a process that may be looked into, and is not this one, has a file open.

    Args:
        path: what links to it are told from others by, before each is looked at closely.
        file: what `os.stat` gives for it.
    """
    name, own = path.resolve().name, os.getpid()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == own:
            continue
        # A process may have ended, or closed it, meanwhile; others may not be looked into.
        with suppress(OSError), os.scandir(process / "fd") as links:
            if any(_leads_to(link.path, name, file) for link in links):
                return True
    return False


def _leads_to(link: str, name: str, file: os.stat_result) -> bool:
    try:
        return os.readlink(link).endswith(name) and os.path.samestat(os.stat(link), file)  # noqa: PTH115, PTH116
    except OSError:
        return False

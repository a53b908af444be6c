"""Plans kept between runs: known by everything they depend on, checked before use, never taken from anywhere else.

A plan is what a library made of a network for one machine: code that it runs. So only files that this class wrote into
its own folder, private to the user, are read; there is no way to hand in another.
"""

import hashlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event

from humanseg.engines.lock import held

logger = logging.getLogger(__name__)

FORMAT = 1
"""The number of the layout of these files; part of every key."""

LIMIT = 1 << 30
"""Bytes that all plans together may take; those used longest ago go first."""

_MAGIC = b"humanseg-plan\n"
_MOST_HEADER = 1 << 16


def user_folder(name: str) -> Path:
    """The folder of this name in the user's cache folder; it need not be there yet."""
    from platformdirs import user_cache_path

    return user_cache_path("humanseg", appauthor=False) / name


class PlanCache:
    """A folder of plans. Any number of processes and threads may use it at once.

    Nothing here raises: without a place to keep plans each start builds them again, and the log says why.
    """

    def __init__(self, folder: Path | None = None, *, limit: int = LIMIT) -> None:
        """Choose the folder; it is made when the first plan is kept.

        Args:
            folder: None is `plans` in the user's cache folder.
            limit: Bytes that all plans together may take.
        """
        self.folder = folder or user_folder("plans")
        self._limit = limit

    @contextmanager
    def held(self, key: Mapping[str, str], cancelled: Event | None = None) -> Iterator[None]:
        """Keep other processes from building the plan of this key meanwhile; waits while one does."""
        try:
            self._make_folder()
            lock: AbstractContextManager[bool] = held(self._path(key).with_suffix(".lock"), cancelled)
            # Entered by hand, so that an OSError of the body is not taken for one of the lock.
            lock.__enter__()
        except OSError as error:
            logger.warning("Plans cannot be kept in %s: %s.", self.folder, error.strerror)
            lock = nullcontext(False)
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    def load(self, key: Mapping[str, str], kind: str = "plan") -> bytes | None:
        """What was kept under this key, or None. A file that is damaged or not ours is removed.

        Args:
            key: Everything that the plan depends on, in words.
            kind: "plan", or "compiled" for what was compiled from it at the first run.
        """
        path = self._path(key, kind)
        try:
            if not self._is_private(self.folder) or not path.exists():
                return None
            data = self._read(path)
            payload = _unpack(data, key)
            os.utime(path)  # the LRU order, also where the file system keeps no times of reading
        except (OSError, ValueError) as error:
            logger.warning("The kept plan %s cannot be used and is built again: %s", path.name, error)
            self.discard(key)
            return None
        return payload

    def store(self, key: Mapping[str, str], payload: bytes, kind: str = "plan") -> None:
        """Keep something: whole, or not at all."""
        path = self._path(key, kind)
        try:
            self._make_folder()
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_pack(key, payload))
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._shrink(path)
        except OSError as error:
            logger.warning(
                "A plan cannot be kept in %s, the next start builds it again: %s.", self.folder, error.strerror
            )

    def discard(self, key: Mapping[str, str]) -> None:
        """Forget what is kept under this key."""
        for kind in ("plan", "compiled"):
            try:
                self._path(key, kind).unlink(missing_ok=True)
            except OSError as error:
                logger.warning("%s cannot be removed: %s.", self._path(key, kind), error.strerror)

    def _path(self, key: Mapping[str, str], kind: str = "plan") -> Path:
        digest = hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()
        return self.folder / f"{digest}.{kind}"

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._is_private(self.folder):
            raise PermissionError(None, "others may write into it, or it is somebody else's")

    def _is_private(self, folder: Path) -> bool:
        if os.name != "posix":
            return True  # a user's own folders are private on Windows, and modes say nothing there
        try:
            status = folder.stat()
        except FileNotFoundError:
            return True
        return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)

    def _read(self, path: Path) -> bytes:
        """The file's bytes, if it is a plain file of the user's own and no link to elsewhere."""
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or (os.name == "posix" and status.st_uid != os.getuid()):
                raise ValueError("it is not a file of this user.")
            return file.read()

    def _shrink(self, newest: Path) -> None:
        files = [(path.stat(), path) for path in self.folder.glob("*.*") if path.suffix in (".plan", ".compiled")]
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda entry: entry[0].st_mtime_ns):
            if total <= self._limit:
                break
            if path != newest:
                path.unlink(missing_ok=True)
                total -= status.st_size


def _pack(key: Mapping[str, str], payload: bytes) -> bytes:
    header = {"key": dict(key), "length": len(payload), "sha256": hashlib.sha256(payload).hexdigest()}
    text = json.dumps(header, sort_keys=True).encode()
    return _MAGIC + len(text).to_bytes(4, "little") + text + payload


def _unpack(data: bytes, key: Mapping[str, str]) -> bytes:
    """The payload.

    Raises:
        ValueError: the file is damaged, or is another key's.
    """
    start = len(_MAGIC) + 4
    size = int.from_bytes(data[len(_MAGIC) : start], "little")
    if data[: len(_MAGIC)] != _MAGIC or size > _MOST_HEADER:
        raise ValueError("it is no plan of ours.")
    header = json.loads(data[start : start + size])
    payload = data[start + size :]
    if not isinstance(header, dict) or header.get("key") != dict(key):
        raise ValueError("it is the plan of something else.")
    if header.get("length") != len(payload) or header.get("sha256") != hashlib.sha256(payload).hexdigest():
        raise ValueError("it is damaged.")
    return payload

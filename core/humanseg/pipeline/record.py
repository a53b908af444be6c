"""Which outputs are finished, and by which job: kept with the user's other state, not beside the outputs."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SAMPLE = 1 << 20


def file_identity(path: Path) -> list[Any]:
    """What tells a file from an edited one: its size, its time of change, and a hash of its first and last MiB.

    Raises:
        OSError: it cannot be read.
    """
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, status.st_size - _SAMPLE))
        digest.update(file.read(_SAMPLE))
    return [status.st_size, status.st_mtime_ns, digest.hexdigest()]


def job_hash(facts: Mapping[str, Any]) -> str:
    """The SHA-256 of everything that makes an output what it is, given as plain values."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


class Record:
    """Knows of one output which job finished it, as long as nobody changed it since."""

    def __init__(self, output: Path) -> None:
        self._output = output

    @property
    def job(self) -> str | None:
        """The hash of the job that wrote the file or folder that is there now; None if nobody knows."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(self._place().read_text("utf-8"))
            if known["state"] == _state(self._output):
                return str(known["job"])
        return None

    def note(self, job: str, written: Path) -> None:
        """Note that `written` is complete and is about to get the output's name.

        A folder that cannot be written to is no reason to fail: the output is then made again another time.
        """
        with contextlib.suppress(OSError):
            place = self._place()
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps({"output": str(self._output), "job": job, "state": _state(written)}), "utf-8")
            partial.replace(place)

    def _place(self) -> Path:
        from platformdirs import user_state_path

        name = hashlib.sha256(os.fsencode(os.path.realpath(self._output))).hexdigest()[:32]
        return user_state_path("humanseg", appauthor=False) / "outputs" / f"{name}.json"


def _state(path: Path) -> list[int]:
    """What changes when somebody else writes there: size and time of change, of a folder those of its entries."""
    entries = [path] if path.is_file() else sorted(path.iterdir())
    states = [entry.stat() for entry in entries]
    return [len(states), sum(state.st_size for state in states), max(state.st_mtime_ns for state in states)]

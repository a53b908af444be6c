"""What is finished of an output that is not: a hidden folder beside it, which a run that was killed leaves behind.

.talk.mp4.3f9a2c71b0de.partial/    named by the output and by the hash of the job: another job never goes on here
    lock                           held while a run works here
    000000.segment ...             finished segments, each whole, on disk, and renamed only then
    000007.writing-4711            the one that was being written: worth nothing
    end                            how many frames there are, once the last one was written
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from humanseg.errors import SinkError
from humanseg.sinks.whole import sync_folder

_SUFFIX = ".partial"


class Journal:
    """The finished segments of one output."""

    def __init__(self, output: Path, job: str) -> None:
        """Args: output: The final place. job: The hash of everything that makes the output what it is."""
        self._output = output
        self.folder = output.with_name(f".{output.name[:80]}.{job[:12]}{_SUFFIX}")

    @property
    def finished(self) -> int:
        """How many segments are finished, counted from the first one without a gap."""
        count = 0
        while self.segment(count).exists():
            count += 1
        return count

    @property
    def frames(self) -> int | None:
        """How many frames there are in all; None until the last one was written."""
        try:
            return int((self.folder / "end").read_text("ascii"))
        except (OSError, ValueError):
            return None

    def missing(self, count: int) -> list[int]:
        """The numbers of the segments, of the first `count`, that are not finished."""
        return [number for number in range(count) if not self.segment(number).exists()]

    def segment(self, number: int) -> Path:
        """The place of a finished segment."""
        return self.folder / f"{number:06d}.segment"

    def note_end(self, frames: int) -> None:
        """Note that all is written.

        Raises:
            OSError: the disk is full or gone.
        """
        partial = self.folder / "end.writing"
        with partial.open("w", encoding="ascii") as file:
            file.write(str(frames))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / "end")
        sync_folder(self.folder)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder and keep other runs out of it while the block runs.

        A folder in which no segment was finished does not outlive the block.

        Raises:
            SinkError: another run is at work there, or the folder cannot be made.
        """
        try:
            self.folder.mkdir(exist_ok=True)
            lock = (self.folder / "lock").open("w", encoding="ascii")
        except OSError as error:
            problem = f"{self._output} cannot be written: {error.strerror}."
            raise SinkError(problem, "Check the free space and your rights in that folder.") from error
        with lock:
            if not _lock(lock.fileno()):
                raise SinkError(f"{self._output} is being written by another run.", "Wait for it, or stop it.")
            try:
                yield
            finally:
                if not self.finished:
                    self.discard()

    def discard(self) -> None:
        """Remove everything, and what other jobs left of the same output."""
        for folder in (self.folder, *self.leftovers()):
            shutil.rmtree(folder, ignore_errors=True)

    def leftovers(self) -> list[Path]:
        """What jobs with other settings left of the same output."""
        beginning = f".{self._output.name[:80]}."
        with contextlib.suppress(OSError):
            return [
                entry
                for entry in self._output.parent.iterdir()
                if entry.name.startswith(beginning)
                and entry.suffix == _SUFFIX
                and len(entry.name) == len(self.folder.name)
                and entry != self.folder
            ]
        return []


def _lock(file: int) -> bool:
    """Take the lock; it goes with the process, however that ends. Windows has no such call, and keeps nobody out."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

"""One output of a job: where it goes, how it is coded, and what a former run left of it."""

from pathlib import Path
from typing import Any

from humanseg.errors import SinkError
from humanseg.frames import StreamInfo
from humanseg.pipeline.job import Output
from humanseg.pipeline.record import Record, job_hash
from humanseg.sinks.destination import Destination, PicturesDestination, VideoDestination
from humanseg.sinks.journal import Journal
from humanseg.sinks.pictures import is_sequence


class Target:
    """One output of a job."""

    def __init__(self, output: Output, info: StreamInfo, facts: dict[str, Any]) -> None:
        """Find out where it goes, how it is coded, and what a former run left of it.

        Args:
            output: What is asked for.
            info: The stream.
            facts: Everything else that makes the output what it is.

        Raises:
            SinkError: no such output can be written.
        """
        self.look = output.look
        alpha, grey = output.look == "transparent", output.look == "alpha"
        self.destination: Destination
        self.notes: list[str] = []
        if is_sequence(output.path):
            self.destination = PicturesDestination(output.path, alpha=alpha, grey=grey)
        else:
            self.destination = video = VideoDestination(
                output.path,
                info,
                alpha=alpha,
                grey=grey,
                codec=output.codec,
                quality=output.quality,
                hardware=output.hardware,
            )
            if video.lacks_hardware:
                self.notes.append("no encoder of a graphics card works here: encoded on the CPU")
        self.hash = job_hash({**facts, "look": output.look, "coding": self.destination.coding})
        self.journal = Journal(self.destination.place, self.hash)
        self._record = Record(self.destination.place)

    @property
    def is_done(self) -> bool:
        """Whether the output is there, made by this very job."""
        return self._record.job == self.hash

    def refuse_existing(self) -> None:
        """Make sure that nothing is in the way.

        Raises:
            SinkError: something is.
        """
        place = self.destination.place
        if place.exists() and (place.is_file() or any(place.iterdir())):
            raise SinkError(
                f"{place} is there already, made with other settings.", "Add --overwrite, or choose another."
            )

    def note(self, written: Path) -> None:
        """Note that this job's output is complete and is about to get its name."""
        self._record.note(self.hash, written)

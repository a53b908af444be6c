"""Where the segments of an output go, and how they become the output: a video, or a folder of pictures."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from humanseg.errors import SinkError
from humanseg.frames import PlaneWeights, StreamInfo
from humanseg.sinks import exr
from humanseg.sinks.coding import Coding, codec_for, coding_for, require_encoder
from humanseg.sinks.colour import plane_weights
from humanseg.sinks.container import format_of
from humanseg.sinks.copies import StreamCopies
from humanseg.sinks.join import join
from humanseg.sinks.journal import Journal
from humanseg.sinks.pictures import PictureSegment, Sequence, depth_of, encoder_for, is_sequence, sequence_of
from humanseg.sinks.segmented import SegmentWriter
from humanseg.sinks.spool import PacketSegment
from humanseg.sinks.whole import final_place, sync_folder


def check_name(path: Path, *, alpha: bool, codec: str | None) -> None:
    """Make sure that a name says what can be written, as far as that can be told before anything is opened.

    Args:
        path: The name of a video, or of pictures.
        alpha: Whether frames are cut-outs.
        codec: As for `VideoDestination`; pictures have none.

    Raises:
        SinkError: it does not.
    """
    if is_sequence(path):
        sequence_of(path)
    else:
        codec_for(format_of(path), codec, alpha=alpha)


class Destination(Protocol):
    """One output of one job."""

    place: Path
    """What will be there: a file, or a folder of pictures."""
    coding: str
    """Everything that says how it is coded, for the hash of the job."""

    def plane_weights(self, info: StreamInfo) -> PlaneWeights | None:
        """How the planes of a `PlanarFrame` must be made for it; None where it takes RGB only."""
        ...

    def check(self, copies: StreamCopies) -> None:
        """Make sure that it can hold what else shall go in.

        Raises:
            SinkError: it cannot.
        """
        ...

    def begin(self, journal: Journal, number: int, info: StreamInfo) -> SegmentWriter:
        """Begin a segment."""
        ...

    def publish(
        self,
        journal: Journal,
        info: StreamInfo,
        copies: Callable[[], StreamCopies] | None,
        before: Callable[[Path], None],
    ) -> list[str]:
        """Make the output of all segments.

        Args:
            journal: Where the segments are.
            info: The stream.
            copies: Opens what else goes in.
            before: Called with what is complete, just before it gets its name.

        Returns:
            What could not be kept, in words.

        Raises:
            SinkError: it cannot be written.
            OSError: the same.
        """
        ...


class VideoDestination:
    """A video file."""

    def __init__(
        self, path: Path, info: StreamInfo, *, alpha: bool, grey: bool, codec: str | None, quality: int, hardware: bool
    ) -> None:
        """Choose the coding; see `coding_for`.

        Raises:
            SinkError: the ending is unknown, or such a file cannot hold such a stream.
        """
        self._form = format_of(path)
        if self._form.ending in (".webm", ".webp", ".gif") and info.pixel_aspect != 1:
            problem = f"A {self._form.ending} file cannot keep pixels that are not square: {path}."
            raise SinkError(problem, "Choose a name that ends in .mp4, .mov or .mkv.")
        self.place = final_place(path)
        self._coding: Coding = coding_for(
            self._form, info, codec=codec, alpha=alpha, grey=grey, quality=quality, hardware=hardware
        )
        self.coding = repr(self._coding)
        self.lacks_hardware = hardware and self._coding.encoder.startswith("lib")

    def plane_weights(self, info: StreamInfo) -> PlaneWeights | None:
        """See `Destination.plane_weights`."""
        return plane_weights(self._coding.colour_of(info), (info.width, info.height), self._coding.pixel_format)

    def check(self, copies: StreamCopies) -> None:
        """See `Destination.check`; an animation goes without."""
        if not self._form.animated:
            copies.check(self._form)

    def begin(self, journal: Journal, number: int, info: StreamInfo) -> SegmentWriter:
        """See `Destination.begin`."""
        return PacketSegment(journal.segment(number), self._coding, info)

    def publish(
        self,
        journal: Journal,
        info: StreamInfo,
        copies: Callable[[], StreamCopies] | None,
        before: Callable[[Path], None],
    ) -> list[str]:
        """See `Destination.publish`."""
        segments = [journal.segment(number) for number in range(journal.finished)]
        copied = copies() if copies and not self._form.animated else None
        partial = join(segments, self.place, self._form, info, self._coding, copied)
        try:
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            before(partial)
            partial.replace(self.place)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(self.place.parent)
        return copied.left_out if copied else []


class PicturesDestination:
    """A folder of numbered pictures. It must not be there yet, unless it may be replaced."""

    def __init__(self, path: Path, *, alpha: bool, grey: bool) -> None:
        """Choose the names.

        Args:
            path: A name like `frames/%05d.png`.
            alpha: Whether frames are cut-outs.
            grey: Whether they are grey pictures.

        Raises:
            SinkError: the name asks for no pictures that can be written.
        """
        self._sequence: Sequence = sequence_of(path)
        if path.suffix.lower() == ".exr":
            require_encoder(exr.ENCODER)
        self.place = Path(os.path.realpath(self._sequence.folder))
        if self.place.exists() and not self.place.is_dir():
            raise SinkError(f"{self.place} is not a folder.", "Choose another name.")
        if not self.place.parent.is_dir():
            raise SinkError(f"There is no folder {self.place.parent}.", "Create it first, or choose another.")
        self._alpha = alpha
        self.coding = repr((self._sequence.name, depth_of(self._sequence, alpha=alpha, grey=grey)))

    def plane_weights(self, info: StreamInfo) -> None:
        """See `Destination.plane_weights`."""

    def check(self, copies: StreamCopies) -> None:
        """See `Destination.check`; pictures go without."""

    def begin(self, journal: Journal, number: int, info: StreamInfo) -> SegmentWriter:
        """See `Destination.begin`."""
        encode = encoder_for(self._sequence, (info.width, info.height), alpha=self._alpha)
        return PictureSegment(journal.folder / "pictures", journal.segment(number), self._sequence, encode)

    def publish(
        self,
        journal: Journal,
        info: StreamInfo,
        copies: Callable[[], StreamCopies] | None,
        before: Callable[[Path], None],
    ) -> list[str]:
        """See `Destination.publish`."""
        made = journal.folder / "pictures"
        before(made)
        if self.place.exists():
            # Two renames: for a moment there is neither, but never a mixture.
            old = journal.folder / "replaced"
            self.place.rename(old)
            made.rename(self.place)
            shutil.rmtree(old, ignore_errors=True)
        else:
            made.rename(self.place)
        sync_folder(self.place.parent)
        return []

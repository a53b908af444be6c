"""Copying what goes with the picture from another file as it is: sound, subtitles, chapters and tags."""

import math
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream

from humanseg.errors import SinkError
from humanseg.sinks.container import FORMATS, Format, holds

if TYPE_CHECKING:
    from av.packet import Packet

_KEPT_TAGS = ("language", "title", "handler_name")

_FILE_TAGS = ("title", "artist", "album", "album_artist", "comment", "date", "genre", "copyright", "description")
"""What people wrote; not what a muxer says of itself and of the file that it made."""


class StreamCopies:
    """Reads the streams that go with the picture packet by packet, at its pace. One packet is held at most."""

    def __init__(
        self,
        path: Path,
        *,
        sound: bool = True,
        others: bool = True,
        start: Fraction = Fraction(0),
        end: Fraction | None = None,
    ) -> None:
        """Open the file; one with nothing but a picture is as good as any.

        Args:
            path: The file.
            sound: Whether its sound is wanted.
            others: Whether its subtitles, chapters and tags are wanted; what the output cannot hold is left out.
            start: Seconds at which the picture begins; from here on packets are copied, and times count from here.
            end: Seconds at which the picture ends, None for all there is.

        Raises:
            SinkError: it cannot be read.
        """
        self._path = path
        self._start, self._end = start, end
        self._with_others = others
        try:
            self._container = av.open(str(path.absolute()), "r", metadata_errors="replace")
        except (FFmpegError, OSError) as error:
            raise self._unreadable(error) from error
        self._sounds: tuple[Stream, ...] = tuple(self._container.streams.audio) if sound else ()
        self._copies: dict[int, Stream] = {}
        self._packets = self._read()
        self._next: Packet[Any] | None = None
        self.left_out: list[str] = []
        """What the output cannot hold, in words."""

    @property
    def clock(self) -> int:
        """Ticks per second that express every sound time exactly."""
        rates = [stream.rate for stream in self._sounds if isinstance(stream, AudioStream) and stream.codec_context]
        return math.lcm(*(rate for rate in rates if rate))

    def check(self, form: Format) -> None:
        """Make sure that a container can hold the sound, before there is anything to put it in.

        Raises:
            SinkError: it cannot.
        """
        if self._sounds and not holds(form, self._sounds):
            raise self._unfit(form)

    def attach(self, output: OutputContainer, form: Format) -> None:
        """Add the streams to the output in order, with their languages and titles; and the chapters and tags.

        Raises:
            SinkError: this kind of container cannot hold that sound.
        """
        self.check(form)
        for stream in (*self._sounds, *self._subtitles(form)):
            copy = output.add_stream_from_template(stream, opaque=True)
            copy.metadata.update({tag: stream.metadata[tag] for tag in _KEPT_TAGS if tag in stream.metadata})
            copy.disposition = stream.disposition
            self._copies[stream.index] = copy
        if self._with_others:
            tags = self._container.metadata
            output.metadata.update({tag: tags[tag] for tag in _FILE_TAGS if tag in tags})
            chapters = [moved for chapter in self._container.chapters() if (moved := self._moved_chapter(chapter))]
            if chapters:
                output.set_chapters(chapters)
        self._next = next(self._packets, None)

    def until(self, time: Fraction | None) -> Iterator["Packet[Any]"]:
        """The packets up to a time in seconds of the output, or all that are left, ready to be written.

        Raises:
            SinkError: the file cannot be read further.
        """
        while self._next is not None and (time is None or self._next.dts * self._next.time_base <= time):  # type: ignore[operator]
            packet = self._next
            packet.stream = self._copies[packet.stream_index]
            yield packet
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Release the file."""
        self._packets.close()
        self._container.close()

    def _subtitles(self, form: Format) -> Sequence[Stream]:
        if not self._with_others:
            return ()
        fitting = []
        for number, stream in enumerate(self._container.streams.subtitles, start=1):
            if holds(form, [stream]):
                fitting.append(stream)
            else:
                name = stream.codec_context.name if stream.codec_context else "unknown"
                self.left_out.append(f"subtitles {number} ({name})")
        return fitting

    def _moved_chapter(self, chapter: Any) -> Any:
        """A chapter on the output's clock, or None if nothing of it is left."""
        unit = Fraction(chapter["time_base"].numerator, chapter["time_base"].denominator)
        first, last = chapter["start"] * unit, chapter["end"] * unit
        if last <= self._start or (self._end is not None and first >= self._end):
            return None
        last = last if self._end is None else min(last, self._end)
        return chapter | {
            "start": math.floor((max(first, self._start) - self._start) / unit),
            "end": math.ceil((last - self._start) / unit),
        }

    def _read(self) -> "Generator[Packet[Any], None, None]":
        if not self._copies:
            return
        kinds = {"audio"} if not self._with_others else {"audio", "subtitle"}
        streams = [stream for stream in self._container.streams if stream.type in kinds]
        try:
            for packet in self._container.demux(streams):
                if packet.size == 0 or packet.stream_index not in self._copies:
                    continue
                if packet.dts is None:
                    packet.dts = packet.pts
                if packet.is_corrupt or packet.dts is None:
                    raise self._unreadable(None)
                time_base = Fraction(packet.time_base.numerator, packet.time_base.denominator)
                time = packet.dts * time_base
                # Without trimming, what lies before 0 belongs to the sound: an encoder's run-in.
                if self._start and time < self._start:
                    continue
                if self._end is not None and time >= self._end:
                    continue
                offset = round(self._start / time_base)
                packet.dts -= offset
                packet.pts = packet.dts if packet.pts is None else packet.pts - offset
                yield packet
        except FFmpegError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: BaseException | None) -> SinkError:
        words = getattr(error, "strerror", None) or (str(error) if error else "it is damaged")
        return SinkError(f"The sound of {self._path} cannot be read: {words}.", "Check that file, or go without sound.")

    def _unfit(self, form: Format) -> SinkError:
        kinds = " and ".join(each.codec_context.name if each.codec_context else "unknown" for each in self._sounds)
        endings = [ending for ending, other in FORMATS.items() if other != form and holds(other, self._sounds)]
        without = "without sound: --sound none."
        hint = f"Choose a name that ends in {' or '.join(endings)}, or go {without}" if endings else f"Go {without}"
        return SinkError(f"A {form.ending} file cannot hold the sound of {self._path} ({kinds}).", hint)

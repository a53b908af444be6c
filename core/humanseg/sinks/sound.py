"""Copying the sound of another file as it is: the same packets at the same times."""

import math
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.container import OutputContainer
from av.error import FFmpegError

from humanseg.errors import SinkError
from humanseg.sinks.container import FORMATS, Format, holds

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet

_KEPT_TAGS = ("language", "title")


class SoundCopy:
    """Reads the sound streams of a file packet by packet, at the pace of the picture. One packet is held at most."""

    def __init__(self, path: Path) -> None:
        """Open the file; one without sound is as good as any.

        Raises:
            SinkError: it cannot be read.
        """
        self._path = path
        try:
            self._container = av.open(str(path.absolute()), "r", metadata_errors="replace")
        except (FFmpegError, OSError) as error:
            raise self._unreadable(error) from error
        self._streams: tuple[AudioStream, ...] = tuple(self._container.streams.audio)
        self._copies: dict[int, AudioStream] = {}
        self._packets = self._read()
        self._next: Packet[Any] | None = None

    @property
    def clock(self) -> int:
        """Ticks per second that express every sound time exactly."""
        return math.lcm(*(stream.rate for stream in self._streams if stream.codec_context and stream.rate))

    def attach(self, output: OutputContainer, form: Format) -> None:
        """Add a stream to the output for each stream of sound, in order, with its language and title.

        Raises:
            SinkError: this kind of container cannot hold that sound.
        """
        if self._streams and not holds(form, self._streams):
            raise self._unfit(form)
        for stream in self._streams:
            copy = output.add_stream_from_template(stream, opaque=True)
            copy.metadata.update({tag: stream.metadata[tag] for tag in _KEPT_TAGS if tag in stream.metadata})
            copy.disposition = stream.disposition
            self._copies[stream.index] = copy
        self._next = next(self._packets, None)

    def until(self, time: Fraction | None) -> Iterator["Packet[Any]"]:
        """The packets up to a time in seconds, or all that are left, ready to be written.

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

    def _read(self) -> "Generator[Packet[Any], None, None]":
        if not self._streams:
            return
        try:
            for packet in self._container.demux(self._streams):
                if packet.size == 0:
                    continue
                if packet.dts is None:
                    packet.dts = packet.pts
                if packet.is_corrupt or packet.dts is None:
                    raise self._unreadable(None)
                yield packet
        except FFmpegError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: BaseException | None) -> SinkError:
        words = getattr(error, "strerror", None) or (str(error) if error else "it is damaged")
        return SinkError(f"The sound of {self._path} cannot be read: {words}.", "Check that file, or go without sound.")

    def _unfit(self, form: Format) -> SinkError:
        kinds = " and ".join(each.codec_context.name if each.codec_context else "unknown" for each in self._streams)
        endings = [ending for ending, other in FORMATS.items() if other != form and holds(other, self._streams)]
        hint = f"Choose a name that ends in {' or '.join(endings)}." if endings else "Go without sound."
        return SinkError(f"A {form.ending} file cannot hold the sound of {self._path} ({kinds}).", hint)

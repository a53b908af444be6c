"""Writing a container: one stream of pictures, and copies of what goes with them."""

import contextlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from humanseg.errors import SinkError
from humanseg.frames import StreamInfo
from humanseg.sinks.coder import Coder, clock
from humanseg.sinks.coding import Coding
from humanseg.sinks.container import Format
from humanseg.sinks.copies import StreamCopies

if TYPE_CHECKING:
    from av.packet import Packet

_LARGEST_CLOCK = 2**31 - 1

# A piece a second (microseconds here, milliseconds there), and on to the disk at once: that much is lost at most.
_FRAGMENTS = {"movflags": "hybrid_fragmented", "frag_duration": "1000000", "flush_packets": "1"}
_CLUSTERS = {"cluster_time_limit": "1000", "flush_packets": "1"}


class Muxing:
    """A file that is being written: the part that holds FFmpeg's memory."""

    def __init__(
        self,
        path: Path,
        form: Format,
        info: StreamInfo,
        coding: Coding,
        copies: StreamCopies | None = None,
        *,
        in_pieces: bool = False,
    ) -> None:
        """Open the encoder and write the header.

        Args:
            path: The file, overwritten.
            form: The container.
            info: The stream.
            coding: How the pictures are coded, or were coded.
            copies: What else goes in; closed with the file.
            in_pieces: Write so that the file plays as far as it got, however writing ends; `finish` makes an ordinary
                one of it. The header comes with the first packet.

        Raises:
            SinkError: the container cannot hold the stream or the sound.
            FFmpegError: the file cannot be written.
        """
        self._copies = copies
        self._time_base = clock(info)
        options = _options(form, self._time_base.denominator, copies) | _pieces(form, in_pieces)
        self._container = av.open(str(path), "w", format=form.muxer, container_options=options)
        try:
            self._stream = self._add_stream(form, info, coding)
            self.coder = Coder(coding, info, self._stream.codec_context)
            """The encoder whose header the file has."""
            if copies:
                copies.attach(self._container, form)
            # In pieces, the first packet does it: FFmpeg crashes on the trailer of such an MP4 with nothing in it.
            if not in_pieces:
                self._container.start_encoding()
        except BaseException:
            self.drop()
            raise

    def write(self, packets: Iterable["Packet[Any]"]) -> None:
        """Write packets of the picture, and the copies up to their time.

        Raises:
            SinkError: what is copied cannot be read.
            FFmpegError: they cannot be written.
        """
        for packet in packets:
            packet.stream = self._stream
            packet.time_base = self._time_base
            time = cast("int", packet.pts) * self._time_base
            self._container.mux(packet)
            if self._copies:
                self._container.mux(list(self._copies.until(time)))

    def finish(self) -> None:
        """Write the rest of the copies, and the index.

        Raises:
            SinkError: what is copied cannot be read.
            FFmpegError: it cannot be written.
        """
        if self._copies:
            for packet in self._copies.until(None):
                self._container.mux(packet)
            self._copies.close()
        self._container.close()

    def drop(self) -> None:
        """Release everything; what was written is of no use. May be called twice, and after `finish`."""
        if self._copies:
            self._copies.close()
        # Closing writes the index, which fails where the disk is full.
        with contextlib.suppress(FFmpegError):
            self._container.close()

    def _add_stream(self, form: Format, info: StreamInfo, coding: Coding) -> VideoStream:
        try:
            added = self._container.add_stream(coding.encoder, rate=info.rate.limit_denominator(1_000_000))
        except ValueError as error:
            problem = f"A {form.ending} file cannot hold video as {coding.codec}: {error}."
            raise SinkError(problem, "Choose another ending or codec.") from error
        stream = cast("VideoStream", added)
        if coding.codec == "hevc" and form.exact:
            stream.codec_context.codec_tag = "hvc1"  # the one of two names that Apple's players know
        return stream


def _pieces(form: Format, in_pieces: bool) -> dict[str, str]:
    if not in_pieces:
        return {}
    return _FRAGMENTS if form.exact else _CLUSTERS


def _options(form: Format, ticks: int, copies: StreamCopies | None) -> dict[str, str]:
    if not form.exact:
        # The default would delay picture and sound where sound begins before 0, as AAC's first packet does.
        return {"avoid_negative_ts": "disabled"}
    # The offset of a stream's beginning is counted in the movie's ticks: they must suit every stream.
    movie = math.lcm(ticks, copies.clock) if copies else ticks
    return {"movie_timescale": str(movie if movie <= _LARGEST_CLOCK else ticks)}

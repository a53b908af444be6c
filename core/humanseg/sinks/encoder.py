"""Encoding frames into a container: the part that holds FFmpeg's memory."""

import contextlib
import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from humanseg.errors import SinkError
from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.colour import FromRgb
from humanseg.sinks.container import Format
from humanseg.sinks.sound import SoundCopy

if TYPE_CHECKING:
    from av.packet import Packet

_LARGEST_CLOCK = 2**31 - 1


class Encoder:
    """Writes one video stream, and copies of the sound, to a file.

    Presentation times are the frames' own. There are no B-frames: then decoding and presentation go in the same order
    and every length is exact, whether or not a player reads edit lists.
    """

    def __init__(self, path: Path, form: Format, info: StreamInfo, quality: int, sound: SoundCopy | None) -> None:
        """Open the encoder and write the header.

        Args:
            path: the file, overwritten.
            form: container and codec.
            info: the stream.
            quality: x264's CRF, 0 (lossless) to 51; VP9 gets the same part of its own scale of 63.
            sound: what to copy; closed with the encoder.

        Raises:
            SinkError: the container cannot hold the stream or the sound, or the encoder is missing.
            FFmpegError: the file cannot be written.
        """
        self._info = info
        # A tick that divides every frame time, if the container and the encoder can count in it.
        ticks = min(info.time_base.denominator, 1_000_000_000)
        self._time_base = Fraction(1, ticks)
        self._sound = sound
        self._last_pts: int | None = None
        self._durations: dict[int, int] = {}
        self.frames = 0
        """How many frames were written."""
        self._container = av.open(str(path), "w", format=form.muxer, container_options=_options(form, ticks, sound))
        try:
            self._stream = self._add_stream(form, quality)
            if sound:
                sound.attach(self._container, form)
            self._container.start_encoding()
        except BaseException:
            self.drop()
            raise

    def write(self, frame: Frame) -> None:
        """Encode one frame, and copy the sound up to its time.

        Raises:
            SinkError: the frame is not later than the one before, or the sound cannot be read.
            FFmpegError: it cannot be written.
            ValueError: the frame has another size than the stream.
        """
        if frame.size != (self._info.width, self._info.height):
            raise ValueError(f"a frame of {frame.size} in a stream of {(self._info.width, self._info.height)}")
        pts = round(frame.time / self._time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            problem = f"Frame {frame.index} is shown at {float(frame.time):.6f} s, not later than the one before it."
            raise SinkError(problem, "The times of the source are damaged: convert it first, at a constant rate.")
        picture = self._from_rgb(frame.rgb)
        picture.pts, picture.time_base = pts, self._time_base
        duration = frame.duration or 1 / self._info.rate
        self._durations[pts] = max(1, round(duration / self._time_base))
        self._last_pts = pts
        self._mux(self._stream.encode(picture))
        if self._sound:
            self._container.mux(list(self._sound.until(frame.time)))
        self.frames += 1

    def finish(self) -> None:
        """Write what the encoder still holds, the rest of the sound, and the index.

        Raises:
            SinkError: the sound cannot be read.
            FFmpegError: it cannot be written.
        """
        self._mux(self._stream.encode(None))
        if self._sound:
            for packet in self._sound.until(None):
                self._container.mux(packet)
            self._sound.close()
        self._container.close()

    def drop(self) -> None:
        """Release everything; what was written is of no use. May be called twice, and after `finish`."""
        if self._sound:
            self._sound.close()
        # Closing writes the index, which fails where the disk is full.
        with contextlib.suppress(FFmpegError):
            self._container.close()

    def _add_stream(self, form: Format, quality: int) -> VideoStream:
        width, height = self._info.width, self._info.height
        try:
            added = self._container.add_stream(form.codec, rate=self._info.rate.limit_denominator(1_000_000))
        except ValueError as error:
            hint = "Install PyAV from PyPI: its wheels have the encoder."
            raise SinkError(f"This PyAV has no encoder {form.codec}.", hint) from error
        stream = cast("VideoStream", added)
        encoder = stream.codec_context
        encoder.width, encoder.height = width, height
        encoder.time_base = self._time_base
        encoder.sample_aspect_ratio = self._info.pixel_aspect
        # Frame threads: PyAV's default, slices, costs compression.
        encoder.thread_type = "AUTO"
        # H.264 cannot crop 4:2:0 to an odd size; 4:4:4 keeps every pixel and needs no cropping. VP9 takes any size.
        is_odd = form.codec == "libx264" and (width % 2 or height % 2)
        self._from_rgb = FromRgb(self._info.colour, (width, height), "yuv444p" if is_odd else "yuv420p")
        self._from_rgb.tag(encoder)
        stream.options.update(_quality(form.codec, quality))
        return stream

    def _mux(self, packets: Iterable["Packet[Any]"]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(cast("int", packet.pts), 1)
            self._container.mux(packet)


def _quality(codec: str, quality: int) -> dict[str, object]:
    if codec == "libx264":
        return {"preset": "veryfast", "crf": str(quality), "bf": "0"}
    return {"deadline": "good", "cpu-used": "4", "row-mt": "1", "crf": str(round(quality * 63 / 51)), "b": "0"}


def _options(form: Format, ticks: int, sound: SoundCopy | None) -> dict[str, str]:
    if not form.exact:
        # The default would delay picture and sound where sound begins before 0, as AAC's first packet does.
        return {"avoid_negative_ts": "disabled"}
    # The offset of a stream's beginning is counted in the movie's ticks: they must suit every stream.
    movie = math.lcm(ticks, sound.clock) if sound else ticks
    return {"movie_timescale": str(movie if movie <= _LARGEST_CLOCK else ticks)}

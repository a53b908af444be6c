"""Pictures in, packets out: one encoder, without a container."""

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from av.video.codeccontext import VideoCodecContext

from humanseg.errors import SinkError
from humanseg.frames import Frame, PlanarFrame, StreamInfo
from humanseg.sinks.coding import Coding
from humanseg.sinks.colour import FromRgb
from humanseg.sinks.grey import FromGrey
from humanseg.sinks.palette import PALETTE, ToPalette

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame


def clock(info: StreamInfo) -> Fraction:
    """A tick that divides every frame time of a stream, if containers and encoders can count in it."""
    return Fraction(1, min(info.time_base.denominator, 1_000_000_000))


class Coder:
    """Encodes the frames of one stream at their own times."""

    def __init__(self, coding: Coding, info: StreamInfo, encoder: VideoCodecContext | None = None) -> None:
        """Prepare an encoder.

        Args:
            coding: How.
            info: The stream.
            encoder: The encoder of a container's stream, None for one that stands alone.
        """
        self._coding = coding
        self._info = info
        self._time_base = clock(info)
        self._last_pts: int | None = None
        self._durations: dict[int, int] = {}
        own = encoder or VideoCodecContext.create(coding.encoder, "w")
        self._encoder = cast("VideoCodecContext", own)
        self._encoder.time_base = self._time_base
        coding.set_up(self._encoder, info)
        size = (info.width, info.height)
        convert: FromRgb | FromGrey | ToPalette
        if coding.pixel_format == PALETTE:
            convert = ToPalette(size)
        elif coding.grey:
            convert = FromGrey(coding.colour_of(info), size, coding.pixel_format)
        else:
            convert = FromRgb(coding.colour_of(info), size, coding.pixel_format)
        convert.tag(self._encoder)
        self._convert = convert
        self._of_planes = convert.of_planes if isinstance(convert, FromRgb) else None

    def encode(self, frame: Frame) -> list["Packet[Any]"]:
        """The packets that one frame gives; they may come later.

        Raises:
            SinkError: the frame is not later than the one before.
            FFmpegError: the encoder failed.
            ValueError: the frame has another size than the stream, is no cut-out or not grey where that is wanted, or
                comes in planes where RGB is.
        """
        if frame.size != (self._info.width, self._info.height):
            raise ValueError(f"a frame of {frame.size} in a stream of {(self._info.width, self._info.height)}")
        if self._coding.alpha != (frame.alpha is not None):
            raise ValueError("cut-outs and opaque frames do not go into the same stream")
        pts = round(frame.time / self._time_base)
        if self._last_pts is not None and pts <= self._last_pts:
            problem = f"Frame {frame.index} is shown at {float(frame.time):.6f} s, not later than the one before it."
            raise SinkError(problem, "The times of the source are damaged: convert it first, at a constant rate.")
        picture = self._picture(frame)
        picture.pts, picture.time_base = pts, self._time_base
        duration = frame.duration or 1 / self._info.rate
        self._durations[pts] = max(1, round(duration / self._time_base))
        self._last_pts = pts
        return self._timed(self._encoder.encode(picture))

    def finish(self) -> list["Packet[Any]"]:
        """The packets that the encoder still holds.

        Raises:
            FFmpegError: the encoder failed.
        """
        return self._timed(self._encoder.encode(None))

    def _picture(self, frame: Frame) -> "VideoFrame":
        if isinstance(frame, PlanarFrame):
            if self._of_planes is None:
                raise ValueError("planes do not go into a stream of grey or of few colours")
            return self._of_planes(frame.planes)
        if not isinstance(self._convert, FromGrey):
            return self._convert(frame.rgb, frame.alpha)
        if frame.grey is None:
            raise ValueError("a frame that is not grey does not go into a stream of grey")
        return self._convert(frame.grey)

    def _timed(self, packets: Iterable["Packet[Any]"]) -> list["Packet[Any]"]:
        timed = list(packets)
        for packet in timed:
            packet.duration = self._durations.pop(cast("int", packet.pts), 1)
        return timed

"""What can be played forwards from any place and rewound: a video file, or the demo."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from humanseg.errors import SourceError
from humanseg.frames import Colour
from humanseg.sources.decoder import Decoder
from humanseg.sources.demo import DemoSource
from humanseg.sources.upright import Upright

if TYPE_CHECKING:
    from av.container import InputContainer


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a reel."""

    rgb: NDArray[np.uint8]
    """HxWx3 uint8 RGB, upright, read-only."""
    time: Fraction
    """Seconds from the beginning of the reel."""


class Reel(Protocol):
    """Pictures with times from 0. One thread only."""

    size: tuple[int, int]
    rate: Fraction
    colour: Colour
    length: Fraction
    """Seconds until the last picture's end."""

    def pictures(self, start: Fraction = Fraction(0)) -> Iterator[Picture]:
        """From the picture that is shown at `start` to the end; a call ends what an earlier one gave.

        Raises:
            SourceError: a picture is damaged.
        """
        ...

    def close(self) -> None:
        """Release the file. May be called twice."""
        ...


class FileReel:
    """A video file that FFmpeg can decode."""

    def __init__(self, path: Path) -> None:
        """Open it and decode its first picture.

        Raises:
            SourceError: there is no such file, it is not a video, or it has no pictures.
        """
        self._path = path
        self._decoder = Decoder(path)
        self._container = cast("InputContainer", self._decoder.stream.container)
        try:
            first = next(self._decoder.pictures(lambda: False))
        except BaseException:
            self._decoder.close()
            raise
        self._upright = Upright(first)
        self._zero = first.pts or 0
        self.size = self._upright.size
        self.rate = self._decoder.rate
        self.colour = self._upright.colour
        self.length = self._declared() or self._measured()

    def pictures(self, start: Fraction = Fraction(0)) -> Iterator[Picture]:
        """See `Reel.pictures`."""
        try:
            held: VideoFrame | None = None
            for picture in self._from(start):
                if held is not None and self._time(picture) > start:
                    yield self._drawn(held)
                held = picture
            if held is not None:
                yield self._drawn(held)
        except FFmpegError as error:
            problem = f"{self._path} is damaged: {error.strerror or error}."
            raise SourceError(problem, "Choose another file, or copy it again.") from error

    def close(self) -> None:
        """See `Reel.close`."""
        self._decoder.close()

    def _from(self, start: Fraction) -> Iterator[VideoFrame]:
        """Every picture from the key picture before `start` on, or from an earlier one."""
        stream = self._decoder.stream
        for place in (start, Fraction(0)):
            ticks = self._zero + int(place / self._decoder.time_base)
            self._container.seek(ticks, stream=stream, backward=True)
            pictures = self._container.decode(stream)
            first = next(pictures, None)
            # Containers without an index may be sought too far, or past their end.
            if place == 0 or (first is not None and self._time(first) <= start):
                break
        if first is not None:
            yield first
            yield from pictures

    def _time(self, picture: VideoFrame) -> Fraction:
        return ((picture.pts or 0) - self._zero) * self._decoder.time_base

    def _drawn(self, picture: VideoFrame) -> Picture:
        return Picture(self._upright(picture), self._time(picture))

    def _declared(self) -> Fraction | None:
        stream = self._decoder.stream
        if stream.duration:
            return stream.duration * self._decoder.time_base
        frames = self._decoder.ending.frames
        return frames / self.rate if frames else None

    def _measured(self) -> Fraction:
        """By reading the whole file, without decoding it: what was recorded live declares nothing."""
        stream, end = self._decoder.stream, Fraction(0)
        self._container.seek(self._zero, stream=stream, backward=True)
        for packet in self._container.demux(stream):
            if packet.pts is not None:
                end = max(end, (packet.pts + (packet.duration or 0) - self._zero) * self._decoder.time_base)
        return max(end, 1 / self.rate)


class DemoReel:
    """The demo clip, drawn as it is played."""

    def __init__(self, size: tuple[int, int] = (1280, 720)) -> None:
        self._demo = DemoSource(size=size)
        info = self._demo.info
        self.size, self.rate, self.colour = size, info.rate, info.colour
        self._frames = info.frames or 1
        self.length = self._frames / self.rate

    def pictures(self, start: Fraction = Fraction(0)) -> Iterator[Picture]:
        """See `Reel.pictures`."""
        for index in range(min(int(start * self.rate), self._frames - 1), self._frames):
            frame = self._demo.frame(index)
            yield Picture(frame.rgb, frame.time)

    def close(self) -> None:
        """See `Reel.close`."""
        self._demo.close()

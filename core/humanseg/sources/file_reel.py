"""A video file that can be played forwards from any place and rewound."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from av.error import FFmpegError
from av.video.frame import VideoFrame

from humanseg.errors import SourceError
from humanseg.sources.decoder import Decoder
from humanseg.sources.reel import Picture
from humanseg.sources.upright import Upright

if TYPE_CHECKING:
    from av.container import InputContainer


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

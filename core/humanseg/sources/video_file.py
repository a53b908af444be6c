"""A video file as a source: every frame, with the time at which the file shows it."""

from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

from av.video.frame import VideoFrame

from humanseg.errors import SourceError
from humanseg.frames import Frame, StreamInfo
from humanseg.sources.decoder import Decoder
from humanseg.sources.deinterlace import deinterlaced
from humanseg.sources.once import Once
from humanseg.sources.upright import Upright


class VideoFileSource:
    """The frames of a video file that FFmpeg can decode.

    Times are the file's own, exact, and need not begin at 0. Frames are upright: the rotation that the container asks
    for is applied. What ends before its declared end is an error, after every frame that could be read.

    More than 8 bits become 8. HDR (HLG, PQ) becomes BT.709 as a television set shows it, and says so in `info`. A
    second video stream is ignored.
    """

    def __init__(self, path: Path, *, skip: int = 0, deinterlace: bool = False) -> None:
        """Open the file and decode its first picture.

        Args:
            path: The file.
            skip: How many frames are decoded and not given: the first one then has this index.
            deinterlace: Whether every picture is two half ones, of which a whole one is to be made.

        Raises:
            SourceError: there is no such file, it is not a video, it has no frames, or they cannot be decoded.
        """
        self._path = path
        self._skip = skip
        self._once = Once(self._release)
        self._decoder = Decoder(path)
        self._pictures = self._decoder.pictures(self._once.closing.is_set)
        if deinterlace:
            self._pictures = deinterlaced(self._pictures)
        try:
            first = next(self._pictures)
            self._first: VideoFrame | None = first
            self._upright = Upright(first)
            self._info = self._describe()
        except BaseException:
            self._release()
            raise

    @property
    def info(self) -> StreamInfo:
        """Size, rate, clock and colour of the stream. `frames` is exact for an ordinary MP4 or MOV."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """The frames, once. After `close` there are none.

        Raises:
            SourceError: a frame is damaged, or the file ends early; every good frame was given before.
            RuntimeError: it is asked for a second time.
        """
        return self._once.frames(self._frames())

    def close(self) -> None:
        """Ask for the end, from any thread; see `Source.close`."""
        self._once.close()

    def _frames(self) -> Generator[Frame, None, None]:
        # One picture is held back: how long it is shown is known when the next one comes.
        held, self._first = self._first, None
        index, time, failure = 0, Fraction(0), None
        while held is not None:
            try:
                following = next(self._pictures, None)
            except SourceError as error:
                following, failure = None, error
            if self._once.closing.is_set():
                return
            time = self._time_of(held, time)
            duration = self._duration_of(held, time, following)
            if index >= self._skip:
                yield Frame(rgb=self._upright(held), index=index, time=time, duration=duration)
            held, index, time = following, index + 1, time + (duration or 1 / self._decoder.rate)
        if failure is not None:
            raise failure

    def _time_of(self, picture: VideoFrame, expected: Fraction) -> Fraction:
        # Raw streams and some AVI files carry no presentation times: then one frame follows the other.
        pts = picture.pts if picture.pts is not None else picture.dts
        if pts is None:
            pts = round(expected / self._decoder.time_base)
        return pts * self._decoder.time_base

    def _duration_of(self, picture: VideoFrame, time: Fraction, following: VideoFrame | None) -> Fraction | None:
        if following is not None:
            duration = self._time_of(following, time + 1 / self._decoder.rate) - time
        else:
            duration = picture.duration * self._decoder.time_base
        return duration if duration > 0 else None

    def _describe(self) -> StreamInfo:
        width, height = self._upright.size
        ratio = self._decoder.stream.sample_aspect_ratio
        aspect = Fraction(ratio.numerator, ratio.denominator) if ratio else Fraction(1)
        return StreamInfo(
            width=width,
            height=height,
            rate=self._decoder.rate,
            time_base=self._decoder.time_base,
            frames=self._decoder.ending.frames,
            pixel_aspect=1 / aspect if self._upright.transposed else aspect,
            colour=self._upright.colour,
        )

    def _release(self) -> None:
        self._first = None
        self._pictures.close()
        self._decoder.close()
        # FFmpeg's threads and buffers go with the last reference to the decoder.
        del self._pictures, self._decoder

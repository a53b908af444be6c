"""A video file as a source: every frame, with the time at which the file shows it."""

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from humanseg.errors import SourceError
from humanseg.frames import Frame, StreamInfo
from humanseg.sources.colour import ToRgb, colour_of
from humanseg.sources.decoder import Decoder
from humanseg.sources.orientation import Orientation


class VideoFileSource:
    """The frames of a video file that FFmpeg can decode.

    Times are the file's own, exact, and need not begin at 0. Frames are upright: the rotation that the container asks
    for is applied. What ends before its declared end is an error, after every frame that could be read.

    Not done: 10-bit and HDR video becomes 8-bit RGB without tone mapping, interlaced video is not deinterlaced, and a
    second video stream is ignored.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and decode its first picture.

        Raises:
            SourceError: there is no such file, it is not a video, it has no frames, or they cannot be decoded.
        """
        self._path = path
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._asked = self._begun = False
        self._decoder = Decoder(path)
        self._pictures = self._decoder.pictures(self._closing.is_set)
        try:
            first = next(self._pictures)
            self._first: VideoFrame | None = first
            self._orientation = Orientation.of(first)
            self._to_rgb = ToRgb((first.width, first.height))
            self._info = self._describe(first)
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
        with self._lock:
            if self._asked:
                raise RuntimeError("a source can be read once")
            self._asked = True
        return self._frames()

    def close(self) -> None:
        """Ask for the end, from any thread; see `Source.close`."""
        with self._lock:
            self._closing.set()
            if self._begun:
                return
            self._begun = True
        self._release()

    def _frames(self) -> Iterator[Frame]:
        with self._lock:
            if self._begun:
                return
            self._begun = True
        try:
            yield from self._timed()
        finally:
            self._release()

    def _timed(self) -> Iterator[Frame]:
        # One picture is held back: how long it is shown is known when the next one comes.
        held, self._first = self._first, None
        index, time, failure = 0, Fraction(0), None
        while held is not None:
            try:
                following = next(self._pictures, None)
            except SourceError as error:
                following, failure = None, error
            if self._closing.is_set():
                return
            time = self._time_of(held, time)
            duration = self._duration_of(held, time, following)
            yield Frame(rgb=self._rgb(held), index=index, time=time, duration=duration)
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

    def _rgb(self, picture: VideoFrame) -> NDArray[np.uint8]:
        rgb = self._orientation.upright(self._to_rgb(picture))
        rgb.flags.writeable = False
        return rgb

    def _describe(self, first: VideoFrame) -> StreamInfo:
        width, height = self._orientation.size(first.width, first.height)
        ratio = self._decoder.stream.sample_aspect_ratio
        aspect = Fraction(ratio.numerator, ratio.denominator) if ratio else Fraction(1)
        return StreamInfo(
            width=width,
            height=height,
            rate=self._decoder.rate,
            time_base=self._decoder.time_base,
            frames=self._decoder.ending.frames,
            pixel_aspect=1 / aspect if self._orientation.transposed else aspect,
            colour=colour_of(first),
        )

    def _release(self) -> None:
        self._first = None
        self._pictures.close()
        self._decoder.close()
        # FFmpeg's threads and buffers go with the last reference to the decoder.
        del self._pictures, self._decoder

"""A network stream as a source: RTSP, MJPEG over HTTP, HLS."""

from collections.abc import Generator, Iterator
from fractions import Fraction
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from humanseg.errors import SourceError
from humanseg.frames import Frame, StreamInfo
from humanseg.sources.clock import TICK, LiveClock
from humanseg.sources.once import Once
from humanseg.sources.pace import Pace
from humanseg.sources.upright import Upright

SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "srt", "udp")
"""What an address may begin with."""

LIMIT_S = 2.8
"""How long opening, and the wait for the next bytes, may take: what is wrong is told within 3 s."""

_AS_THEY_COME = {"rtsp", "mpjpeg", "mjpeg", "rtp", "sdp", "mpegts", "flv", "live_flv"}
"""FFmpeg's names of formats that send each picture when it was taken. Others come in pieces of some seconds."""

_NO_PAGE = "Check that the address is that of the stream itself, not of a page that shows it."


def is_address(where: str) -> bool:
    """Whether a text is the address of a stream and not the path of a file."""
    scheme, colon, rest = where.partition("://")
    return bool(colon and rest) and scheme.lower() in SCHEMES


class StreamSource:
    """The pictures of a network stream as they come; times count from the first one's arrival.

    Little is buffered, so that latency stays low. A stream that ends or falls silent is a `SourceError`; wrap it in
    `ReconnectingSource` to go on when it is back. `close` is noticed at the next picture, or when the wait is up.
    """

    def __init__(self, address: str) -> None:
        """Connect and decode the first picture, three seconds at most for each step.

        Args:
            address: `rtsp://...`, `http://...` and the like; a name and password in it are not shown in messages.

        Raises:
            SourceError: there is no such stream now, or it cannot be decoded.
        """
        self._name = _public(address)
        self._once = Once(lambda: self._container.close())
        self._clock = LiveClock()
        self._container = self._connect(address)
        try:
            self._stream = self._video()
            self._pictures = self._container.decode(self._stream)
            first = self._begin()
        except BaseException:
            self._container.close()
            raise
        self._first: VideoFrame | None = first
        self._upright = Upright(first)
        self._as_they_come = bool(_AS_THEY_COME & set(self._container.format.name.split(",")))
        width, height = self._upright.size
        self._info = StreamInfo(
            width=width,
            height=height,
            rate=_rate(self._stream),
            time_base=TICK,
            live=True,
            colour=self._upright.colour,
        )

    @property
    def info(self) -> StreamInfo:
        """The first picture's size and colour, and the rate that the stream declares (often a guess)."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """The frames, until `close`, or until the end of a stream that is a file on a server.

        Raises:
            SourceError: the stream broke off, fell silent, or is damaged.
            RuntimeError: it is asked for a second time.
        """
        return self._once.frames(self._frames())

    def close(self) -> None:
        """Ask for the end, from any thread; see `Source.close`."""
        self._once.close()

    def _frames(self) -> Generator[Frame, None, None]:
        pace, closing = Pace(), self._once.closing
        picture, self._first = self._first, None
        index = 0
        while picture is not None:
            if not self._as_they_come and not pace.wait(self._time(picture), closing):
                return
            born = perf_counter()
            rgb = self._upright(picture)
            if closing.is_set():
                return
            yield Frame(rgb=rgb, index=index, time=self._clock.time(born), born=born)
            picture = None if closing.is_set() else self._next()
            index += 1
        if self._as_they_come and not closing.is_set():
            raise SourceError(f"{self._name} has ended.", "Check the device that sends it.")

    def _connect(self, address: str) -> InputContainer:
        # No longer look at what comes than is needed; what was looked at is given out at once, and dropped when late.
        options = {"flags": "low_delay", "rtsp_transport": "tcp", "analyzeduration": "1000000"}
        try:
            return av.open(address, "r", options=options, timeout=(LIMIT_S, LIMIT_S), metadata_errors="replace")
        except (FFmpegError, OSError) as error:
            raise self._unreachable(error) from error

    def _video(self) -> VideoStream:
        if not self._container.streams.video:
            raise SourceError(f"{self._name} holds no picture.", _NO_PAGE)
        stream = self._container.streams.video[0]
        # Frame threads would hold back as many pictures as there are threads.
        stream.thread_type = "SLICE"
        return stream

    def _begin(self) -> VideoFrame:
        first = self._next()
        if first is None:
            raise SourceError(f"{self._name} gives no picture.", "Check what is sent there.")
        return first

    def _next(self) -> VideoFrame | None:
        try:
            return next(self._pictures, None)
        except (FFmpegError, OSError) as error:
            if self._once.closing.is_set():
                return None
            problem = f"{self._name} broke off: {_words(error)}."
            raise SourceError(problem, "Check the network, and the device that sends it.") from error

    def _time(self, picture: VideoFrame) -> Fraction:
        return Fraction(0) if picture.time is None else Fraction(picture.time)

    def _unreachable(self, error: Exception) -> SourceError:
        hint = "Check the address, and that the device that sends it is switched on and in this network."
        if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
            hint = "It wants a name and a password: write them as rtsp://NAME:PASSWORD@HOST/..."
        elif isinstance(error, av.error.HTTPNotFoundError):
            hint = "Check the part of the address after the host's name."
        elif isinstance(error, av.error.InvalidDataError):
            hint = _NO_PAGE
        return SourceError(f"{self._name} cannot be opened: {_words(error)}.", hint)


def _public(address: str) -> str:
    """An address without name, password and query, which may be secrets."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _rate(stream: VideoStream) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 1 <= rate <= 240:
            return Fraction(rate.numerator, rate.denominator)
    return Fraction(30)


def _words(error: Exception) -> str:
    # What PyAV raises when its own time limit is up.
    if isinstance(error, av.error.ExitError):
        return f"no answer for {LIMIT_S:.0f} seconds"
    words = getattr(error, "strerror", None)
    return cast("str", words) if words else str(error)

"""Opening a video file and decoding its pictures: the part that holds FFmpeg's memory."""

import contextlib
import stat
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from humanseg.errors import SourceError
from humanseg.sources.cut import is_cut
from humanseg.sources.ending import Ending

if TYPE_CHECKING:
    from av.packet import Packet

_REPAIR = "Copy or record it again. `ffmpeg -i FILE NEW.mp4` makes a whole file of what can still be read."

_TEXT = {"tty", "bin", "xbin", "adf", "idf"}
"""FFmpeg's names for drawings made of letters: it would play any file whose name ends in .txt."""


class Decoder:
    """Reads the first video stream of a file. Used by one thread at a time, which also closes it."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            SourceError: there is no such file, it is not a video, or nothing here decodes it.
        """
        self._path = path
        self._container = _open(path)
        try:
            self.stream = _video_stream(path, self._container)
        except SourceError:
            self._container.close()
            raise
        self.stream.thread_type = "AUTO"
        self.time_base = _fraction(self.stream.time_base)
        self.rate = _rate(self.stream)
        self.ending = Ending(path, self._container, self.stream, self.rate)

    def pictures(self, is_closing: Callable[[], bool]) -> Generator[VideoFrame, None, None]:
        """Every picture in the order of presentation; ends early, without an error, once `is_closing()`.

        Raises:
            SourceError: a picture is damaged, or the file ends before its declared end.
        """
        ending = self.ending
        whole = True
        try:
            for packet in self._packets():
                if is_closing():
                    return
                # An empty packet is AVI's way to say "as before"; a decoder would take it for the end.
                if packet.size == 0:
                    continue
                if packet.is_corrupt:
                    whole = False
                    break
                ending.saw_packet(packet)
                if packet.stream_index == self.stream.index:
                    yield from self._sound_pictures(packet)
            yield from self._sound_pictures(None)
        except FFmpegError as error:
            raise self._damaged(_words(error)) from error
        shortfall = ending.shortfall()
        if shortfall is not None:
            raise SourceError(f"{self._path} ends early: {shortfall}.", _REPAIR)
        if not whole:
            raise self._damaged("data is missing")
        if not ending.pictures:
            raise _no_frames(self._path)

    def close(self) -> None:
        """Release the file and the decoder."""
        self._container.close()

    def _packets(self) -> Iterator["Packet[Any]"]:
        # Matroska's end is told by all its streams together; elsewhere the other streams are not looked at.
        everything = "matroska" in self._container.format.name
        packets = self._container.demux() if everything else self._container.demux(self.stream)
        # A container that cannot be read further is judged like one that ends: what came before it is good.
        with contextlib.suppress(FFmpegError):
            yield from packets

    def _sound_pictures(self, packet: "Packet[Any] | None") -> Iterator[VideoFrame]:
        for picture in self.stream.decode(packet):
            # The decoder has patched this picture with pieces of others.
            if picture.is_corrupt:
                raise self._damaged("a picture is incomplete")
            self.ending.saw_picture(picture)
            yield picture

    def _damaged(self, words: str) -> SourceError:
        return SourceError(f"{self._path} is damaged after frame {self.ending.pictures}: {words}.", _REPAIR)


def _open(path: Path) -> InputContainer:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceError(f"There is no file {path}.", "Check the path.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no file"
        raise SourceError(f"{path} is {kind}, not a video.", "Name one file.")
    try:
        # An absolute path, because FFmpeg takes the "12" of "12:30 talk.mp4" for a protocol.
        return av.open(str(path.absolute()), "r", metadata_errors="replace")
    except FFmpegError as error:
        if isinstance(error, EOFError):
            early = SourceError(f"{path} ends early: only 0 frames could be read.", _REPAIR)
            raise (early if is_cut(path) else _no_frames(path)) from error
        if isinstance(error, PermissionError):
            raise SourceError(f"{path} cannot be read: {_words(error)}.", "Change its permissions.") from error
        if _begins_like_mp4(path):
            problem = f"{path} has no index: recording or copying it was broken off ({_words(error)})."
            raise SourceError(problem, "Copy or record it again; some tools (untrunc) rebuild the index.") from error
        hint = "If a media player shows it, convert it with `ffmpeg -i FILE NEW.mp4`."
        raise SourceError(f"{path} is not a video that can be read: {_words(error)}.", hint) from error


def _no_frames(path: Path) -> SourceError:
    return SourceError(f"{path} holds no frames.", "Choose another file, or record it again.")


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    if container.format.name in _TEXT:
        raise SourceError(f"{path} is a text, not a video.", "Choose a video file.")
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        holds = "sound, but no picture" if container.streams.audio else "no picture"
        raise SourceError(f"{path} holds {holds}.", "Choose a video file.")
    if streams[0].codec_context is None:
        hint = "Convert it with a program that can read it, to H.264 for instance."
        raise SourceError(f"{path} is coded in a way that cannot be decoded here.", hint)
    return streams[0]


def _rate(stream: VideoStream) -> Fraction:
    # Some Matroska files declare the ticks of a clock as their rate.
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            return _fraction(rate)
    return Fraction(25)


def _begins_like_mp4(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(8)[4:] == b"ftyp"
    return False


def _words(error: FFmpegError) -> str:
    """What FFmpeg says: its last log line too, where the program has switched PyAV's logging on."""
    words = error.strerror or str(error)
    log = error.log[1] if isinstance(error.log, tuple) and len(error.log) == 2 else error.log
    return f"{words} ({log[2].strip()})" if log else words


def _fraction(number: object) -> Fraction:
    """An exact fraction of PyAV's rational, whichever class that is."""
    return Fraction(number.numerator, number.denominator)  # type: ignore[attr-defined]

"""The containers that can be written, by the ending of the file's name."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.error import FFmpegError

from humanseg.errors import SinkError


@dataclass(frozen=True)
class Format:
    """A container and the codec that goes into it."""

    ending: str
    muxer: str
    """FFmpeg's name."""
    codec: str
    """FFmpeg's name of the video encoder."""
    exact: bool
    """True: it keeps any clock. False (Matroska, WebM): times are rounded to the millisecond."""


FORMATS = {
    ".mp4": Format(".mp4", "mp4", "libx264", exact=True),
    ".mov": Format(".mov", "mov", "libx264", exact=True),
    ".mkv": Format(".mkv", "matroska", "libx264", exact=False),
    ".webm": Format(".webm", "webm", "libvpx-vp9", exact=False),
}


def format_of(path: Path) -> Format:
    """The container that the name's ending asks for.

    Raises:
        SinkError: there is none of that ending.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        ending = f"The ending {path.suffix}" if path.suffix else "A name without an ending"
        raise SinkError(f"{ending} says no video format: {path}.", f"Use one of {', '.join(FORMATS)}.") from None


def holds(form: Format, streams: Sequence[AudioStream]) -> bool:
    """Whether such a container takes copies of these streams of sound: a header is written to memory, to see.

    The lists of codecs that FFmpeg keeps for its containers promise too much.
    """
    try:
        with av.open(io.BytesIO(), "w", format=form.muxer) as trial:
            for stream in streams:
                trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, FFmpegError):
        return False
    return True

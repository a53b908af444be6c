"""The containers that can be written, by the ending of the file's name."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError
from av.stream import Stream

from humanseg.errors import SinkError


@dataclass(frozen=True, kw_only=True)
class Format:
    """A container and the codecs that go into it."""

    ending: str
    muxer: str
    """FFmpeg's name."""
    opaque: tuple[str, ...]
    """The codecs for opaque frames, the usual one first; `humanseg.sinks.coding` knows these words."""
    alpha: tuple[str, ...] = ()
    """The codecs for cut-outs, the usual one first."""
    exact: bool
    """True: it keeps any clock. False: times are rounded, to the millisecond (Matroska, WebM, WebP) or hundredths."""
    animated: bool = False
    """Whether it is a picture that moves: no sound, no clock of its own, whole only when it was written to the end."""


FORMATS = {
    ".mp4": Format(ending=".mp4", muxer="mp4", opaque=("h264", "hevc", "av1"), exact=True),
    ".mov": Format(ending=".mov", muxer="mov", opaque=("h264", "hevc", "prores"), alpha=("prores",), exact=True),
    ".mkv": Format(
        ending=".mkv",
        muxer="matroska",
        opaque=("h264", "hevc", "av1", "vp9", "prores", "ffv1"),
        alpha=("ffv1", "prores", "vp9"),
        exact=False,
    ),
    ".webm": Format(ending=".webm", muxer="webm", opaque=("vp9", "av1"), alpha=("vp9",), exact=False),
    ".webp": Format(ending=".webp", muxer="webp", opaque=("webp",), alpha=("webp",), exact=False, animated=True),
    ".gif": Format(ending=".gif", muxer="gif", opaque=("gif",), alpha=("gif",), exact=False, animated=True),
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


def holds(form: Format, streams: Sequence[Stream]) -> bool:
    """Whether such a container takes copies of these streams: a header is written to memory, to see.

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

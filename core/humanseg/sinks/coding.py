"""How pictures are coded: the words for codecs, and what each of them asks of its encoder.

Every coding is made for segments that are encoded apart and joined afterwards: no B-frames, so that decoding and
presentation go in the same order, and a fixed number of threads where their number shows in the result.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from humanseg.errors import SinkError
from humanseg.frames import Colour, StreamInfo
from humanseg.sinks.container import FORMATS, Format
from humanseg.sinks.palette import PALETTE

DEFAULT_QUALITY = 18
"""Hard to tell from the original."""

WORST_QUALITY = 51

_THREADS = 4
"""x264 gives other bytes with other numbers of threads; a run that goes on elsewhere must not."""

_LARGEST_WEBP = 16383
"""Pixels of a side."""

_FASTEST_GIF = 50
"""Frames a second: it counts in hundredths, and viewers take a single one for a mistake."""

_MATRICES_OF_PRORES = (1, 6, 9)
"""Those of H.273 that its header can name."""


@dataclass(frozen=True, kw_only=True)
class Coding:
    """One way to code the pictures of one stream."""

    codec: str
    """What people call it: "h264"."""
    encoder: str
    """FFmpeg's name of the encoder: "libx264"."""
    pixel_format: str
    """FFmpeg's name."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What the encoder is told."""
    alpha: bool = False
    """Whether frames are cut-outs."""
    grey: bool = False
    """Whether pictures are made of `Frame.grey`, which has more levels than `Frame.rgb`."""

    def colour_of(self, info: StreamInfo) -> Colour:
        """How the colours of a stream are coded: as the stream says, as far as this codec can say so."""
        if self.codec != "prores":
            return info.colour
        # ProRes has no full range, and programs that edit take BT.709 for granted where nothing is said.
        matrix = info.colour.matrix if info.colour.matrix in _MATRICES_OF_PRORES else 1
        return replace(info.colour, matrix=matrix, full_range=False)

    def set_up(self, encoder: VideoCodecContext, info: StreamInfo) -> None:
        """Tell an encoder that is not open yet everything but the clock and the colours."""
        encoder.width, encoder.height = info.width, info.height
        encoder.framerate = info.rate.limit_denominator(1_000_000)
        encoder.sample_aspect_ratio = info.pixel_aspect
        # Frame threads: PyAV's default, slices, costs compression.
        encoder.thread_type = "AUTO"
        encoder.thread_count = _THREADS
        encoder.flags |= Flags.global_header
        encoder.options = dict(self.options)
        if self.encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # else it writes a page to the terminal


def coding_for(
    form: Format,
    info: StreamInfo,
    *,
    codec: str | None = None,
    alpha: bool = False,
    grey: bool = False,
    quality: int = DEFAULT_QUALITY,
    hardware: bool = False,
) -> Coding:
    """The coding for a stream in a container.

    Args:
        form: The container.
        info: The stream.
        codec: One of the words of `Format.opaque` or `Format.alpha`; None is the usual one.
        alpha: Whether frames are cut-outs.
        grey: Whether they are grey pictures; where the codec has more than 8 bits they are kept in full.
        quality: x264's CRF, 0 (best) to 51 (worst); other codecs get the like on their own scales, ProRes and FFV1
            need none.
        hardware: Whether an encoder of the graphics card is wanted; `opens` tells whether there is one.

    Raises:
        SinkError: this container cannot hold that, or the encoder is missing.
    """
    codec = codec_for(form, codec, alpha=alpha)
    if hardware:
        for name in _HARDWARE.get(codec, ()):
            found = Coding(codec=codec, encoder=name, pixel_format="yuv420p", options=_hardware_options(name, quality))
            if opens(found, info):
                return found
    width, height = info.width, info.height
    is_odd = bool(width % 2 or height % 2)
    if codec == "av1" and is_odd:
        raise SinkError(f"AV1 cannot be written at {width}x{height} here.", "Choose another codec, or an even --scale.")
    if codec == "webp" and max(width, height) > _LARGEST_WEBP:
        raise SinkError(
            f"WebP cannot be written at {width}x{height}.", f"Its sides are {_LARGEST_WEBP} at most: --scale."
        )
    if codec == "gif" and info.rate > _FASTEST_GIF:
        problem = f"GIF cannot show {float(info.rate):g} frames a second."
        raise SinkError(problem, f"It shows {_FASTEST_GIF} at most: add --fps 25, or choose .webp.")
    encoder, pixel_format, options = _recipe(codec, alpha=alpha, grey=grey, is_odd=is_odd, quality=quality)
    require_encoder(encoder)
    deep_grey = grey and codec in ("prores", "ffv1")
    return Coding(codec=codec, encoder=encoder, pixel_format=pixel_format, options=options, alpha=alpha, grey=deep_grey)


def codec_for(form: Format, codec: str | None, *, alpha: bool) -> str:
    """The codec for a container, whatever the stream; None asks for the usual one.

    Raises:
        SinkError: this container cannot hold that.
    """
    known = form.alpha if alpha else form.opaque
    if not known:
        endings = " or ".join(ending for ending, other in FORMATS.items() if other.alpha)
        raise SinkError(f"A {form.ending} file cannot be transparent.", f"Choose a name that ends in {endings}.")
    codec = codec or known[0]
    if codec not in known:
        kind = "transparent " if alpha else ""
        others = [ending for ending, other in FORMATS.items() if codec in (other.alpha if alpha else other.opaque)]
        elsewhere = f" A name that ends in {' or '.join(others)} can hold {codec}." if others else ""
        problem = f"A {form.ending} file cannot hold {kind}video as {codec}."
        raise SinkError(problem, f"It can hold {', '.join(known)}.{elsewhere}")
    return codec


def require_encoder(encoder: str) -> None:
    """Make sure that FFmpeg was built with an encoder.

    Raises:
        SinkError: it was not.
    """
    try:
        Codec(encoder, "w")
    except UnknownCodecError as error:
        problem = f"This PyAV has no encoder {encoder}."
        raise SinkError(problem, "Install PyAV from PyPI: its wheels have it.") from error


def opens(coding: Coding, info: StreamInfo) -> bool:
    """Whether the encoder is there and starts: those of graphics cards are often built in with nothing to run on."""
    try:
        trial = cast("VideoCodecContext", VideoCodecContext.create(coding.encoder, "w"))
        coding.set_up(trial, info)
        trial.pix_fmt = coding.pixel_format
        trial.time_base = 1 / info.rate.limit_denominator(1_000_000)
        trial.open()
    except (UnknownCodecError, FFmpegError, ValueError):
        return False
    return True


_HARDWARE = {
    "h264": ("h264_nvenc", "h264_videotoolbox", "h264_qsv"),
    "hevc": ("hevc_nvenc", "hevc_videotoolbox", "hevc_qsv"),
    "av1": ("av1_nvenc", "av1_qsv"),
}


def _hardware_options(encoder: str, quality: int) -> dict[str, str]:
    if encoder.endswith("nvenc"):
        return {"preset": "p4", "rc": "constqp", "qp": str(quality + 2), "bf": "0"}
    if encoder.endswith("qsv"):
        return {"global_quality": str(quality + 2), "bf": "0"}
    return {"q": str(round(100 - quality * 100 / WORST_QUALITY)), "bf": "0"}


def _recipe(codec: str, *, alpha: bool, grey: bool, is_odd: bool, quality: int) -> tuple[str, str, dict[str, str]]:
    """Encoder, pixel format and options."""
    # H.264 and HEVC cannot crop 4:2:0 to an odd size; 4:4:4 keeps every pixel. VP9 takes any size.
    subsampled = "yuv444p" if is_odd else "yuv420p"
    of_63 = str(round(quality * 63 / WORST_QUALITY))
    if codec == "h264":
        return "libx264", subsampled, {"preset": "veryfast", "crf": str(quality), "bf": "0"}
    if codec == "hevc":
        parameters = f"bframes=0:log-level=error:frame-threads=2:crf={min(quality + 2, WORST_QUALITY)}"
        return "libx265", subsampled, {"preset": "veryfast", "x265-params": parameters}
    if codec == "av1":
        return "libsvtav1", "yuv420p", {"preset": "9", "crf": of_63}
    if codec == "vp9":
        options = {"deadline": "good", "cpu-used": "4", "row-mt": "1", "crf": of_63, "b": "0"}
        # libvpx cannot keep alpha with frames that are never shown.
        return "libvpx-vp9", "yuva420p" if alpha else "yuv420p", options | ({"auto-alt-ref": "0"} if alpha else {})
    if codec == "prores":
        options = {"profile": "4444", "alpha_bits": "16" if alpha else "0", "vendor": "apl0"}
        return "prores_ks", "yuva444p10le" if alpha else "yuv444p10le", options
    if codec == "webp":
        return "libwebp", "bgra", {"lossless": "0" if quality else "1", "quality": str(100 - quality)}
    if codec == "gif":
        # Each picture whole and with a palette of its own, so that it does not depend on those before it.
        return "gif", PALETTE, {"gifflags": "0", "global_palette": "0"}
    # Without loss, and so are 16 bits of alpha. Colours have 8: they cost little more beside it.
    lossless = "gbrap16le" if alpha else "gray16le" if grey else "yuv444p"
    return "ffv1", lossless, {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}

"""Frames in planes, for encoders that need not convert them: which streams take them, and that nothing changes."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.frames import Colour, Frame, PlanarFrame, StreamInfo
from humanseg.sinks.coder import Coder
from humanseg.sinks.coding import coding_for
from humanseg.sinks.colour import FromRgb, plane_weights
from humanseg.sinks.container import FORMATS
from humanseg.sinks.destination import PicturesDestination, VideoDestination

SIZE = (64, 48)
RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def planes_of(colour: Colour) -> NDArray[np.uint8]:
    return np.ascontiguousarray(FromRgb(colour, SIZE, "yuv420p")(RGB).to_ndarray())


def planar(colour: Colour = Colour()) -> PlanarFrame:  # noqa: B008 it cannot be changed
    return PlanarFrame(planes=planes_of(colour))


@pytest.mark.parametrize(
    ("colour", "size", "as_matrix"),
    [
        (Colour(), (1280, 720), 1),
        (Colour(), (720, 1280), 1),
        (Colour(), (640, 480), 6),
        (Colour(matrix=1), (640, 480), 1),
        (Colour(matrix=5), (1280, 720), 6),
        (Colour(matrix=0, full_range=True), (1280, 720), 1),  # RGB: coded anew, in limited range
        (Colour(matrix=9), (1280, 720), 9),
    ],
)
def test_the_weights_are_those_of_the_matrix_that_is_coded(
    colour: Colour, size: tuple[int, int], as_matrix: int
) -> None:
    weights = plane_weights(colour, size, "yuv420p")
    assert weights == plane_weights(Colour(matrix=as_matrix), size, "yuv420p")
    others = {plane_weights(Colour(matrix=other), size, "yuv420p") for other in {1, 6, 9} - {as_matrix}}
    assert weights is not None
    assert weights not in others
    assert sum(weights.y) == pytest.approx(219 / 255, abs=1e-4), "white is white"
    assert [sum(weights.cb), sum(weights.cr)] == pytest.approx([0, 0], abs=1e-4), "and grey is grey"


@pytest.mark.parametrize(
    ("colour", "size", "pixel_format"),
    [
        (Colour(full_range=True), SIZE, "yuv420p"),
        (Colour(), (65, 48), "yuv420p"),
        (Colour(), (64, 49), "yuv420p"),
        (Colour(), (64, 6), "yuv420p"),
        (Colour(), SIZE, "yuv444p"),
        (Colour(), SIZE, "yuv420p10le"),
        (Colour(), SIZE, "yuv444p10le"),
        (Colour(), SIZE, "yuva420p"),
        (Colour(), SIZE, "bgra"),
        (Colour(), SIZE, "pal8"),
    ],
)
def test_other_streams_take_rgb(colour: Colour, size: tuple[int, int], pixel_format: str) -> None:
    assert plane_weights(colour, size, pixel_format) is None


@pytest.mark.parametrize(
    ("name", "more", "takes"),
    [
        ("a.mp4", {}, True),
        ("a.mp4", {"codec": "hevc"}, True),
        ("a.mkv", {"codec": "av1"}, True),
        ("a.webm", {}, True),
        ("a.webm", {"alpha": True}, False),
        ("a.mov", {"codec": "prores"}, False),
        ("a.mkv", {"codec": "ffv1"}, False),
        ("a.gif", {}, False),
        ("a.webp", {}, False),
    ],
)
def test_what_codes_420_in_8_bits_takes_planes(tmp_path: Path, name: str, more: dict[str, Any], takes: bool) -> None:
    info = StreamInfo(width=64, height=64, rate=Fraction(25), time_base=Fraction(1, 25))
    wanted: dict[str, Any] = {"alpha": False, "grey": False, "codec": None, "quality": 18, "hardware": False} | more
    destination = VideoDestination(tmp_path / name, info, **wanted)
    assert (destination.plane_weights(info) is not None) == takes
    assert destination.plane_weights(replace(info, width=65)) is None
    pictures = PicturesDestination(tmp_path / "p" / "%05d.png", alpha=False, grey=False)
    assert pictures.plane_weights(info) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("colour", [Colour(), Colour(matrix=1, primaries=1, transfer=1), Colour(matrix=0)])
def test_the_encoder_is_given_the_same_picture(colour: Colour) -> None:
    convert = FromRgb(colour, SIZE, "yuv420p")
    want, planes = convert(RGB), planes_of(colour)
    got = convert.of_planes(planes)
    np.testing.assert_array_equal(got.to_ndarray(), want.to_ndarray())
    for name in ("format", "width", "height", "colorspace", "color_range", "color_primaries", "color_trc"):
        assert str(getattr(got, name)) == str(getattr(want, name)), name
    planes[0, 0] ^= 255
    assert got.to_ndarray()[0, 0] == planes[0, 0], "no copy was made"


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_stream_of_both_is_one_stream(media: Any, codec: str) -> None:
    """A GPU that is given up in the middle leaves frames in RGB behind those in planes."""
    info = media.info(SIZE)
    coder = Coder(coding_for(FORMATS[".mkv"], info, codec=codec, quality=0), info)
    frames = [planar() if index % 2 else Frame(rgb=RGB) for index in range(4)]
    packets = [
        packet
        for index, frame in enumerate(frames)
        for packet in coder.encode(replace(frame, index=index, time=index * info.time_base))
    ]
    packets += coder.finish()
    assert [packet.pts for packet in packets] == [0, 1, 2, 3]
    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.extradata = coder._encoder.extradata
    shown = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    assert [frame.format.name for frame in shown] == ["yuv420p"] * 4
    first = shown[0].to_ndarray().astype(np.int16)
    assert all(np.abs(frame.to_ndarray() - first).mean() < 3 for frame in shown)


def test_planes_do_not_go_where_rgb_is_wanted(media: Any) -> None:
    info = media.info(SIZE)
    for ending, codec, words in ((".mkv", "ffv1", "a stream of yuv444p"), (".gif", "gif", "of few colours")):
        coder = Coder(coding_for(FORMATS[ending], info, codec=codec), info)
        with pytest.raises(ValueError, match=words):
            coder.encode(planar())
    full = Coder(coding_for(FORMATS[".mp4"], info), replace(info, colour=Colour(full_range=True)))
    with pytest.raises(ValueError, match="limited range"):
        full.encode(planar())
    coder = Coder(coding_for(FORMATS[".mp4"], info), replace(info, width=66))
    with pytest.raises(ValueError, match=r"a frame of \(64, 48\)"):
        coder.encode(planar())


def test_a_frame_in_planes_has_no_rgb() -> None:
    frame = planar()
    assert (frame.size, frame.rgb.shape, frame.alpha) == (SIZE, (0, 0, 3), None)

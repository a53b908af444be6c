"""Video files as sources: exact times, upright pictures, true colours, and no broken file that looks whole."""

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from humanseg.errors import SourceError
from humanseg.frames import Colour
from humanseg.sources import open_source
from humanseg.sources.video_file import VideoFileSource

IRREGULAR = [0, 1000, 1500, 4321, 4322, 9000, 9999, 15000, 15001, 30000, 30700, 31000]


def read(path: Path) -> tuple[list[Any], SourceError | None]:
    """Every frame that comes, and the error that ends them, if one does."""
    frames = []
    try:
        for frame in VideoFileSource(path):
            frames.append(frame)
    except SourceError as error:
        return frames, error
    return frames, None


# Frames and times


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.webm", "clip.ts", "12:30 talk 100%.mp4"])
def test_gives_every_frame_with_its_time(media: Any, name: Any) -> None:
    path = media.clip(name, frames=20, rate=Fraction(30000, 1001))
    frames, error = read(path)
    assert error is None
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == media.times(path)


def test_an_mp4_says_exactly_what_it_holds(media: Any) -> None:
    info = VideoFileSource(media.clip(frames=20, rate=Fraction(30000, 1001), size=(80, 60))).info
    assert (info.width, info.height, info.frames, info.live) == (80, 60, 20, False)
    assert (info.rate, info.time_base) == (Fraction(30000, 1001), Fraction(1, 30000))


@pytest.mark.parametrize("bframes", ["0", "3"])
def test_keeps_every_time_and_length_of_a_variable_rate(media: Any, bframes: Any) -> None:
    path = media.clip(times=IRREGULAR, last_duration=7000, options={"bf": bframes})
    frames, _ = read(path)
    assert [frame.time for frame in frames] == [Fraction(tick, 30000) for tick in IRREGULAR]
    ends = [*IRREGULAR[1:], IRREGULAR[-1] + 7000]
    lengths = [Fraction(end - start, 30000) for start, end in zip(IRREGULAR, ends, strict=True)]
    # With B-frames an MP4 keeps the length of its last packet, which is not that of its last frame.
    known = len(lengths) if bframes == "0" else len(lengths) - 1
    assert [frame.duration for frame in frames][:known] == lengths[:known]
    assert frames[-1].duration > 0


def test_matroska_tells_how_long_the_last_frame_is_shown(media: Any) -> None:
    path = media.clip("clip.mkv", times=[0, 40, 90], last_duration=2500, time_base=Fraction(1, 1000))
    frames, error = read(path)
    assert error is None
    assert [frame.duration for frame in frames] == [Fraction(40, 1000), Fraction(50, 1000), Fraction(2500, 1000)]


def test_times_need_not_begin_at_zero(media: Any) -> None:
    ticks = [90_000 + 3000 * index for index in range(10)]
    path = media.clip(times=ticks, time_base=Fraction(1, 90_000), container_options={"movie_timescale": "90000"})
    frames, _ = read(path)
    assert [frame.time for frame in frames] == [Fraction(tick, 90_000) for tick in ticks]


def test_avi_without_presentation_times_counts_frames(media: Any) -> None:
    path = media.clip("clip.avi", frames=12, rate=25, time_base=Fraction(1, 25))
    frames, error = read(path)
    assert error is None
    assert [frame.time for frame in frames] == [Fraction(index, 25) for index in range(12)]


def test_frames_hidden_by_an_edit_list_do_not_count(media: Any) -> None:
    path = media.clip(times=[1000 * (index - 10) for index in range(40)], options={"g": "50"})
    frames, error = read(path)
    assert error is None
    assert [frame.time for frame in frames] == [Fraction(index, 30) for index in range(30)]
    assert VideoFileSource(path).info.frames == 30


def test_a_source_is_read_once(media: Any) -> None:
    source = VideoFileSource(media.clip(frames=3))
    list(source)
    with pytest.raises(RuntimeError, match="once"):
        iter(source)


def test_a_size_that_changes_is_scaled_to_the_first(media: Any) -> None:
    path = media.folder / "call.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("h264", width=64, height=48, time_base=Fraction(1, 90_000))
        for part, size in enumerate([(64, 48), (128, 96)]):
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
            encoder.time_base, encoder.options = Fraction(1, 30), {"preset": "ultrafast", "tune": "zerolatency"}
            for index in range(5):
                image = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8), "rgb24")
                image.pts = part * 5 + index
                for packet in encoder.encode(image):
                    packet.stream = stream
                    container.mux(packet)
    frames, error = read(path)
    assert (len(frames), error) == (10, None)
    assert {frame.size for frame in frames} == {(64, 48)}


def test_open_source_takes_a_path_in_any_form(media: Any) -> None:
    path = media.clip(frames=2)
    assert len(list(open_source(path))) == len(list(open_source(str(path)))) == 2


# Upright


TURNS = [
    *((1, 0, 0, 1), (-1, 0, 0, -1), (-1, 0, 0, 1), (1, 0, 0, -1)),
    *((0, 1, -1, 0), (0, -1, 1, 0), (0, 1, 1, 0), (0, -1, -1, 0)),
]


@pytest.mark.parametrize("turn", TURNS)
def test_the_display_matrix_is_applied_to_the_pixels(media: Any, turn: Any) -> None:
    a, b, c, d = turn
    quarters = {(-1, -1): 40, (1, -1): 90, (-1, 1): 150, (1, 1): 210}

    def picture(_index: Any, size: Any) -> Any:
        rgb = np.zeros((size[1], size[0], 3), np.uint8)
        for (x, y), level in quarters.items():
            rows = slice(None, size[1] // 2) if y < 0 else slice(size[1] // 2, None)
            columns = slice(None, size[0] // 2) if x < 0 else slice(size[0] // 2, None)
            rgb[rows, columns] = level
        return rgb

    one = 1 << 16
    matrix = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]
    path = media.clip(frames=2, size=(96, 64), picture=picture, matrix=matrix, sample_aspect_ratio=Fraction(4, 3))
    source = VideoFileSource(path)
    upright = (64, 96) if b else (96, 64)
    assert (source.info.width, source.info.height) == upright
    assert source.info.pixel_aspect == (Fraction(3, 4) if b else Fraction(4, 3))
    frame = next(iter(source))
    assert frame.size == upright
    assert frame.rgb.flags.c_contiguous
    assert not frame.rgb.flags.writeable
    width, height = upright
    for (x, y), level in quarters.items():
        shown_x, shown_y = a * x + c * y, b * x + d * y
        seen = frame.rgb[height // 4 if shown_y < 0 else 3 * height // 4, width // 4 if shown_x < 0 else 3 * width // 4]
        assert np.abs(seen.astype(int) - level).max() <= 6


# Colours


WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
SAMPLE = (120, 100, 170)  # Y, Cb, Cr


def expected_rgb(matrix: int, full_range: bool, codes: Any = SAMPLE, depth: int = 8) -> np.ndarray:
    """R, G and B, 0 to 255, of Y', Cb and Cr, as H.273 has it."""
    red, blue = WEIGHTS[matrix]
    unit = 1 << (depth - 8)
    y, cb, cr = (np.asarray(plane, float) for plane in codes)
    if full_range:
        y, cb, cr = (part * 255 / (256 * unit - 1) for part in (y, cb - 128 * unit, cr - 128 * unit))
    else:
        y = (y / unit - 16) * 255 / 219
        cb, cr = (part * 255 / 224 for part in (cb / unit - 128, cr / unit - 128))
    r, b = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    return np.array([r, (y - red * r - blue * b) / (1 - red - blue), b])


def plain(depth: int = 8, pixel_format: str = "yuv420p") -> Any:
    def picture(_index: Any, size: Any) -> Any:
        image = av.VideoFrame(size[0], size[1], pixel_format)
        kind = np.uint8 if depth == 8 else np.uint16
        for plane, level in zip(image.planes, SAMPLE, strict=True):
            line = np.full(plane.line_size // np.dtype(kind).itemsize, level << (depth - 8), kind)
            plane.update(np.tile(line, plane.height).tobytes())
        return image

    return picture


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", WEIGHTS)
def test_decodes_with_the_streams_own_matrix_and_range(media: Any, matrix: Any, full_range: Any) -> None:
    tags = {"colorspace": matrix, "color_range": 2 if full_range else 1, "color_primaries": 5, "color_trc": 13}
    path = media.clip(frames=1, picture=plain(), options={"qp": "0"}, **tags)
    source = VideoFileSource(path)
    assert source.info.colour == Colour(matrix=matrix, primaries=5, transfer=13, full_range=full_range)
    (frame,) = source
    assert np.abs(frame.rgb - expected_rgb(matrix, full_range)).max() <= 1.5


def test_full_range_is_known_by_its_tag_alone(media: Any) -> None:
    tags = {"colorspace": 1, "color_range": 2}
    path = media.clip("clip.webm", frames=1, picture=plain(), options={"lossless": "1"}, **tags)
    (frame,) = VideoFileSource(path)
    assert np.abs(frame.rgb - expected_rgb(1, full_range=True)).max() <= 1.5


@pytest.mark.parametrize(("size", "matrix"), [((640, 360), 6), ((720, 576), 6), ((1280, 544), 1), ((720, 1280), 1)])
def test_an_untagged_matrix_is_guessed_by_size(media: Any, size: Any, matrix: Any) -> None:
    source = VideoFileSource(media.clip(frames=1, size=size, picture=plain(), options={"qp": "0"}))
    assert source.info.colour.matrix == 2
    (frame,) = source
    assert np.abs(frame.rgb - expected_rgb(matrix, full_range=False)).max() <= 1.5


def test_ten_bits_become_eight(media: Any) -> None:
    tags = {"colorspace": 9, "color_range": 1, "color_primaries": 9, "color_trc": 14}
    drawn = plain(10, "yuv420p10le")
    path = media.clip(frames=3, pixel_format="yuv420p10le", picture=drawn, options={"qp": "0"}, **tags)
    source = VideoFileSource(path)
    assert (source.info.colour.primaries, source.info.colour.transfer) == (9, 14)
    for frame in source:
        assert frame.rgb.dtype == np.uint8
        assert np.abs(frame.rgb - expected_rgb(9, full_range=False)).max() <= 2


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("depth", [8, 10, 12])
def test_every_depth_and_range_is_read_as_the_standard_says(
    media: Any, depth: int, matrix: int, full_range: bool
) -> None:
    unit, size = 1 << (depth - 8), (256, 64)
    rng = np.random.default_rng(depth * 10 + matrix)
    darkest, brightest = (0, 256 * unit) if full_range else (16 * unit, 235 * unit + 1)
    codes = np.stack(
        [
            rng.integers(darkest, brightest, size[::-1]),
            *rng.integers(90 * unit, 166 * unit, (2, size[1], size[0])),
        ]
    )
    codes[1:, :20] = 128 * unit  # grey

    def picture(_index: Any, _size: Any) -> Any:
        image = av.VideoFrame(*size, pixel_format)
        for plane, numbers in zip(image.planes, codes, strict=True):
            plane.update(numbers.astype(np.uint8 if depth == 8 else np.uint16).tobytes())
        return image

    pixel_format = "yuv444p" if depth == 8 else f"yuv444p{depth}le"
    tags = {"colorspace": matrix, "color_range": 2 if full_range else 1}
    path = media.clip("c.mkv", frames=1, size=size, codec="ffv1", pixel_format=pixel_format, picture=picture, **tags)
    (frame,) = VideoFileSource(path)
    expected = np.clip(expected_rgb(matrix, full_range, codes, depth), 0, 255)
    error = frame.rgb - np.moveaxis(expected, 0, -1)
    assert np.abs(error).max() <= 1
    assert abs(error[:20].mean()) < 0.05
    assert abs(error.mean()) < 0.05


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("depth", [8, 10, 16])
def test_grey_video_goes_from_black_to_white(media: Any, depth: int, full_range: bool) -> None:
    unit, size = 1 << (depth - 8), (220, 32)
    black, white = (0, 256 * unit - 1) if full_range else (16 * unit, 235 * unit)
    codes = np.rint(np.linspace(black, white, size[0]))
    pixel_format = "gray" if depth == 8 else f"gray{depth}le"

    def picture(_index: Any, _size: Any) -> Any:
        image = av.VideoFrame(*size, pixel_format)
        rows = np.asarray(memoryview(image.planes[0])).view(np.uint8 if depth == 8 else np.uint16)
        rows.reshape(size[1], -1)[:, : size[0]] = codes
        return image

    tags = {"color_range": 2 if full_range else 1}
    path = media.clip("g.mkv", frames=1, size=size, codec="ffv1", pixel_format=pixel_format, picture=picture, **tags)
    (frame,) = VideoFileSource(path)
    expected = (codes - black) / (white - black) * 255
    assert np.abs(frame.rgb - expected[None, :, None]).max() <= 0.51


def test_rgb_video_is_taken_as_it_is(media: Any) -> None:
    path = media.clip("clip.mkv", frames=2, codec="libx264rgb", pixel_format="rgb24", options={"qp": "0"})
    frames, _ = read(path)
    column = np.arange(64) * 200 // 64
    assert np.array_equal(frames[0].rgb[10, 8:, 0], column[8:])


@pytest.mark.parametrize(("name", "pixel_format"), [("odd.mp4", "yuv444p"), ("odd.webm", "yuv420p")])
def test_odd_sizes_keep_every_pixel(media: Any, name: Any, pixel_format: Any) -> None:
    source = VideoFileSource(media.clip(name, frames=3, size=(67, 45), pixel_format=pixel_format))
    assert [frame.rgb.shape for frame in source] == [(45, 67, 3)] * 3


# The end


def test_close_from_another_thread_ends_the_iteration(media: Any) -> None:
    source = VideoFileSource(media.clip(frames=120))
    seen = []
    third, closed = threading.Event(), threading.Event()

    def closer() -> None:
        third.wait(10)
        source.close()
        closed.set()

    thread = threading.Thread(target=closer)
    thread.start()
    for frame in source:
        seen.append(frame.index)
        if frame.index == 2:
            third.set()
            assert closed.wait(10)
    thread.join()
    assert seen == [0, 1, 2]


def test_close_while_decoding_never_crashes(media: Any) -> None:
    path = media.clip(frames=60, size=(320, 240), options={"bf": "2"})
    for attempt in range(15):
        source = VideoFileSource(path)
        thread = threading.Timer(attempt * 0.002, source.close)
        thread.start()
        count = sum(1 for _ in source)
        thread.join()
        source.close()
        assert count <= 60


def test_an_iteration_that_is_dropped_lets_go_of_the_file(media: Any) -> None:
    path = media.clip(frames=30)
    source = VideoFileSource(path)
    for _ in source:
        break
    frames = iter(VideoFileSource(path))
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    for unread in (VideoFileSource(path),):
        unread.close()
    handles = [link.resolve() for link in Path("/proc/self/fd").glob("*")] if Path("/proc/self/fd").exists() else []
    del source
    assert path not in handles

"""What happens between a file and its frames: tone mapping, deinterlacing, cutting, scaling, another rate, pictures."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.errors import SettingsError, SourceError
from humanseg.frames import Colour
from humanseg.sources.changes import Changes, changed_size, parse_rate, parse_size, parse_trim
from humanseg.sources.opening import open_changed
from humanseg.sources.pictures import PicturesSource
from humanseg.sources.video_file import VideoFileSource


def codes(rgb: tuple[float, float, float], size: tuple[int, int]) -> "av.VideoFrame":
    """A 10-bit BT.2020 picture, limited range, of non-linear R'G'B' from 0 to 1."""
    red, green, blue = rgb
    y = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    planes = (64 + 876 * y, 512 + 896 * (blue - y) / 1.8814, 512 + 896 * (red - y) / 1.4746)
    picture = av.VideoFrame(*size, "yuv420p10le")
    for plane, value in zip(picture.planes, planes, strict=True):
        memoryview(plane).cast("B")[:] = np.full(plane.buffer_size // 2, round(value), np.uint16).tobytes()
    return picture


def pq(light: float) -> float:
    """The PQ code of a light in cd/m2."""
    power = (light / 10000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def hdr_frame(media: Any, transfer: int, rgb: tuple[float, float, float]) -> tuple[Colour, NDArray[np.uint8]]:
    tags = {"colorspace": 9, "color_range": 1, "color_primaries": 9, "color_trc": transfer}
    path = media.clip(
        frames=1,
        pixel_format="yuv420p10le",
        picture=lambda index, size: codes(rgb, size),
        options={"qp": "0"},
        **tags,
    )
    source = VideoFileSource(path)
    (frame,) = source
    return source.info.colour, frame.rgb


BT709 = Colour(matrix=1, primaries=1, transfer=1)


@pytest.mark.parametrize(("light", "least", "most"), [(0, 0, 0), (20, 94, 99), (81, 168, 176), (203, 215, 230)])
def test_pq_is_shown_as_bright_as_it_is(light: float, least: int, most: int, media: Any) -> None:
    # 20 cd/m2 is a tenth of white, where the curve does nothing: 0.0985 ** (1 / 2.4) * 255 = 97.
    colour, rgb = hdr_frame(media, 16, (pq(light),) * 3)
    assert colour == BT709
    assert least <= rgb.min() <= rgb.max() <= most
    assert np.ptp(rgb, axis=2).max() <= 1  # grey stays grey


@pytest.mark.parametrize("full_range", [False, True])
def test_pq_is_read_as_the_standard_says(full_range: bool, media: Any) -> None:
    """A grey ramp up to 80 cd/m2, to where the picture is that of the standard range."""
    brightest, size = pq(80), (448, 32)
    black, white = (0, 1023) if full_range else (64, 940)
    luma = np.rint(np.linspace(black, black + brightest * (white - black), size[0]))

    def ramp(_index: int, _size: tuple[int, int]) -> "av.VideoFrame":
        picture = av.VideoFrame(*size, "yuv444p10le")
        for plane, numbers in zip(picture.planes, (luma, 512, 512), strict=True):
            row = np.broadcast_to(np.asarray(numbers, np.uint16), size[0])
            plane.update(np.tile(row, size[1]).astype(np.uint16).tobytes())
        return picture

    tags = {"colorspace": 9, "color_range": 2 if full_range else 1, "color_primaries": 9, "color_trc": 16}
    path = media.clip("r.mkv", frames=1, size=size, codec="ffv1", pixel_format="yuv444p10le", picture=ramp, **tags)
    (frame,) = VideoFileSource(path)
    root = ((luma - black) / (white - black)) ** (1 / 78.84375)
    light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125) * 10000
    error = frame.rgb - ((light / 203) ** (1 / 2.4) * 255)[None, :, None]
    assert np.abs(error).max() <= 1
    assert abs(error.mean()) < 0.1


def test_highlights_stay_in_order_up_to_the_peak(media: Any) -> None:
    shown = [int(hdr_frame(media, 16, (pq(light),) * 3)[1].max()) for light in (203, 400, 700, 1000, 4000)]
    assert shown == sorted(shown)
    assert len(set(shown[:4])) == 4
    assert shown[3:] == [255, 255]


@pytest.mark.parametrize(("code", "least", "most"), [(0.0, 0, 0), (0.38, 95, 125), (0.75, 210, 232), (1.0, 255, 255)])
def test_hlg_is_shown_as_on_a_display(code: float, least: int, most: int, media: Any) -> None:
    # BT.2408: 75 % is white at 203 cd/m2, 38 % is a grey card at 26.
    colour, rgb = hdr_frame(media, 18, (code,) * 3)
    assert colour == BT709
    assert least <= rgb.min() <= rgb.max() <= most


def test_bt2020_colours_become_those_of_bt709(media: Any) -> None:
    linear = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
    light = np.array([60.0, 40.0, 20.0])  # under the knee
    expected = np.clip(linear @ light / 203, 0, 1) ** (1 / 2.4) * 255
    _, rgb = hdr_frame(media, 16, (pq(light[0]), pq(light[1]), pq(light[2])))
    assert np.abs(rgb - expected).max() <= 4


def test_interlaced_pictures_become_whole_ones(media: Any) -> None:
    def woven(index: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A bar that has moved 4 pixels between the two halves of each picture."""
        rgb = np.full((size[1], size[0], 3), 60, np.uint8)
        for half in (0, 1):
            at = 4 * (2 * index + half)
            rgb[half::2, at : at + 8] = 200
        return rgb

    options = {"x264-params": "tff=1", "qp": "0", "preset": "ultrafast"}
    clip = media.clip("woven.mkv", frames=8, options=options, picture=woven)
    plain = list(open_changed(clip))
    whole = list(open_changed(clip, Changes(deinterlace=True)))
    assert [frame.time for frame in whole] == [frame.time for frame in plain]
    assert len(whole) == 8

    def comb(rgb: NDArray[np.uint8]) -> float:
        rows = rgb[:, :, 0].astype(float)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    assert comb(whole[4].rgb) < comb(plain[4].rgb) / 3


def test_a_part_begins_at_zero(media: Any) -> None:
    clip = media.clip(frames=60, rate=25)
    source = open_changed(clip, Changes(start=Fraction(1, 2), end=Fraction(1)))
    frames = list(source)
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[0].time == Fraction(13, 25) - Fraction(1, 2)
    assert frames[-1].time < Fraction(1, 2)
    assert source.info.frames == 12
    assert all(frame.time % source.info.time_base == 0 for frame in frames)
    whole = list(open_changed(clip))
    assert np.array_equal(frames[0].rgb, whole[13].rgb)


def test_a_part_behind_the_end_is_an_error(media: Any) -> None:
    with pytest.raises(SourceError, match="behind the end"):
        list(open_changed(media.clip(frames=5), Changes(start=Fraction(9))))


def test_another_rate_repeats_and_leaves_out(media: Any) -> None:
    ticks = [0, 1000, 2000, 9000, 10000]  # of 30000
    clip = media.clip(times=ticks, last_duration=1000)
    frames = list(open_changed(clip, Changes(rate=Fraction(30))))
    assert [frame.time for frame in frames] == [Fraction(index, 30) for index in range(11)]
    whole = list(open_changed(clip))
    for index, original in ((0, 0), (1, 1), (2, 2), (5, 2), (8, 2), (9, 3), (10, 4)):
        assert np.array_equal(frames[index].rgb, whole[original].rgb), index
    assert len(list(open_changed(media.clip(frames=30), Changes(rate=Fraction(10))))) == 10


def test_scaling_keeps_the_shape(media: Any) -> None:
    clip = media.clip(frames=2, size=(64, 48))
    source = open_changed(clip, Changes(size=(None, 24)))
    assert (source.info.width, source.info.height) == (32, 24)
    assert [frame.size for frame in source] == [(32, 24)] * 2
    squeezed = open_changed(clip, Changes(size=(32, 48)))
    assert squeezed.info.pixel_aspect == 2  # shown as wide as before
    squeezed.close()


@pytest.mark.parametrize(
    ("size", "wanted", "made"),
    [((1920, 1080), (1280, None), (1280, 720)), ((853, 480), (None, 240), (426, 240)), ((7, 5), None, (7, 5))],
)
def test_a_side_that_follows_is_even(size: Any, wanted: Any, made: Any) -> None:
    assert changed_size(size, wanted) == made


def test_words_for_changes() -> None:
    assert parse_trim("10-20.5") == (Fraction(10), Fraction(41, 2))
    assert parse_trim("1:30-1:02:00") == (Fraction(90), Fraction(3720))
    assert parse_trim("-5") == (Fraction(0), Fraction(5))
    assert parse_trim("7-") == (Fraction(7), None)
    assert parse_size("1280x720") == (1280, 720)
    assert parse_size("x720") == (None, 720)
    assert parse_rate("29.97") == Fraction(30000, 1001)
    assert parse_rate("24000/1001") == Fraction(24000, 1001)
    for parse, word in (
        (parse_trim, "10"),
        (parse_trim, "a-b"),
        (parse_size, "big"),
        (parse_size, "x"),
        (parse_rate, "fast"),
        (parse_rate, "1/0"),
    ):
        with pytest.raises(SettingsError) as caught:
            parse(word)
        assert caught.value.hint
    for wrong in ({"start": Fraction(3), "end": Fraction(2)}, {"size": (0, 5)}, {"rate": Fraction(0)}):
        with pytest.raises(SettingsError):
            Changes(**wrong)


def drawn(folder: Path, names: list[str], size: tuple[int, int] = (16, 12)) -> None:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.full((size[1], size[0], 3), (0, 0, 10 * number), np.uint8))


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    drawn(tmp_path / "frames", ["f1.png", "f2.png", "f10.png"])
    (tmp_path / "frames" / ".f3.png").write_bytes(b"hidden")
    source = open_changed(tmp_path / "frames", Changes(rate=Fraction(30)))
    frames = list(source)
    assert [int(frame.rgb[0, 0, 0]) for frame in frames] == [0, 10, 20]
    assert [frame.time for frame in frames] == [0, Fraction(1, 30), Fraction(2, 30)]
    assert source.info.frames == 3
    by_pattern = list(open_changed(tmp_path / "frames" / "f%d.png"))
    assert [frame.time for frame in by_pattern] == [0, Fraction(1, 25), Fraction(2, 25)]
    assert [frame.index for frame in PicturesSource(tmp_path / "frames", skip=2)] == [2]


def test_a_picture_that_does_not_fit_is_one_clear_error(tmp_path: Path) -> None:
    drawn(tmp_path / "frames", ["1.png"])
    drawn(tmp_path / "frames", ["2.png"], size=(8, 8))
    with pytest.raises(SourceError, match=r"2\.png is 8x8; the first picture is 16x12"):
        list(PicturesSource(tmp_path / "frames"))
    (tmp_path / "frames" / "2.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"2\.png is not a picture"):
        list(PicturesSource(tmp_path / "frames"))

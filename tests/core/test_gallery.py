"""Backgrounds by name, by fit, and as videos."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from humanseg.assets import backgrounds
from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.image import ImageBackground, read_picture
from humanseg.compositing.video import VideoBackground
from humanseg.errors import SettingsError
from humanseg.fitting import fitted
from humanseg.frames import Frame, Matte
from humanseg.pipeline import Pipeline
from humanseg.sinks.collect import CollectSink
from humanseg.sources.demo import DemoSource
from humanseg.sources.video_file import VideoFileSource

RED, GREEN = (250, 10, 10), (10, 250, 10)


def at(time: Fraction | float = 0, size: tuple[int, int] = (64, 48)) -> tuple[Frame, Matte]:
    """A black frame of a moment, without a person."""
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    return Frame(rgb=rgb, time=Fraction(time)), Matte(alpha=np.zeros(rgb.shape[:2], np.float32))


# Fitting


def halves(width: int, height: int) -> np.ndarray:
    """Red on the left, green on the right."""
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:, : width // 2], rgb[:, width // 2 :] = RED, GREEN
    return rgb


@pytest.mark.parametrize("size", [(100, 50), (60, 90), (33, 77), (400, 10), (1, 1)])
@pytest.mark.parametrize("how", ["fill", "fit", "stretch"])
def test_every_way_gives_the_size_and_keeps_the_middle(size: tuple[int, int], how: Any) -> None:
    source = halves(80, 60)
    source.flags.writeable = False
    rgb = fitted(source, size, how)
    assert rgb.shape == (size[1], size[0], 3)
    assert rgb.flags.c_contiguous
    black = (rgb.max(axis=2) < 5).sum()
    if how == "fit" and min(size) > 1:
        scale = min(size[0] / 80, size[1] / 60)
        shown = max(1, round(80 * scale)) * max(1, round(60 * scale))
        assert black == size[0] * size[1] - shown
    else:
        assert black == 0
    if min(size) > 8:
        middle = rgb[size[1] // 2]
        assert tuple(middle[size[0] // 2 - 3]) == RED
        assert tuple(middle[size[0] // 2 + 3]) == GREEN


def test_what_fits_already_is_not_copied_and_an_unknown_way_is_refused() -> None:
    rgb = halves(8, 6)
    assert fitted(rgb, (8, 6), "fit") is rgb
    assert fitted(rgb[:, ::-1], (8, 6)).flags.c_contiguous
    with pytest.raises(ValueError, match="fill, fit, stretch"):
        fitted(rgb, (4, 4), "tile")  # type: ignore[arg-type]


def test_pictures_fit_as_the_word_before_them_says(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wide.png"), np.full((10, 40, 3), 200, np.uint8))
    shares = {}
    for word in ("", "fill:", "fit:", "stretch:"):
        rgb = parse_background(f"{word}{tmp_path / 'wide.png'}").render(*at(size=(40, 40)))
        shares[word] = (rgb[:, :, 0] > 100).mean()
    assert shares == {"": 1.0, "fill:": 1.0, "fit:": 0.25, "stretch:": 1.0}
    with pytest.raises(ValueError, match="fit is"):
        ImageBackground(np.zeros((4, 4, 3), np.uint8), "tile")  # type: ignore[arg-type]


# The gallery


def test_the_gallery_has_pictures_of_one_size_that_are_not_heavy() -> None:
    gallery = backgrounds()
    assert len(gallery) >= 8
    assert list(gallery) == sorted(gallery)
    assert sum(path.stat().st_size for path in gallery.values()) < 3_000_000
    for path in gallery.values():
        rgb = read_picture(path)
        assert rgb.shape == (1080, 1920, 3)
        assert rgb.std() > 5, f"{path.stem} is empty"


def test_a_picture_of_the_gallery_is_asked_for_by_name() -> None:
    name, path = next(iter(backgrounds().items()))
    expected = ImageBackground(read_picture(path)).render(*at())
    for text in (name, f"gallery:{name}", f"fill:gallery:{name}"):
        np.testing.assert_array_equal(parse_background(text).render(*at()), expected)


def test_a_wrong_name_gets_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match="'studoi' in the gallery") as caught:
        parse_background("gallery:studoi")
    assert caught.value.hint == "Did you mean studio?"
    with pytest.raises(SettingsError, match="no background 'Studioo'") as caught:
        parse_background("Studioo")
    assert "Did you mean 'studio'?" in caught.value.hint
    with pytest.raises(SettingsError, match="'xyzzy' in the gallery") as caught:
        parse_background("gallery:xyzzy")
    assert "There are: " in caught.value.hint


# Videos


def shades(index: int, size: tuple[int, int]) -> np.ndarray:
    return np.full((size[1], size[0], 3), 20 + 20 * index, np.uint8)


@pytest.fixture
def loop(media: Any) -> Path:
    """Ten frames, 10 a second: 20, 40, ... 200."""
    path: Path = media.clip("loop.mp4", frames=10, rate=10, size=(64, 48), picture=shades, options={"g": "4"})
    return path


def shade(background: VideoBackground, time: Fraction | float) -> int:
    """The number of the picture that is shown."""
    return round((float(background.render(*at(time)).mean()) - 20) / 20)


def test_a_video_keeps_its_own_rate_and_loops(loop: Path) -> None:
    background = parse_background(str(loop))
    assert isinstance(background, VideoBackground)
    shown = [shade(background, Fraction(index, 25)) for index in range(60)]
    assert shown == [index * 10 // 25 % 10 for index in range(60)]


def test_what_it_shows_depends_on_the_time_only(loop: Path) -> None:
    """Dropped frames, jumps either way, a stop: always the picture of that moment."""
    background = VideoBackground(loop)
    for tenths in (0, 0, 3, 4, 9, 1, 1, 8, 2, 57, 40, 1000, 999, 123456, 5):
        assert shade(background, Fraction(2 * tenths + 1, 20)) == tenths % 10


def test_batch_and_live_get_the_same_pictures(loop: Path) -> None:
    demo = DemoSource(size=(96, 64), seconds=0.7)
    alpha = Matte(alpha=np.zeros((64, 96), np.float32))
    all_of_them = [Compositor(VideoBackground(loop)).composite(demo.frame(index), alpha).rgb for index in range(21)]
    dropping = Compositor(VideoBackground(loop))
    for index in (0, 3, 4, 11, 20):
        np.testing.assert_array_equal(dropping.composite(demo.frame(index), alpha).rgb, all_of_them[index])


def test_a_video_fills_fits_and_follows_a_new_frame_size(loop: Path) -> None:
    background = VideoBackground(loop, "fit")
    wide = background.render(*at(0.9, size=(128, 48)))
    assert wide.shape == (48, 128, 3)
    assert wide[:, :32].max() < 5
    assert wide[:, 32:96].min() > 150
    assert background.render(*at(0.9, size=(64, 48))).min() > 150
    assert not wide.flags.writeable
    assert isinstance(parse_background(f"stretch:{loop}"), VideoBackground)
    with pytest.raises(ValueError, match="fit is"):
        VideoBackground(loop, "tile")  # type: ignore[arg-type]


def test_a_picture_is_fitted_once_for_as_long_as_it_is_shown(loop: Path) -> None:
    background = VideoBackground(loop)
    assert background.render(*at(0.51)) is background.render(*at(0.58))
    background.close()


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.GIF"), "w", format="gif") as container:
        stream: Any = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb8"
        for index in range(5):
            picture = np.full((24, 32, 3), 255 * (index % 2), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="rgb8")))
        container.mux(stream.encode(None))
    background = parse_background(str(tmp_path / "a.GIF"))
    assert [int(background.render(*at(Fraction(2 * index + 1, 20))).mean() > 127) for index in range(7)] == [
        0, 1, 0, 1, 0, 0, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"not a video"])
def test_a_file_that_is_no_video_is_a_settings_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "beach.mp4").write_bytes(content)
    with pytest.raises(SettingsError, match=r"beach\.mp4"):
        parse_background(str(tmp_path / "beach.mp4"))
    with pytest.raises(SettingsError, match="There is no picture"):
        parse_background(str(tmp_path / "nothing.mp4"))


def test_a_video_that_is_damaged_on_the_way_loops_what_there_is(media: Any, loop: Path) -> None:
    place, size = media.places(loop)[6]
    data = bytearray(loop.read_bytes())
    data[place : place + size] = b"\xff" * size
    loop.write_bytes(data)
    background = VideoBackground(loop)
    shown = [shade(background, Fraction(2 * tenths + 1, 20)) for tenths in range(24)]
    assert shown[:5] == [0, 1, 2, 3, 4]
    assert shown[10:15] == [0, 1, 2, 3, 4]
    assert shown[20:24] == [0, 1, 2, 3]
    assert all(0 <= number <= 9 for number in shown)


def test_a_pipeline_composites_over_a_video(loop: Path, media: Any) -> None:
    class Nobody:
        def reset(self) -> None: ...

        def matte(self, frame: Frame) -> Matte:
            return Matte(alpha=np.zeros(frame.rgb.shape[:2], np.float32))

    sink = CollectSink()
    source = VideoFileSource(media.clip("clip.mp4", frames=30, rate=Fraction(30)))
    Pipeline(source, Nobody(), Compositor(VideoBackground(loop)), [sink]).run()
    shown = [round((float(frame.rgb.mean()) - 20) / 20) for frame in sink.frames]
    assert shown == [index // 3 for index in range(30)]


def test_an_hdr_video_is_shown_as_a_television_set_does(media: Any) -> None:
    """And not as the washed-out codes: PQ's code for white, 58 % of its range, is nearly white."""

    def white(index: int, size: tuple[int, int]) -> av.VideoFrame:
        grey = np.full((size[1], size[0], 3), 148, np.uint8)
        return av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p10le")

    hdr = {"pixel_format": "yuv420p10le", "color_trc": 16, "color_primaries": 9, "colorspace": 9}
    path = media.clip("hdr.mp4", frames=3, picture=white, **hdr)
    assert VideoBackground(path).render(*at(0)).min() > 185

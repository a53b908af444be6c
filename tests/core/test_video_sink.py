"""Video files as sinks: the same times, sound and colours as the source, and a whole file or none."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from humanseg.errors import SinkError
from humanseg.frames import Colour, Frame
from humanseg.sinks import colour as sink_colour
from humanseg.sinks.collect import CollectSink
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sources import colour as source_colour
from humanseg.sources.video_file import VideoFileSource

ENDINGS = [".mp4", ".mov", ".mkv", ".webm"]
EXACT = [".mp4", ".mov"]
CLIPS = Path(__file__).parents[2].parent / "shared" / "clips"


# Times


@pytest.mark.parametrize("ending", EXACT)
@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24), Fraction(25)])
def test_a_constant_rate_is_kept_exactly(media: Any, rate: Any, ending: Any) -> None:
    path = media.clip(frames=24, rate=rate, time_base=1 / (rate * 10) / 100)
    output = media.folder / f"out{ending}"
    media.copy(path, output)
    assert media.times(output) == media.times(path) == [index / rate for index in range(24)]
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.frames) == (rate, 24)


IRREGULAR = [77, 1000, 1500, 4321, 4322, 9000, 9999, 15000, 15001, 30000, 30700, 31000]


@pytest.mark.parametrize("ending", EXACT)
@pytest.mark.parametrize("start", [0, 77, 123_457])
@pytest.mark.parametrize("ticks", [30_000, 90_000, 1_000_000])
def test_every_time_of_a_variable_rate_is_kept_exactly(media: Any, ending: Any, start: Any, ticks: Any) -> None:
    times = [Fraction(start + tick, ticks) for tick in IRREGULAR]
    output = media.folder / f"out{ending}"
    sink = VideoFileSink(output)
    sink.open(media.info(time_base=Fraction(1, ticks)))
    for index, time in enumerate(times):
        duration = Fraction(70_001, ticks) if time == times[-1] else None
        sink.write(media.frame(index, time=time, duration=duration))
    sink.close()
    assert media.times(output) == times
    with av.open(str(output)) as container:
        stream: Any = container.streams.video[0]
        assert stream.duration * stream.time_base == times[-1] + Fraction(70_001, ticks) - times[0]
        last: Any = list(container.decode(video=0))[-1]
        assert last.duration * last.time_base == Fraction(70_001, ticks)


@pytest.mark.parametrize("ending", [".mkv", ".webm"])
def test_matroska_keeps_times_to_the_millisecond(media: Any, ending: Any) -> None:
    path = media.clip(times=IRREGULAR, last_duration=70_000)
    output = media.folder / f"out{ending}"
    media.copy(path, output)
    pairs = zip(media.times(output), media.times(path), strict=True)
    assert all(abs(written - read) <= Fraction(1, 2000) for written, read in pairs)
    last: Any = list(VideoFileSource(output))[-1]
    assert abs(last.duration - Fraction(70, 30)) <= Fraction(1, 1000)


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_clock_whose_ticks_are_not_unit_fractions(media: Any, ending: Any) -> None:
    output = media.folder / f"out{ending}"
    sink = VideoFileSink(output)
    sink.open(media.info(rate=Fraction(25), time_base=Fraction(40, 1000)))
    for index in range(5):
        sink.write(media.frame(index, time=index * Fraction(1, 25)))
    sink.close()
    assert media.times(output) == [Fraction(index, 25) for index in range(5)]


def test_a_copy_of_a_copy_is_the_same(media: Any) -> None:
    path = media.clip(times=IRREGULAR, last_duration=5000, options={"bf": "3"})
    first, second = media.folder / "1.mp4", media.folder / "2.mov"
    media.copy(path, first)
    frames = media.copy(first, second)
    again = list(VideoFileSource(second))
    assert [(each.time, each.duration) for each in again] == [(each.time, each.duration) for each in frames]


def test_frames_must_get_later(media: Any) -> None:
    sink = VideoFileSink(media.folder / "out.mp4")
    sink.open(media.info())
    sink.write(media.frame(0))
    with pytest.raises(SinkError, match="not later"):
        sink.write(media.frame(1, time=Fraction(0)))
    assert media.names() == []


# Pixels


@pytest.mark.parametrize("size", [(67, 48), (64, 45), (67, 45), (64, 48)])
@pytest.mark.parametrize("ending", ENDINGS)
def test_any_size_comes_back_with_every_pixel(media: Any, ending: Any, size: Any) -> None:
    output = media.folder / f"out{ending}"
    sink = VideoFileSink(output, quality=4)
    sink.open(media.info(size))
    rgb = np.full((size[1], size[0], 3), 60, np.uint8)
    rgb[-3:] = rgb[:, -3:] = 190
    for index in range(3):
        sink.write(Frame(rgb=rgb, index=index, time=Fraction(index, 30)))
    sink.close()
    for each in VideoFileSource(output):
        assert each.size == size
        assert np.abs(each.rgb.astype(int) - rgb)[:, -2:].mean() < 6
        assert np.abs(each.rgb.astype(int) - rgb)[-2:].mean() < 6


CODINGS = [
    Colour(matrix=m, primaries=p, transfer=t) for m, p, t in [(1, 1, 1), (6, 6, 6), (5, 5, 6), (7, 7, 7), (9, 9, 14)]
]
CODINGS += [Colour(), Colour(full_range=True), Colour(matrix=1, primaries=1, transfer=13, full_range=True)]
CODINGS += [Colour(matrix=9, primaries=9, transfer=14), Colour(matrix=4, primaries=4, transfer=4)]


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
@pytest.mark.parametrize("colour", CODINGS)
def test_colours_and_their_tags_come_back(media: Any, colour: Any, ending: Any) -> None:
    size = (128, 96)
    column, row = np.meshgrid(np.linspace(30, 220, 128), np.linspace(30, 220, 96))
    rgb = np.stack([column, row, 250 - (column + row) / 2], axis=-1).astype(np.uint8)
    output = media.folder / f"out{ending}"
    sink = VideoFileSink(output, quality=6)
    sink.open(media.info(size, colour=colour))
    for index in range(4):
        sink.write(Frame(rgb=rgb, index=index, time=Fraction(index, 30)))
    sink.close()
    source = VideoFileSource(output)
    assert source.info.colour == colour
    for each in source:
        difference = each.rgb.astype(int) - rgb
        assert np.abs(difference).mean() < 1.5
        assert np.abs(difference.mean(axis=(0, 1))).max() < (1.5 if colour.full_range else 0.8)


def test_a_matrix_that_cannot_be_written_is_replaced_and_named(media: Any) -> None:
    output = media.folder / "out.mp4"
    sink = VideoFileSink(output)
    sink.open(media.info(colour=Colour(matrix=0, primaries=1, transfer=13, full_range=True)))
    sink.write(media.frame(0))
    sink.close()
    assert VideoFileSource(output).info.colour == Colour(matrix=6, primaries=1, transfer=13)


def test_webm_keeps_colours(media: Any) -> None:
    output = media.folder / "out.webm"
    path = media.clip(frames=4, size=(128, 96), colorspace=1, color_primaries=1, color_trc=1)
    frames = media.copy(path, output)
    source = VideoFileSource(output)
    assert source.info.colour == Colour(matrix=1, primaries=1, transfer=1)
    for read, written in zip(source, frames, strict=True):
        assert np.abs(read.rgb.astype(int) - written.rgb).mean() < 5


@pytest.mark.parametrize(
    "size", [(320, 240), (720, 576), (576, 1024), (608, 1080), (720, 577), (1280, 534), (1920, 1080)]
)
def test_sources_and_sinks_guess_the_same_matrix(size: Any) -> None:
    read = source_colour.matrix_for(2, size)
    assert sink_colour.FromRgb(Colour(), size, "yuv420p")._matrix == read


def test_a_turned_picture_is_turned_once(media: Any) -> None:
    one = 1 << 16
    path = media.clip(frames=3, size=(96, 64), matrix=[0, one, 0, -one, 0, 0, 0, 0, 1 << 30])
    output = media.folder / "out.mp4"
    frames = media.copy(path, output)
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (64, 96)
        assert next(container.decode(video=0)).rotation == 0
    for read, written in zip(VideoFileSource(output), frames, strict=True):
        assert np.abs(read.rgb.astype(int) - written.rgb).mean() < 5


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_the_shape_of_pixels_is_kept(media: Any, ending: Any) -> None:
    output = media.folder / f"out{ending}"
    media.copy(media.clip(frames=3, sample_aspect_ratio=Fraction(4, 3)), output)
    assert VideoFileSource(output).info.pixel_aspect == Fraction(4, 3)


def test_webm_refuses_pixels_that_are_not_square(media: Any) -> None:
    with pytest.raises(SinkError, match="not square") as caught:
        VideoFileSink(media.folder / "out.webm").open(media.info(pixel_aspect=Fraction(4, 3)))
    assert ".mp4" in caught.value.hint
    assert media.names() == []


def test_quality_makes_the_file_smaller(media: Any) -> None:
    path = media.clip(frames=10, size=(128, 96))
    for name, quality in (("good.mp4", 10), ("poor.mp4", 40)):
        media.copy(path, media.folder / name, quality=quality)
    assert (media.folder / "poor.mp4").stat().st_size < (media.folder / "good.mp4").stat().st_size


def test_collect_keeps_frames_in_order(media: Any) -> None:
    sink = CollectSink()
    sink.open(media.info())
    for index in range(3):
        sink.write(media.frame(index))
    sink.close()
    sink.abandon()
    assert [each.index for each in sink.frames] == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.skipif(not CLIPS.is_dir(), reason="no clips of people here")
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_real_clips_come_through(media: Any, ending: Any) -> None:
    for path in sorted(CLIPS.glob("*.mp4"), key=lambda each: each.stat().st_size)[:3]:
        output = media.folder / f"{path.stem}{ending}"
        frames = [(each.time, each.duration) for each in media.copy(path, output, sound_from=path, quality=30)]
        assert len(frames) == VideoFileSource(path).info.frames
        written = [(each.time, each.duration) for each in VideoFileSource(output)]
        allowed = 0 if ending == ".mp4" else Fraction(1, 2000)
        assert all(abs(one[0] - other[0]) <= allowed for one, other in zip(frames, written, strict=True))
        assert (written == frames) or ending == ".mkv"
        originals, copies = media.sounds(path), media.sounds(output)
        assert [[data for _, data in each] for each in copies] == [[data for _, data in each] for each in originals]
        if ending == ".mp4":
            assert copies == originals

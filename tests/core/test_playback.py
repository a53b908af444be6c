"""A file played as a camera, and the reels under it."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import humanseg.sources.playback as module
from humanseg.errors import SourceError
from humanseg.sources.file_reel import FileReel
from humanseg.sources.playback import PlaybackSource, open_playback
from humanseg.sources.reel import DemoReel
from humanseg.sources.video_file import VideoFileSource

if TYPE_CHECKING:
    from humanseg.frames import Frame


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSED_S", 0.005)


@pytest.fixture
def play(media: Any) -> Callable[..., PlaybackSource]:
    """Twenty frames, 200 a second, key pictures at 0, 8 and 16."""

    def start(**settings: Any) -> PlaybackSource:
        clip = media.clip(frames=20, rate=200, options={"preset": "ultrafast", "g": "8"})
        return open_playback(clip, **settings)

    return start


def place(source: PlaybackSource) -> int:
    return round(source.position * 200)


def test_it_plays_in_order_no_picture_before_its_time_and_then_stands_still(
    play: Callable[..., PlaybackSource],
) -> None:
    source = play()
    assert source.info.live
    assert source.length == Fraction(1, 10)
    frames, places = [], []
    began = perf_counter()
    for frame in source:
        frames.append(frame)
        places.append(place(source))
        if source.paused and places.count(19) == 3:
            source.close()
    assert places == [*range(20), 19, 19]
    for index in range(1, 20):
        assert frames[index].born - began >= index / 200
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))
    assert [frame.index for frame in frames] == list(range(22))
    assert frames[19].rgb is frames[20].rgb


def test_the_pictures_are_those_of_the_file(media: Any) -> None:
    clip = media.clip(frames=9, rate=200)
    expected = [frame.rgb for frame in VideoFileSource(clip)]
    source = open_playback(clip)
    for frame, rgb in zip(source, expected, strict=False):
        np.testing.assert_array_equal(frame.rgb, rgb)
        if frame.index == 8:
            source.close()


def test_a_loop_begins_again_and_times_go_on(play: Callable[..., PlaybackSource]) -> None:
    source = play(loop=True)
    places, times, born = [], [], []
    began = perf_counter()
    for frame in source:
        places.append(place(source))
        times.append(frame.time)
        born.append(frame.born)
        if len(places) == 45:
            source.looping = False
        if source.paused:
            source.close()
    assert places == [*range(20), *range(20), *range(20), 19]
    assert times == sorted(set(times))
    assert born[20] - began >= 20 / 200, "the last picture is shown as long as the others"


def test_paused_it_shows_the_same_picture_until_it_goes_on(play: Callable[..., PlaybackSource]) -> None:
    source = play()
    places: list[int] = []
    for _frame in source:
        places.append(place(source))
        if len(places) == 5:
            source.pause()
            assert source.paused
        if len(places) == 9:
            source.resume()
        if place(source) == 7:
            source.close()
    assert places == [0, 1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7]


def test_after_a_pause_it_does_not_hurry(play: Callable[..., PlaybackSource]) -> None:
    source = play()
    held, later = 0.0, 0.0
    for count, frame in enumerate(source):
        if count == 4:
            source.pause()
        if count == 14:
            held = frame.born
            source.resume()
        if place(source) == 12:
            later = frame.born
            source.close()
    assert later - held >= 7 / 200


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("target", [0, 3, 7, 8, 12, 19])
def test_a_seek_shows_the_picture_of_that_time(play: Callable[..., PlaybackSource], target: int, paused: bool) -> None:
    source = play()
    places: list[int] = []
    for _frame in source:
        places.append(place(source))
        if len(places) == 6:
            if paused:
                source.pause()
            # In the middle of the time for which that picture is shown.
            source.seek((target + 0.5) / 200)
            assert source.position == min(Fraction((target + 0.5) / 200), Fraction(19, 200))
        if len(places) == 8:
            source.close()
    following = target if paused else min(target + 1, 19)
    assert places == [0, 1, 2, 3, 4, 5, target, following]


def test_a_seek_past_the_end_is_the_last_picture_and_before_the_beginning_the_first(
    play: Callable[..., PlaybackSource],
) -> None:
    source = play()
    places: list[int] = []
    for _frame in source:
        places.append(place(source))
        if len(places) == 2:
            source.seek(99)
        if len(places) == 5:
            source.seek(-1)
        if len(places) == 6:
            source.close()
    assert places == [0, 1, 19, 19, 19, 0]


def test_resuming_at_the_end_plays_it_again(play: Callable[..., PlaybackSource]) -> None:
    source = play()
    places: list[int] = []
    for _frame in source:
        places.append(place(source))
        if source.paused:
            source.resume()
        if len(places) == 25:
            source.close()
    assert places == [*range(20), 19, 0, 1, 2, 3] or places == [*range(20), 0, 1, 2, 3, 4]


def test_another_thread_may_close_a_paused_one(play: Callable[..., PlaybackSource]) -> None:
    source = play()
    source.pause()
    begun = threading.Event()
    frames: list[Frame] = []

    def read() -> None:
        for frame in source:
            frames.append(frame)
            begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(10)
    source.close()
    reader.join(10)
    assert not reader.is_alive()


def test_the_demo_plays_too(monkeypatch: pytest.MonkeyPatch) -> None:
    source = PlaybackSource(DemoReel((160, 90)), loop=True)
    source.seek(5.99)
    places = []
    for frame in source:
        places.append(round(source.position * 30))
        assert frame.rgb.shape == (90, 160, 3)
        if len(places) == 3:
            source.close()
    assert places == [179, 0, 1]
    assert open_playback("demo").info.width == 1280


def test_what_is_no_video_is_told(media: Any) -> None:
    (media.folder / "notes.mp4").write_bytes(b"not a video")
    with pytest.raises(SourceError, match="not a video"):
        open_playback(media.folder / "notes.mp4")


# Reels


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm", "clip.avi", "clip.ts"])
def test_a_reel_starts_anywhere(media: Any, name: str) -> None:
    reel = FileReel(media.clip(name, frames=30, rate=25, size=(96, 64)))
    whole = list(reel.pictures())
    assert [round(picture.time * 25) for picture in whole] == list(range(30))
    assert abs(reel.length - Fraction(30, 25)) <= Fraction(1, 25)
    for start in (29, 0, 13):
        rest = list(reel.pictures(Fraction(2 * start + 1, 50)))
        assert [round(picture.time * 25) for picture in rest] == list(range(start, 30))
        np.testing.assert_array_equal(rest[0].rgb, whole[start].rgb)
    reel.close()
    reel.close()


def test_a_reel_is_upright_and_begins_at_0(media: Any) -> None:
    one = 1 << 16
    quarter = [0, one, 0, -one, 0, 0, 0, 0, 1 << 30]
    path = media.clip(size=(96, 64), frames=5, times=[9000 + 1000 * index for index in range(5)], matrix=quarter)
    reel = FileReel(path)
    pictures = list(reel.pictures())
    assert reel.size == (64, 96)
    assert [picture.time for picture in pictures] == [Fraction(index, 30) for index in range(5)]
    expected = [frame.rgb for frame in VideoFileSource(path)]
    for picture, rgb in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(picture.rgb, rgb)
        assert not picture.rgb.flags.writeable


def test_what_declares_no_length_is_measured_by_reading_it(media: Any) -> None:
    reel = FileReel(media.clip("clip.mkv", frames=30, rate=25, container_options={"live": "1"}))
    assert abs(reel.length - Fraction(30, 25)) <= Fraction(1, 500)
    assert len(list(reel.pictures())) == 30


def test_a_damaged_picture_is_a_source_error(media: Any) -> None:
    path = media.clip(frames=30, pixel_format="yuv420p", codec="libx264", size=(96, 64))
    at, size = media.places(path)[12]
    data = bytearray(path.read_bytes())
    data[at : at + size] = b"\xff" * size
    path.write_bytes(data)

    def play_it() -> Iterator[Any]:
        return FileReel(path).pictures()

    with pytest.raises(SourceError, match="is damaged"):
        list(play_it())

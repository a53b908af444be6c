"""What every source promises, tried on each of them."""

import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from humanseg.sources import Source
from humanseg.sources.demo import DemoSource
from humanseg.sources.video_file import VideoFileSource

FRAMES = 24


def video_file(media: Any) -> Source:
    return VideoFileSource(media.clip(frames=FRAMES, size=(96, 64), rate=Fraction(30000, 1001)))


def turned_file(media: Any) -> Source:
    one = 1 << 16
    path = media.clip(frames=FRAMES, size=(96, 64), matrix=[0, one, 0, -one, 0, 0, 0, 0, 1 << 30])
    return VideoFileSource(path)


def matroska(media: Any) -> Source:
    return VideoFileSource(media.clip("clip.mkv", frames=FRAMES, size=(90, 62), rate=24, sound=["aac"]))


def demo(_media: Any) -> Source:
    return DemoSource(size=(160, 90), rate=Fraction(24), seconds=FRAMES / 24)


Opener = Callable[[], Source]


@pytest.fixture(params=[video_file, turned_file, matroska, demo])
def opened(request: pytest.FixtureRequest, media: Any) -> Opener:
    return lambda: request.param(media)


def test_frames_come_in_order_and_end(opened: Opener) -> None:
    frames = list(opened())
    assert [frame.index for frame in frames] == list(range(FRAMES))
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))


def test_frames_are_what_the_info_says(opened: Opener) -> None:
    source = opened()
    info = source.info
    assert not info.live
    assert info.frames == FRAMES
    count = 0
    for frame in source:
        assert frame.rgb.shape == (info.height, info.width, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb.flags.c_contiguous
        assert isinstance(frame.time, Fraction)
        assert (frame.time / info.time_base).denominator == 1
        assert abs(frame.time - Fraction(count) / info.rate) <= info.time_base
        assert frame.duration is None or frame.duration > 0
        count += 1
    assert count == FRAMES


def test_nobody_writes_into_a_frame(opened: Opener) -> None:
    frame = next(iter(opened()))
    with pytest.raises(ValueError, match="read-only"):
        frame.rgb[0, 0] = 0


def test_a_frame_outlives_its_source(opened: Opener) -> None:
    source = opened()
    frames = list(source)
    sums = [int(frame.rgb.sum()) for frame in frames]
    source.close()
    again = [int(frame.rgb.sum()) for frame in opened()]
    del source
    assert [int(frame.rgb.sum()) for frame in frames] == sums == again


def test_close_before_the_first_frame(opened: Opener) -> None:
    source = opened()
    source.close()
    source.close()
    assert list(source) == []
    assert source.info.width > 0


def test_close_ends_the_iteration(opened: Opener) -> None:
    source = opened()
    seen = []
    for frame in source:
        seen.append(frame.index)
        if frame.index == 3:
            source.close()
    source.close()
    assert seen == [0, 1, 2, 3]


def test_close_after_the_end(opened: Opener) -> None:
    source = opened()
    assert len(list(source)) == FRAMES
    source.close()
    source.close()


def test_another_thread_may_close(opened: Opener) -> None:
    source = opened()
    second, closed = threading.Event(), threading.Event()

    def close() -> None:
        second.wait(10)
        source.close()
        source.close()
        closed.set()

    thread = threading.Thread(target=close)
    thread.start()
    count = 0
    for _ in source:
        count += 1
        if count == 2:
            second.set()
            assert closed.wait(10)
    thread.join()
    assert count == 2


def test_another_thread_may_iterate(opened: Opener) -> None:
    source = opened()
    indices: list[int] = []
    thread = threading.Thread(target=lambda: indices.extend(frame.index for frame in source))
    thread.start()
    thread.join(30)
    source.close()
    assert indices == list(range(FRAMES))

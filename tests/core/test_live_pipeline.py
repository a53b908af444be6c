"""Sinks that come and go while a pipeline runs."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Event, Semaphore

import numpy as np
import pytest

from humanseg.errors import SinkError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline import Pipeline

PATIENCE_S = 20


class Camera:
    """Gives a frame for each `pace.release()`."""

    def __init__(self, *, live: bool = True) -> None:
        self.info = StreamInfo(width=6, height=4, rate=Fraction(30), time_base=Fraction(1, 30), live=live)
        self.pace = Semaphore(0)
        self._closed = Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(100_000):
            while not self.pace.acquire(timeout=0.01):
                if self._closed.is_set():
                    return
            yield Frame(rgb=np.full((4, 6, 3), index % 256, np.uint8), index=index, time=Fraction(index, 30))

    def close(self) -> None:
        self._closed.set()


class Plain:
    def reset(self) -> None: ...

    def matte(self, frame: Frame) -> Matte:
        return Matte(alpha=np.zeros(frame.rgb.shape[:2], np.float32))

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        return Frame(rgb=frame.rgb + np.uint8(1), index=frame.index, time=frame.time, born=frame.born)


class Noting:
    """Notes what is asked of it."""

    def __init__(self, *, lossless: bool = True, before: Callable[[Frame], object] = lambda _frame: None) -> None:
        self.lossless = lossless
        self.before = before
        self.indices: list[int] = []
        self.calls: list[str] = []
        self.written = Semaphore(0)

    def open(self, info: StreamInfo) -> None:
        self.calls.append("open")

    def write(self, frame: Frame) -> None:
        self.before(frame)
        self.indices.append(frame.index)
        self.written.release()

    def close(self) -> None:
        self.calls.append("close")

    def abandon(self) -> None:
        self.calls.append("abandon")

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.written.acquire(timeout=PATIENCE_S)


@pytest.fixture
def live() -> Iterator[tuple[Pipeline, Camera, Noting]]:
    camera, first = Camera(), Noting()
    run = Pipeline(camera, Plain(), Plain(), [first])
    yield run, camera, first
    run.stop()
    if run._started:
        with contextlib.suppress(SinkError):  # the test has seen it
            run.wait(PATIENCE_S)
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    assert not left, left


def show(camera: Camera, *sinks: Noting, count: int = 1) -> None:
    """That many frames, one after the other, each seen by all these sinks."""
    for _ in range(count):
        camera.pace.release()
        for sink in sinks:
            sink.wait()


Live = tuple[Pipeline, Camera, Noting]


def test_a_sink_that_is_added_gets_the_frames_from_then_on_and_one_that_is_removed_is_closed(live: Live) -> None:
    run, camera, first = live
    run.start()
    show(camera, first, count=3)
    second = Noting()
    run.add_sink(second)
    show(camera, first, second, count=4)
    ended = run.remove_sink(second)
    assert ended.wait(PATIENCE_S)
    assert second.calls == ["open", "close"]
    show(camera, first, count=2)
    assert second.indices == [3, 4, 5, 6]
    assert first.indices == list(range(9))
    assert run.problems == ()


def test_a_removed_recorder_writes_what_waits_for_it(live: Live) -> None:
    run, camera, first = live
    let_go = Event()
    recorder = Noting(before=lambda _frame: let_go.wait(PATIENCE_S))
    run.add_sink(recorder)
    run.start()
    show(camera, first, count=10)
    ended = run.remove_sink(recorder)
    show(camera, first, count=3)
    assert not ended.is_set()
    let_go.set()
    assert ended.wait(PATIENCE_S)
    assert recorder.indices == list(range(10))
    assert recorder.calls == ["open", "close"]


def test_the_last_sink_may_be_removed_and_another_be_added(live: Live) -> None:
    run, camera, first = live
    run.start()
    show(camera, first)
    assert run.remove_sink(first).wait(PATIENCE_S)
    frames = run.stats.frames
    camera.pace.release()
    while run.stats.frames == frames:
        assert not run.wait(0.005), "a run without sinks goes on"
    second = Noting()
    run.add_sink(second)
    show(camera, second, count=2)
    assert second.indices == [2, 3]


def test_adding_and_removing_many_times_leaves_nothing_behind(live: Live) -> None:
    run, camera, first = live
    run.start()
    for _ in range(50):
        sink = Noting(lossless=False)
        run.add_sink(sink)
        show(camera, first, sink)
        assert run.remove_sink(sink).wait(PATIENCE_S)
        assert sink.calls == ["open", "close"]
    assert len(run._branches.threads) <= 3
    assert sum(thread.name.startswith("humanseg-sink") for thread in threading.enumerate()) <= 2


def test_an_added_sink_that_fails_ends_alone_and_may_be_removed(live: Live) -> None:
    run, camera, first = live

    def full(_frame: Frame) -> None:
        raise SinkError("The disk is full.")

    run.start()
    broken = Noting(before=full)
    run.add_sink(broken)
    show(camera, first)
    while "abandon" not in broken.calls:
        run.wait(0.005)
    show(camera, first, count=3)
    assert run.remove_sink(broken).wait(PATIENCE_S)
    assert [problem.problem for problem in run.problems] == ["The disk is full."]
    assert first.indices == list(range(4))


def test_when_the_last_sink_fails_after_others_were_removed_the_run_ends_with_its_reason(live: Live) -> None:
    run, camera, first = live
    run.start()

    def full(frame: Frame) -> None:
        if frame.index >= 2:
            raise SinkError("The disk is full.")

    broken = Noting(before=full)
    run.add_sink(broken)
    show(camera, first, broken, count=2)
    assert run.remove_sink(first).wait(PATIENCE_S)

    def show_until_the_end() -> None:
        while not run.wait(0.005):
            camera.pace.release()

    with pytest.raises(SinkError, match="disk is full"):
        show_until_the_end()


def test_a_sink_that_was_removed_before_the_start_is_never_opened(live: Live) -> None:
    run, camera, first = live
    second = Noting()
    run.add_sink(second)
    assert run.remove_sink(second).is_set()
    run.start()
    show(camera, first)
    assert second.calls == []


def test_a_sink_that_takes_no_more_is_removed_when_it_has_ended(live: Live) -> None:
    run, camera, first = live
    let_go = Event()

    class Slow(Noting):
        def abandon(self) -> None:
            assert let_go.wait(PATIENCE_S)
            super().abandon()

    def full(_frame: Frame) -> None:
        raise SinkError("The disk is full.")

    run.start()
    broken = Slow(before=full)
    run.add_sink(broken)
    show(camera, first)
    while not run.problems:
        run.wait(0.005)
    show(camera, first, count=2)
    ended = run.remove_sink(broken)
    assert not ended.is_set()
    let_go.set()
    assert ended.wait(PATIENCE_S)
    assert broken.calls == ["open", "abandon"]


def test_one_that_is_not_there_is_gone_already(live: Live) -> None:
    assert live[0].remove_sink(Noting()).is_set()


def test_a_run_that_has_ended_takes_no_sink(live: Live) -> None:
    run, camera, first = live
    run.start()
    show(camera, first)
    run.stop()
    with pytest.raises(RuntimeError, match="has ended"):
        run.add_sink(Noting())
    assert run.wait(PATIENCE_S)
    with pytest.raises(RuntimeError, match="has ended"):
        run.add_sink(Noting())


def test_the_sinks_of_a_file_stay() -> None:
    sink = Noting()
    run = Pipeline(Camera(live=False), Plain(), Plain(), [sink])
    with pytest.raises(RuntimeError, match="at the beginning"):
        run.add_sink(Noting())
    with pytest.raises(RuntimeError, match="every frame"):
        run.remove_sink(sink)
    run.stop()

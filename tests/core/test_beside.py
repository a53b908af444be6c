"""Live frames that are finished while the next one is looked at: when that is done, and what stays as it was."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from threading import Event, Semaphore
from time import perf_counter, sleep

import numpy as np
import pytest

from humanseg.errors import EngineError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline import Pipeline
from humanseg.pipeline.finisher import Finisher, LookedOne
from humanseg.pipeline.ways import AGAIN_S, BEGINS_S, KEEPS_UP, LONG, LONGEST_S, SHORT, TURN, Ways

PATIENCE_S = 20
INFO = StreamInfo(width=6, height=4, rate=Fraction(30), time_base=Fraction(1, 30), live=True)


STARTED: list[tuple[Pipeline, "Parts"]] = []


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    for run, parts in STARTED:  # so that a failing test does not hold up the exit
        run.stop()
        parts.let_all_go()
    STARTED.clear()
    assert not left, f"threads left behind: {left}"


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Composites are made beside wherever they may be."""

    class Beside:
        beside = True

        def note(self, now: float, frame_s: float | None) -> None: ...

    monkeypatch.setattr("humanseg.pipeline.worker.Ways", Beside)


class Camera:
    """Gives a frame for each `pace.release()`; `given` counts those that were put."""

    def __init__(self, count: int) -> None:
        self.info = INFO
        self.pace, self.given = Semaphore(0), Semaphore(0)
        self._count, self._closed = count, Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            while not self.pace.acquire(timeout=0.01):
                if self._closed.is_set():
                    return
            yield Frame(rgb=np.full((4, 6, 3), index, np.uint8), index=index, time=Fraction(index, 30))
            self.given.release()

    def close(self) -> None:
        self._closed.set()

    def give(self, count: int) -> None:
        for _ in range(count):
            self.pace.release()
            assert self.given.acquire(timeout=PATIENCE_S)


class Parts:
    """Matter, compositor and sink in one, whose steps a test lets go one by one."""

    lossless = True

    def __init__(self) -> None:
        self.matting, self.compositing = Semaphore(0), Semaphore(0)
        self.matte_let_go, self.composite_let_go = Semaphore(0), Semaphore(0)
        self.matted: list[int] = []
        self.composited: list[tuple[int, bool]] = []
        self.written: list[Frame] = []
        self.resets = 0
        self.fails: set[int] = set()

    def reset(self) -> None:
        self.resets += 1

    def matte(self, frame: Frame) -> Matte:
        self.matted.append(frame.index)
        self.matting.release()
        assert self.matte_let_go.acquire(timeout=PATIENCE_S)
        return Matte(alpha=np.full(frame.rgb.shape[:2], frame.index / 100, np.float32))

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        assert matte.alpha[0, 0] == np.float32(frame.index / 100), "frame and matte were parted"
        self.composited.append((frame.index, threading.current_thread().name.startswith("humanseg-composite")))
        self.compositing.release()
        assert self.composite_let_go.acquire(timeout=PATIENCE_S)
        if frame.index in self.fails:
            raise EngineError(f"Frame {frame.index} broke.")
        return replace(frame, rgb=frame.rgb + np.uint8(100))

    def open(self, info: StreamInfo) -> None: ...

    def write(self, frame: Frame) -> None:
        self.written.append(frame)

    def close(self) -> None: ...

    def abandon(self) -> None: ...

    def let_all_go(self) -> None:
        self.matte_let_go.release(1000)
        self.composite_let_go.release(1000)


def wait(for_what: Semaphore) -> None:
    assert for_what.acquire(timeout=PATIENCE_S)


def begin(count: int, *, fails: tuple[int, ...] = (), parts: Parts | None = None) -> tuple[Pipeline, Camera, Parts]:
    """A run whose frame 0 is being composited, and whose frame 1 is being matted."""
    camera, parts = Camera(count), parts or Parts()
    parts.fails.update(fails)
    run = Pipeline(camera, parts, parts, [parts], on_fault="slate")
    STARTED.append((run, parts))
    run.start()
    camera.give(1)
    wait(parts.matting)
    camera.give(1)
    parts.matte_let_go.release()
    wait(parts.compositing)
    wait(parts.matting)
    return run, camera, parts


def finish(run: Pipeline, parts: Parts) -> None:
    parts.let_all_go()
    assert run.wait(PATIENCE_S)
    shown = [frame.index for frame in parts.written]
    assert shown == sorted(shown), "a frame was overtaken"


def test_what_waits_is_no_older_than_one_frame(beside: None) -> None:
    run, camera, parts = begin(10)
    camera.give(8)  # all but the last find no room: the worker has its hands full
    parts.matte_let_go.release()
    # Frame 1 has its matte, and its turn has not come: nothing further may be taken.
    assert not parts.matting.acquire(timeout=0.2)
    parts.composite_let_go.release()
    wait(parts.compositing)
    wait(parts.matting)
    assert parts.matted == [0, 1, 9], "an older frame than the newest was taken"
    assert parts.composited == [(0, True), (1, True)]
    assert run.stats.dropped == 7
    finish(run, parts)
    assert [(frame.index, int(frame.rgb[0, 0, 0])) for frame in parts.written] == [(0, 100), (1, 101), (9, 109)]


def test_a_frame_that_nothing_waits_behind_is_finished_beside_too(beside: None) -> None:
    run, camera, parts = begin(3)
    for _ in range(2):
        parts.matte_let_go.release()
        parts.composite_let_go.release()
    wait(parts.compositing)
    # Else what comes now would have to wait until it is finished, and a machine that just keeps up would not.
    camera.give(1)
    wait(parts.matting)
    finish(run, parts)
    assert parts.composited == [(0, True), (1, True), (2, True)]


def test_it_is_told_whether_another_frame_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float | None] = []

    class Told:
        beside = True

        def note(self, now: float, frame_s: float | None) -> None:
            told.append(frame_s)

    monkeypatch.setattr("humanseg.pipeline.worker.Ways", Told)
    run, camera, parts = begin(3)
    parts.let_all_go()
    while len(parts.written) < 2:
        sleep(0.001)
    camera.give(1)
    wait(parts.matting)
    finish(run, parts)
    assert [seconds is not None for seconds in told] == [True, False]


def test_after_a_fault_beside_the_frame_that_was_matted_meanwhile_is_matted_again(beside: None) -> None:
    run, camera, parts = begin(3, fails=(0,))
    parts.matte_let_go.release()
    assert run.fault is None
    parts.composite_let_go.release()
    wait(parts.matting)  # once more, when the fault is known
    assert parts.matted == [0, 1, 1]
    assert parts.resets == 2
    assert str(run.fault) == "Frame 0 broke."
    camera.give(1)
    parts.matte_let_go.release()
    wait(parts.compositing)
    assert parts.composited[-1] == (1, False), "while a fault lasts, one frame after the other"
    finish(run, parts)
    assert run.fault is None
    assert len(run.problems) == 1
    assert [int(frame.rgb[0, 0, 0]) == 100 + frame.index for frame in parts.written][:2] == [False, True]


class Halves(Parts):
    """One whose mattes come in halves; the second one of a frame fails where `breaks` says so."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[tuple[int, bool]] = []
        self.breaks: set[int] = set()
        self.may_break = Semaphore(0)

    def look(self, frame: Frame) -> Callable[[], Matte]:
        self.matted.append(frame.index)
        self.matting.release()
        assert self.matte_let_go.acquire(timeout=PATIENCE_S)

        def second() -> Matte:
            self.drawn.append((frame.index, threading.current_thread().name.startswith("humanseg-composite")))
            if frame.index in self.breaks:
                self.breaks.clear()
                assert self.may_break.acquire(timeout=PATIENCE_S)
                raise EngineError(f"The outline of frame {frame.index} broke.")
            return Matte(alpha=np.full(frame.rgb.shape[:2], frame.index / 100, np.float32))

        return second

    def matte(self, frame: Frame) -> Matte:
        raise AssertionError("its halves are asked for")


def test_the_second_half_of_a_matte_is_made_beside_too(beside: None) -> None:
    run, _camera, parts = begin(2, parts=Halves())
    assert isinstance(parts, Halves)
    assert parts.drawn == [(0, True)], "frame 1 is looked at meanwhile"
    finish(run, parts)
    assert parts.drawn == [(0, True), (1, True)]
    assert [int(frame.rgb[0, 0, 0]) for frame in parts.written] == [100, 101]


def test_after_a_fault_in_a_second_half_the_slate_is_shown_and_the_next_frame_looked_at_again(beside: None) -> None:
    halves = Halves()
    halves.breaks.add(0)
    camera = Camera(2)
    run = Pipeline(camera, halves, halves, [halves], on_fault="slate")
    STARTED.append((run, halves))
    run.start()
    camera.give(1)
    wait(halves.matting)
    camera.give(1)
    halves.matte_let_go.release()
    wait(halves.matting)
    halves.matte_let_go.release()
    halves.may_break.release()
    finish(run, halves)
    assert halves.matted == [0, 1, 1]
    assert halves.resets == 2
    assert [int(frame.rgb[0, 0, 0]) == 100 + frame.index for frame in halves.written] == [False, True]
    assert [str(problem) for problem in run.problems] == ["The outline of frame 0 broke."]


def test_stop_waits_for_what_is_under_way(beside: None) -> None:
    run, _camera, parts = begin(10)
    run.stop()
    assert not run.wait(0.05)
    finish(run, parts)
    assert [frame.index for frame in parts.written] == [0, 1]


def one(index: int, *, beside: bool) -> LookedOne:
    frame = Frame(rgb=np.zeros((4, 6, 3), np.uint8), index=index)
    matte = Matte(alpha=np.zeros((4, 6), np.float32))
    return LookedOne(frame=frame, looked=lambda: matte, began=0, half=0, beside=beside)


def test_the_next_frame_is_not_taken_long_before_it_can_be_composited() -> None:
    let_go = Event()
    took_s = 0.3

    def slow(given: LookedOne) -> None:
        let_go.wait(PATIENCE_S if given.frame.index else took_s)

    with Finisher(slow) as finisher:
        finisher.wait_until_near(0)  # nothing is under way
        finisher.finish(one(0, beside=True))
        finisher.wait()
        began = perf_counter()
        finisher.finish(one(1, beside=True))
        finisher.wait_until_near(0.1)
        waited_s = perf_counter() - began
        let_go.set()
    assert waited_s > took_s - 0.1 - 0.01


def test_where_the_network_rests_on_every_other_frame_the_longer_look_counts(
    beside: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Resting(Parts):
        def matte(self, frame: Frame) -> Matte:
            sleep(0 if frame.index % 2 else 0.03)
            return super().matte(frame)

    lefts_s: list[float] = []
    monkeypatch.setattr(Finisher, "wait_until_near", lambda _finisher, left_s: lefts_s.append(left_s))
    camera, parts = Camera(6), Resting()
    parts.let_all_go()
    run = Pipeline(camera, parts, parts, [parts], on_fault="slate")
    STARTED.append((run, parts))
    run.start()
    for _ in range(6):
        camera.give(1)
        wait(parts.matting)
    finish(run, parts)
    assert len(lefts_s) == 6
    assert min(lefts_s) >= 0.03


def test_what_fails_beside_is_told_with_the_next_frame_or_at_the_end() -> None:
    def fail(given: LookedOne) -> None:
        raise EngineError(f"Frame {given.frame.index} broke.")

    with Finisher(fail) as finisher:
        finisher.finish(one(0, beside=True))
        with pytest.raises(EngineError, match="Frame 0"):
            finisher.finish(one(1, beside=True))
        finisher.wait()
    with pytest.raises(EngineError, match="Frame 2"), Finisher(fail) as finisher:
        finisher.finish(one(2, beside=True))


def feed(ways: Ways, now: float, seconds: float, *, in_turn_s: float = 0.04, beside_s: float) -> list[tuple[bool, int]]:
    """Frames that others wait behind, from `now` on; how many went one way, then the other, and so on."""
    taken, end = [], now + seconds
    while now < end:
        taken.append(ways.beside)
        took_s = beside_s if ways.beside else in_turn_s
        now += took_s
        ways.note(now, took_s)
    return [(beside, len(list(run))) for beside, run in groupby(taken)]


def test_at_the_start_frames_are_composited_in_turn_and_nothing_is_tried() -> None:
    ways = Ways()
    assert [beside for beside, _count in feed(ways, 0, BEGINS_S, beside_s=0.01)] == [False]


@pytest.mark.parametrize(("beside_s", "is_better"), [(0.02, True), (0.036, True), (0.038, False), (0.06, False)])
def test_both_ways_take_turns_and_the_better_one_is_kept(beside_s: float, is_better: bool) -> None:
    ways = Ways()
    runs = feed(ways, 0, BEGINS_S + AGAIN_S, beside_s=beside_s)
    tried = SHORT if beside_s in (0.02, 0.06) else LONG
    assert sum(count for beside, count in runs if beside is not is_better) < BEGINS_S / 0.04 + 2 + tried * TURN
    assert runs[-1][0] is ways.beside is is_better
    # The one, the other twice as long, the one, and so on to the end of the trial: what changes with time favours none.
    assert runs[1 : 2 * (tried // 2) : 2] == [(True, 2 * TURN)] * (tried // 2)
    # Another program came, or went: then the other way is the better one.
    feed(ways, 100, AGAIN_S, beside_s=0.09 - beside_s)
    assert ways.beside is (0.09 - beside_s < 0.0368)


def test_a_machine_that_slows_down_or_speeds_up_meanwhile_decides_nothing() -> None:
    for change in (0.99, 1.01):
        ways, now, took_s = Ways(), 0.0, 0.04
        for _ in range(round(BEGINS_S / took_s) + 2 * LONG * TURN + 2):
            now += 0.04
            ways.note(now, took_s)
            took_s *= change
        assert not ways.beside


def test_one_turn_that_went_well_by_chance_is_not_enough() -> None:
    ways = Ways()
    ways.note(0, 0.04)
    times = [0.04] * TURN + [0.02] * TURN + [0.04] * (2 * LONG - 2) * TURN
    for took_s in times:
        ways.note(BEGINS_S, took_s)
    assert not ways.beside
    assert feed(ways, BEGINS_S, AGAIN_S - 1, beside_s=0.04)[0][0] is False, "the trial is over"


def test_the_same_way_again_is_tried_less_and_less_often_until_it_is_the_other_one() -> None:
    ways = Ways()
    began = [0.0]
    now = 0.0
    while len(began) < 7:
        before = ways.beside
        took_s = 0.02 if before else 0.04
        now += took_s
        ways.note(now, took_s)
        if before and not ways.beside and now - began[-1] > 10:  # in a trial, only for this long
            began.append(now)
    pauses = [round(later - before) for before, later in pairwise(began[1:])]
    assert pauses == pytest.approx([60, 120, LONGEST_S, LONGEST_S, LONGEST_S], abs=3)
    feed(ways, now + LONGEST_S, 5, beside_s=0.06)  # another program came
    assert not ways.beside
    soon = now + LONGEST_S + 5 + AGAIN_S
    assert feed(ways, soon, 5, beside_s=0.03)[-1][0], "after a change it is tried soon again"


def in_the_first_turn_beside() -> Ways:
    ways = Ways()
    ways.note(0, 0.04)
    for _ in range(TURN):
        ways.note(BEGINS_S, 0.04)
    assert ways.beside
    return ways


def test_where_hardly_a_frame_done_beside_is_waited_behind_the_other_way_is_not_tried() -> None:
    ways = in_the_first_turn_beside()
    for index in range(KEEPS_UP):
        ways.note(BEGINS_S, 0.06 if index < TURN - 1 else None)
    ran = [beside for beside, _count in feed(ways, BEGINS_S, AGAIN_S - 1, beside_s=0.06)]
    assert ran == [True], "the trial is over"
    now = BEGINS_S + AGAIN_S
    for index in range(20_000):
        now += 0.033
        ways.note(now, None if index % 10 else 0.06)
        assert ways.beside
    assert not feed(ways, now + LONGEST_S, 5, beside_s=0.06)[-1][0], "where all wait it is tried again"


def test_where_every_third_frame_done_beside_is_waited_behind_both_ways_are_compared() -> None:
    ways = in_the_first_turn_beside()
    for index in range(2 * KEEPS_UP - 2):
        assert ways.beside
        ways.note(BEGINS_S, None if index % 3 else 0.06)
    assert not ways.beside

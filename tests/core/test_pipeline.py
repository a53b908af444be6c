"""The pipeline with small parts made here: what is promised in section "Threads, queues, ends" of the architecture."""

import os
import signal
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Event, Semaphore, Thread
from typing import Any

import numpy as np
import pytest

from humanseg.errors import EngineError, HumansegError, SinkError, SourceError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline import Pipeline

PATIENCE_S = 20
RUNS: list[Pipeline] = []


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    for run in RUNS:
        run.stop()  # so that a failing test does not hold up the exit
    RUNS.clear()
    assert not left, f"threads left behind: {left}"


def picture(index: int) -> Frame:
    rgb = np.full((4, 6, 3), index % 256, np.uint8)
    rgb.flags.writeable = False
    return Frame(rgb=rgb, index=index, time=Fraction(index, 30))


class SyntheticSource:
    """`count` frames, as fast as they are taken; before each one it waits for `pace`, if there is one."""

    def __init__(self, count: int, *, live: bool = False, pace: Semaphore | None = None, size: int = 6) -> None:
        self.info = StreamInfo(
            width=size,
            height=4,
            rate=Fraction(30),
            time_base=Fraction(1, 30),
            live=live,
            frames=None if live else count,
        )
        self.error: BaseException | None = None
        self.made: list[weakref.ref[Frame]] = []
        self.released_by: str | None = None
        self._count = count
        self._pace = pace
        self._closed = Event()

    def __iter__(self) -> Iterator[Frame]:
        try:
            for index in range(self._count):
                while self._pace and not self._pace.acquire(timeout=0.01):
                    if self._closed.is_set():
                        return
                if self._closed.is_set():
                    return
                frame = picture(index)
                self.made.append(weakref.ref(frame))
                yield frame
                del frame
            if self.error:
                raise self.error
        finally:
            self.released_by = threading.current_thread().name

    def close(self) -> None:
        self._closed.set()


class SyntheticMatter:
    """Says in alpha which frame it saw; calls `before` with each frame first."""

    def __init__(self, before: Callable[[Frame], object] = lambda frame: None) -> None:
        self.before = before
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def matte(self, frame: Frame) -> Matte:
        self.before(frame)
        return Matte(alpha=np.full(frame.rgb.shape[:2], frame.index, np.float32))


class SyntheticCompositor:
    """Adds `lift` to the frame, and refuses a matte that is not the frame's."""

    def __init__(self, lift: int = 100) -> None:
        self.lift = lift

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        if matte.alpha[0, 0] != frame.index:
            raise AssertionError("frame and matte were parted")
        return Frame(rgb=frame.rgb + np.uint8(self.lift), index=frame.index, time=frame.time, born=frame.born)


class SyntheticSink:
    """Notes what is asked of it and by whom; calls `before` with each frame first."""

    def __init__(self, *, lossless: bool = True, before: Callable[[Frame], object] = lambda frame: None) -> None:
        self.lossless = lossless
        self.before = before
        self.frames: list[Frame] = []
        self.calls: list[str] = []
        self.threads: set[str] = set()
        self.raises: dict[str, BaseException] = {}
        self.info: StreamInfo | None = None

    def _called(self, what: str) -> None:
        self.calls.append(what)
        self.threads.add(threading.current_thread().name)
        if what in self.raises:
            raise self.raises[what]

    def open(self, info: StreamInfo) -> None:
        self.info = info
        self._called("open")

    def write(self, frame: Frame) -> None:
        self.before(frame)
        self._called("write")
        self.frames.append(frame)

    def close(self) -> None:
        self._called("close")

    def abandon(self) -> None:
        self._called("abandon")

    @property
    def indices(self) -> list[int]:
        return [frame.index for frame in self.frames]

    @property
    def ending(self) -> list[str]:
        return [call for call in self.calls if call in ("close", "abandon")]


def pipeline(
    source: SyntheticSource,
    *sinks: SyntheticSink,
    matter: SyntheticMatter | None = None,
    compositor: SyntheticCompositor | None = None,
) -> Pipeline:
    RUNS.append(Pipeline(source, matter or SyntheticMatter(), compositor or SyntheticCompositor(), sinks))
    return RUNS[-1]


def finish(run: Pipeline) -> None:
    assert run.wait(PATIENCE_S), "the run did not end"


def raising(error: BaseException, at: int) -> Callable[[Frame], None]:
    def check(frame: Frame) -> None:
        if frame.index >= at:
            raise error

    return check


def waiting(for_what: Event) -> Callable[[Frame], None]:
    def wait(frame: Frame) -> None:
        if not for_what.wait(PATIENCE_S):
            raise TimeoutError(f"frame {frame.index} was never let go")

    return wait


# A file: nothing is lost, and a file is finished whole or not at all.


def test_every_frame_of_a_file_reaches_every_sink_in_order_with_its_own_matte() -> None:
    source, sinks = SyntheticSource(100), [SyntheticSink(), SyntheticSink(lossless=False)]
    run = pipeline(source, *sinks)
    run.start()
    finish(run)
    for number, sink in enumerate(sinks):
        assert sink.indices == list(range(100))
        assert [int(frame.rgb[0, 0, 0]) for frame in sink.frames] == [index + 100 for index in range(100)]
        assert sink.info is source.info
        assert sink.calls == ["open", *["write"] * 100, "close"]
        assert sink.threads == {f"humanseg-sink-{number}"}
    assert source.released_by == "humanseg-capture"
    assert run.stats.frames == 100
    assert run.stats.dropped == 0
    assert run.problems == ()


@pytest.mark.parametrize("slow", ["matter", "sink"])
def test_a_slow_part_holds_up_a_file_and_memory_stays_bounded(slow: str) -> None:
    gate, source = Semaphore(0), SyntheticSource(50)
    part = {slow: lambda frame: gate.acquire(timeout=PATIENCE_S)}
    sink = SyntheticSink(before=part.get("sink", lambda frame: None))
    run = pipeline(source, sink, matter=SyntheticMatter(part.get("matter", lambda frame: None)))
    run.start()
    made = []
    for _ in range(50):
        made.append(len(source.made))
        gate.release()
    finish(run)
    assert sink.indices == list(range(50))
    # Two hand-offs of four, and one frame in each of the three threads.
    assert all(count <= released + 11 for released, count in enumerate(made))


def test_the_matter_forgets_the_last_run_before_the_first_frame() -> None:
    seen = []
    matter = SyntheticMatter()
    matter.before = lambda frame: seen.append(matter.resets)
    pipeline(SyntheticSource(3), SyntheticSink(), matter=matter).run()
    assert seen == [1, 1, 1]


def test_a_file_without_frames_is_an_error_and_leaves_nothing() -> None:
    sink = SyntheticSink()
    with pytest.raises(SourceError, match="no frame"):
        pipeline(SyntheticSource(0), sink).run()
    assert sink.ending == ["abandon"]


FAULTS: list[BaseException] = [
    EngineError("The engine broke."),
    SinkError("The disk is full."),
    ZeroDivisionError("a bug"),
]


@pytest.mark.parametrize("error", FAULTS, ids=["engine", "disk", "bug"])
@pytest.mark.parametrize("where", ["source", "matter", "compositor", "open", "write", "close"])
def test_an_error_anywhere_ends_a_file_reaches_the_caller_and_leaves_nothing(where: str, error: BaseException) -> None:
    source, matter, sink, other = SyntheticSource(40), SyntheticMatter(), SyntheticSink(), SyntheticSink()
    run = pipeline(source, other, sink, matter=matter)
    if where == "source":
        source.error = error
    elif where == "matter":
        matter.before = raising(error, at=20)
    elif where == "compositor":

        class Broken(SyntheticCompositor):
            def composite(self, frame: Frame, matte: Matte) -> Frame:
                raising(error, at=20)(frame)
                return super().composite(frame, matte)

        run.compositor = Broken()
    elif where == "write":
        sink.before = raising(error, at=20)
    else:
        sink.raises[where] = error
    run.start()
    with pytest.raises(type(error)) as caught:
        finish(run)
    assert caught.value is error
    names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
    assert {"_capture", "_work", "_serve"} & set(names), f"the thread's traceback is lost: {names}"
    assert sink.ending[-1] == "abandon"
    assert source.released_by == "humanseg-capture"
    if where != "close":  # a whole file beside it may have been finished by then
        assert other.ending == ["abandon"]
    with pytest.raises(type(error)):
        run.wait()


def test_the_first_error_is_the_one_that_is_told() -> None:
    sink = SyntheticSink(before=raising(SinkError("The disk is full."), at=3))
    sink.raises["abandon"] = SinkError("The file cannot be removed.")
    with pytest.raises(SinkError, match="disk is full"):
        pipeline(SyntheticSource(10), sink).run()


def test_a_source_that_still_has_frames_is_released_by_the_thread_that_read_it() -> None:
    source = SyntheticSource(10_000)
    with pytest.raises(EngineError):
        pipeline(source, SyntheticSink(), matter=SyntheticMatter(raising(EngineError("broken"), at=1))).run()
    assert source.released_by == "humanseg-capture"
    assert len(source.made) < 100


# Stopping.


@pytest.mark.parametrize("stuck", ["source", "matter", "sink"])
def test_stop_ends_a_file_wherever_it_waits_and_leaves_nothing(stuck: str) -> None:
    reached, let_go = Event(), Event()

    def block(frame: Frame) -> None:
        reached.set()
        waiting(let_go)(frame)

    pace = Semaphore(2) if stuck == "source" else None
    matter = SyntheticMatter(block if stuck == "matter" else lambda frame: None)
    sink = SyntheticSink(before=block if stuck == "sink" else lambda frame: reached.set())
    source = SyntheticSource(1000, pace=pace)
    run = pipeline(source, sink, matter=matter)
    run.start()
    assert reached.wait(PATIENCE_S)
    while stuck == "sink" and run.stats.frames < 5:
        run.wait(0.005)  # until its hand-off is full
    run.stop()
    let_go.set()
    finish(run)
    assert sink.ending == ["abandon"]
    assert len(sink.frames) <= 2, "what waited for the sink should not be written any more"
    assert source.released_by == "humanseg-capture"


@pytest.mark.parametrize("part", ["matter", "sink"])
def test_stop_may_come_from_the_pipelines_own_threads_and_more_than_once(part: str) -> None:
    def stop(frame: Frame) -> None:
        run.stop()
        run.stop()

    sink = SyntheticSink(before=stop if part == "sink" else lambda frame: None)
    run = pipeline(
        SyntheticSource(1000), sink, matter=SyntheticMatter(stop if part == "matter" else lambda frame: None)
    )
    run.start()
    finish(run)
    assert sink.ending == ["abandon"]


def test_stop_after_the_end_changes_nothing() -> None:
    sink = SyntheticSink()
    run = pipeline(SyntheticSource(5), sink)
    run.run()
    run.stop()
    assert run.wait()
    assert sink.ending == ["close"]


def test_it_runs_once_and_stopping_before_the_start_closes_the_source() -> None:
    source = SyntheticSource(5)
    run = pipeline(source)
    with pytest.raises(RuntimeError, match="not started"):
        run.wait()
    run.stop()
    assert source._closed.is_set()
    with pytest.raises(RuntimeError, match="runs once"):
        run.start()
    used = pipeline(SyntheticSource(5))
    used.run()
    with pytest.raises(RuntimeError, match="runs once"):
        used.start()


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_in_wait_stops_the_run_and_goes_on_to_the_caller_when_all_is_cleared_away() -> None:
    class Leisurely(SyntheticSink):
        def abandon(self) -> None:
            Event().wait(0.03)
            super().abandon()

    sink = Leisurely(before=lambda frame: os.kill(os.getpid(), signal.SIGINT) if frame.index == 1 else None)
    run = pipeline(SyntheticSource(1000, pace=Semaphore(3)), sink)
    # Where tests run in the background of a shell, SIGINT is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            start_and_wait(run)
    finally:
        signal.signal(signal.SIGINT, before)
    # Not at some later time: a process that ends now would leave a partial file.
    assert sink.ending == ["abandon"]


def start_and_wait(run: Pipeline) -> None:
    run.start()
    run.wait()


@pytest.mark.parametrize("live", [False, True], ids=["file", "live"])
@pytest.mark.parametrize("begun", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("can't start new thread")], ids=["ctrl-c", "threads"]
)
def test_a_start_that_is_cut_short_leaves_nothing(
    error: BaseException, begun: int, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, sinks = SyntheticSource(1000, live=live, pace=Semaphore(0)), [SyntheticSink(), SyntheticSink()]
    run = pipeline(source, *sinks)
    start = Thread.start
    started: list[str] = []

    def start_some(thread: Thread) -> None:
        if len(started) == begun:
            raise error
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(Thread, "start", start_some)
    with pytest.raises(type(error)):
        run.start()
    assert len(started) == begun
    assert [sink.ending for sink in sinks] == [["abandon"] if begun > number else [] for number in (0, 1)]
    assert source._closed.is_set()


def test_leaving_the_with_block_early_ends_the_run_and_an_error_is_not_swallowed() -> None:
    source, sink = SyntheticSource(1000, pace=Semaphore(3)), SyntheticSink()
    with pytest.raises(LookupError, match="the caller's own"), pipeline(source, sink):
        raise LookupError("the caller's own")
    assert sink.ending == ["abandon"]
    failed = Event()

    def fail(frame: Frame) -> None:
        failed.set()
        raise EngineError("broken")

    matter = SyntheticMatter(fail)
    with pytest.raises(EngineError, match="broken"), pipeline(SyntheticSource(5), matter=matter):
        assert failed.wait(PATIENCE_S)


def test_waiting_with_a_limit_says_whether_the_run_has_ended() -> None:
    let_go = Event()
    run = pipeline(SyntheticSource(3), SyntheticSink(before=waiting(let_go)))
    run.start()
    assert not run.wait(0.01)
    let_go.set()
    assert run.wait(PATIENCE_S)


def test_a_files_frame_is_composited_while_the_next_one_is_matted() -> None:
    second = Event()

    class Patient(SyntheticCompositor):
        def composite(self, frame: Frame, matte: Matte) -> Frame:
            assert frame.index or second.wait(PATIENCE_S), "the second matte never began"
            return super().composite(frame, matte)

    sink = SyntheticSink()
    matter = SyntheticMatter(lambda frame: second.set() if frame.index else None)
    with pipeline(SyntheticSource(5), sink, matter=matter, compositor=Patient()) as run:
        assert run.wait(PATIENCE_S)
    assert [frame.index for frame in sink.frames] == [0, 1, 2, 3, 4]


def test_the_frame_before_a_fault_is_composited_before_the_run_ends() -> None:
    failed, composited = Event(), list[int]()

    def fail(frame: Frame) -> None:
        if frame.index == 3:
            failed.set()
            raise EngineError("broken")

    class Patient(SyntheticCompositor):
        def composite(self, frame: Frame, matte: Matte) -> Frame:
            assert frame.index < 2 or failed.wait(PATIENCE_S), "the fault never came"
            composite = super().composite(frame, matte)
            composited.append(frame.index)
            return composite

    sink = SyntheticSink()
    run = pipeline(SyntheticSource(5), sink, matter=SyntheticMatter(fail), compositor=Patient())
    run.start()
    with pytest.raises(EngineError, match="broken"):
        run.wait(PATIENCE_S)
    # The sink need not have come to it: its file is given up.
    assert composited == [0, 1, 2]
    assert sink.ending == ["abandon"]


# Live: never late, a slow or broken sink hurts nobody else, a recording is worth keeping.


def camera(frames: int = 10_000) -> tuple[SyntheticSource, Semaphore]:
    pace = Semaphore(0)
    return SyntheticSource(frames, live=True, pace=pace), pace


class Counting:
    """Lets a test wait until a part has seen so many frames."""

    def __init__(self) -> None:
        self._seen = Semaphore(0)

    def __call__(self, frame: Frame) -> None:
        self._seen.release()

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self._seen.acquire(timeout=PATIENCE_S), "the frame never came"


def test_live_drops_when_the_worker_is_slow_counts_it_and_delivers_the_last_frame() -> None:
    let_go, busy = Event(), Event()
    source = SyntheticSource(50, live=True)

    def slow(frame: Frame) -> None:
        busy.set()
        waiting(let_go)(frame)

    sink = SyntheticSink(lossless=False)
    run = pipeline(source, sink, matter=SyntheticMatter(slow))
    run.start()
    assert busy.wait(PATIENCE_S)
    while source.released_by is None:
        run.wait(0.005)
    let_go.set()
    finish(run)
    stats = run.stats
    assert sink.indices[-1] == 49
    assert stats.frames + stats.dropped == 50
    assert stats.dropped >= 48 - 1
    assert sink.ending == ["close"]


def test_a_stuck_preview_does_not_hold_up_the_recording() -> None:
    source, pace = camera()
    let_go, recorded = Event(), Counting()
    preview = SyntheticSink(lossless=False, before=waiting(let_go))
    recorder = SyntheticSink(before=recorded)
    run = pipeline(source, preview, recorder)
    run.start()
    for _ in range(20):
        pace.release()
        recorded.wait()
    run.stop()
    let_go.set()
    finish(run)
    assert recorder.indices == list(range(20))
    assert recorder.ending == ["close"]
    assert preview.indices[-1] == 19
    assert len(preview.frames) <= 3


def test_a_recorder_that_cannot_keep_up_is_closed_whole_and_told_and_the_preview_goes_on() -> None:
    pace = Semaphore(0)
    # 4 x 4194304 pixels: 48 MiB a frame by the source's word, so that the recorder may hold 5.
    source = SyntheticSource(10_000, live=True, pace=pace, size=2**22)
    let_go, shown = Event(), Counting()
    preview = SyntheticSink(lossless=False, before=shown)
    recorder = SyntheticSink(before=waiting(let_go))
    run = pipeline(source, recorder, preview)
    run.start()
    for _ in range(20):
        pace.release()
        shown.wait()
    assert [type(problem) for problem in run.problems] == [SinkError]
    assert "keep up" in run.problems[0].problem
    let_go.set()
    for _ in range(5):
        pace.release()
        shown.wait()
    run.stop()
    finish(run)
    assert recorder.indices == list(range(len(recorder.frames)))
    assert 5 <= len(recorder.frames) <= 6
    assert recorder.ending == ["close"]
    assert preview.indices == list(range(25))
    assert len(run.problems) == 1


def test_a_dead_recorder_lets_go_of_the_frames_that_waited_for_it_while_the_preview_goes_on() -> None:
    source, pace = camera()
    die, shown = Event(), Counting()
    made: list[weakref.ref[Frame]] = []

    class Watched(SyntheticCompositor):
        def composite(self, frame: Frame, matte: Matte) -> Frame:
            composite = super().composite(frame, matte)
            made.append(weakref.ref(composite))
            return composite

    def full_disk(frame: Frame) -> None:
        waiting(die)(frame)
        raise SinkError("The disk is full.")

    class Forgetful(SyntheticSink):
        def write(self, frame: Frame) -> None:
            self.before(frame)

    preview, recorder = Forgetful(lossless=False, before=shown), SyntheticSink(before=full_disk)
    run = pipeline(source, recorder, preview, compositor=Watched())
    run.start()
    for _ in range(12):
        pace.release()
        shown.wait()
    assert all(composite() for composite in made), "they should wait for the recorder"
    die.set()
    while not recorder.ending:
        run.wait(0.005)
    for _ in range(2):
        pace.release()
        shown.wait()
    # The first one is what the recorder died of: its error remembers it. The last ones are still on their way.
    kept = [index for index, composite in enumerate(made[:12]) if composite()]
    assert kept in ([], [0])
    run.stop()
    finish(run)
    assert [problem.problem for problem in run.problems] == ["The disk is full."]


@pytest.mark.parametrize("where", ["open", "write", "close"])
def test_a_live_sink_that_fails_ends_alone(where: str) -> None:
    source, pace = camera()
    shown, recorded = Counting(), Counting()
    recorder, preview = SyntheticSink(before=recorded), SyntheticSink(lossless=False, before=shown)
    problem = SinkError("The disk is full.")
    if where == "write":
        recorder.before = raising(problem, at=2)
    else:
        recorder.raises[where] = problem
    run = pipeline(source, recorder, preview)
    run.start()
    for _ in range(10):
        pace.release()
        shown.wait()
    run.stop()
    finish(run)
    assert preview.indices == list(range(10))
    assert preview.ending == ["close"]
    assert run.problems == (problem,)
    # What was written before a full disk is kept; what never began, or cannot be finished, is cleared away.
    assert recorder.ending == {"open": ["abandon"], "write": ["close"], "close": ["close", "abandon"]}[where]


def test_when_no_sink_is_left_a_live_run_ends_with_the_reason() -> None:
    source, pace = camera()
    problem = SinkError("The disk is full.")
    run = pipeline(source, SyntheticSink(before=raising(problem, at=1)))
    run.start()
    pace.release(2)
    while source.released_by is None:
        pace.release()
        threading.Event().wait(0.005)
    with pytest.raises(SinkError, match="disk is full"):
        finish(run)
    assert run.problems == (problem,)


def test_a_bug_in_a_live_sink_ends_the_run_and_the_recording_is_kept() -> None:
    source, pace = camera()
    recorded = Counting()
    recorder, preview = SyntheticSink(before=recorded), SyntheticSink(lossless=False)
    preview.before = lambda frame: raising(ZeroDivisionError("a bug"), at=5)(frame)
    run = pipeline(source, recorder, preview)
    run.start()
    for _ in range(5):
        pace.release()
        recorded.wait()
    pace.release()
    with pytest.raises(ZeroDivisionError):
        finish(run)
    assert recorder.indices[:5] == list(range(5))
    assert recorder.ending == ["close"]
    assert run.problems == ()


@pytest.mark.parametrize("how", ["stop", "unplugged", "engine"])
def test_a_live_recording_is_whole_however_the_run_ends(how: str) -> None:
    source, pace = camera(frames=30)
    matted, let_go = Counting(), Event()
    recorder, matter = SyntheticSink(before=waiting(let_go)), SyntheticMatter(matted)
    unplugged = SourceError("The camera is gone.")
    broken = EngineError("The engine broke.")
    if how == "unplugged":
        source.error = unplugged
    run = pipeline(source, recorder, matter=matter)
    run.start()
    for _ in range(20):
        pace.release()
        matted.wait()
    if how == "engine":
        matter.before = raising(broken, at=20)
    if how == "stop":
        while run.stats.frames < 20:
            run.wait(0.005)
        run.stop()
        let_go.set()
        finish(run)
    else:
        pace.release(10)
        while source.released_by is None:
            run.wait(0.005)
        let_go.set()
        with pytest.raises(HumansegError) as caught:
            finish(run)
        assert caught.value is {"unplugged": unplugged, "engine": broken}[how]
    assert recorder.indices[:20] == list(range(20))
    assert recorder.ending == ["close"]


def test_a_recording_in_which_nothing_was_written_is_abandoned() -> None:
    source, _ = camera()
    recorder = SyntheticSink()
    run = pipeline(source, recorder)
    run.start()
    run.stop()
    finish(run)
    assert recorder.ending == ["abandon"]


# Changing things while running, and what is told of the run.


def test_a_new_compositor_takes_over_from_the_next_frame() -> None:
    source, pace = camera()
    written = Counting()
    sink = SyntheticSink(before=written)
    run = pipeline(source, sink)
    run.start()
    for index in range(10):
        if index == 5:
            run.compositor = SyntheticCompositor(lift=200)
        pace.release()
        written.wait()
    run.stop()
    finish(run)
    assert [int(frame.rgb[0, 0, 0]) - frame.index for frame in sink.frames] == [100] * 5 + [200] * 5


def test_stats_are_frozen_and_in_proportion() -> None:
    run = pipeline(SyntheticSource(50), SyntheticSink())
    before = run.stats
    run.run()
    stats = run.stats
    assert before.frames == 0
    assert before.fps == 0
    assert stats.frames == 50
    assert stats.fps > 0
    assert 0 < stats.work_p50_s <= stats.latency_p50_s <= stats.latency_p95_s
    assert 0 < stats.matte_p50_s <= stats.work_p50_s
    assert 0 < stats.composite_p50_s <= stats.work_p50_s
    frozen: Any = stats
    with pytest.raises(AttributeError):
        frozen.frames = 0


def test_a_run_without_sinks_is_a_measurement() -> None:
    run = pipeline(SyntheticSource(5))
    run.run()
    assert run.stats.frames == 5

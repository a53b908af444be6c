"""Looking ahead: frames are held back, and come out with their own mattes, judged by those after them."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from threading import Event
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.cli.batch import main
from humanseg.errors import EngineError
from humanseg.frames import Frame, Matte, Seen, StreamInfo
from humanseg.matting import MattingOptions, open_matter
from humanseg.matting.look_ahead import LookAhead
from humanseg.pipeline import Pipeline
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
from humanseg.slate import Slate

PATIENCE_S = 20
SIZE = (48, 32)
RGB = np.random.default_rng(0).integers(60, 250, (SIZE[1], SIZE[0], 3), np.uint8)
PERSON = (slice(16, 32), slice(12, 36))


def alpha(spot: float = 0.0) -> NDArray[np.float32]:
    """A person, and in the room a spot of this alpha."""
    values = np.zeros((SIZE[1], SIZE[0]), np.float32)
    values[PERSON] = 1
    values[4:8, 4:8] = spot
    return values


def matte(index: int, spot: float, *, frames: int, rgb: NDArray[np.uint8] = RGB, begins: bool | None = None) -> Matte:
    begin = index == 0 if begins is None else begins
    return Matte(alpha=alpha(spot), seen=Seen(index=index, small=rgb, begins=begin, frames=frames))


def settled(spots: list[float], frames: int, change: Callable[[int], dict[str, Any]] = lambda _: {}) -> list[float]:
    """The spot of each frame of a picture that stands still."""
    ahead: LookAhead[int] = LookAhead()
    out: list[tuple[int, Matte]] = []
    for index, spot in enumerate(spots):
        out += ahead.add(index, matte(index, spot, frames=frames, **change(index)))
        assert len(out) >= index + 1 - frames, "a frame was held longer than it is to look ahead"
    out += ahead.release()
    assert [index for index, _ in out] == list(range(len(spots)))
    assert [given.seen.index for _, given in out if given.seen] == list(range(len(spots)))
    for _, given in out:
        assert np.array_equal(given.alpha[PERSON], alpha()[PERSON])
        assert given.alpha.dtype == np.float32
    return [round(float(given.alpha[5, 5]), 4) for _, given in out]


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
@pytest.mark.parametrize("lasts", [1, 2, 3, 4])
def test_what_is_gone_again_within_the_frames_that_are_looked_at_is_left_out(frames: int, lasts: int) -> None:
    spots = [0.0] * 4 + [1.0] * lasts + [0.0] * 5
    expected = spots if lasts > frames else [0.0] * len(spots)
    assert settled(spots, frames) == expected
    holes = [1 - spot for spot in spots]
    assert settled(holes, frames) == [1 - spot for spot in expected]


def test_what_lasts_is_followed_at_once_and_a_slope_has_no_delay() -> None:
    step = [0.0] * 4 + [1.0] * 6
    assert settled(step, 3) == step
    slope = [round(index / 10, 1) for index in range(10)]
    assert settled(slope, 3) == slope


def test_of_what_is_unsteady_only_what_all_agree_on_is_followed() -> None:
    assert settled([0.0, 0.8, 0.6, 0.7, 0.7, 0.7], 2) == [0.0, 0.6, 0.6, 0.7, 0.7, 0.7]
    assert settled([0.5, 0.52, 0.48, 0.51, 0.49, 0.5], 1) == [0.5] * 6


def test_where_something_moves_alpha_is_the_frames_own() -> None:
    spots = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    lit = RGB.copy()
    lit[2:10, 2:10] = 255 - lit[2:10, 2:10]
    assert settled(spots, 2, lambda index: {"rgb": lit if index == 2 else RGB}) == spots
    # One that stands still now, but in which something moves among the frames after it.
    assert settled(spots, 2, lambda index: {"rgb": lit if index >= 4 else RGB})[2] == 1.0


def test_a_cut_bounds_what_is_looked_at() -> None:
    spots = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    # Frame 3 shows another scene: nothing of it counts for frame 2, and nothing of frame 2 for it.
    assert settled(spots, 3, lambda index: {"begins": index in (0, 3)}) == spots
    ahead: LookAhead[int] = LookAhead()
    held = [ahead.add(index, matte(index, 0.0, frames=3)) for index in range(3)]
    assert held == [[], [], []]
    assert [index for index, _ in ahead.add(3, matte(3, 0.0, frames=3, begins=True))] == [0, 1, 2]


def test_another_size_and_a_matte_that_tells_nothing_let_go_of_what_is_held() -> None:
    ahead: LookAhead[int] = LookAhead()
    ahead.add(0, matte(0, 1.0, frames=2))
    other = Matte(
        alpha=np.zeros((8, 8), np.float32),
        seen=Seen(index=1, small=np.zeros((8, 8, 3), np.uint8), begins=False, frames=2),
    )
    assert [index for index, _ in ahead.add(1, other)] == [0]
    plain = Matte(alpha=alpha())
    assert [(index, given is plain) for index, given in ahead.add(2, plain)] == [(1, False), (2, True)]


def test_looking_ahead_less_far_lets_go_at_once() -> None:
    ahead: LookAhead[int] = LookAhead()
    for index in range(3):
        ahead.add(index, matte(index, 0.0, frames=3))
    assert [index for index, _ in ahead.add(3, matte(3, 0.0, frames=1))] == [0, 1, 2]
    assert [index for index, _ in ahead.add(4, matte(4, 0.0, frames=0))] == [3, 4]
    assert [index for index, _ in ahead.add(5, matte(5, 0.0, frames=2))] == []


@pytest.mark.parametrize("frames", [-1, 4, 1.5])
def test_a_number_of_frames_that_there_is_not_is_refused(frames: Any) -> None:
    with pytest.raises(ValueError, match="look_ahead"):
        MattingOptions(look_ahead=frames)


# In a live run.


class Camera:
    """Gives a frame when told; `lost` for good after the last."""

    def __init__(self, count: int) -> None:
        width, height = SIZE
        self.info = StreamInfo(width=width, height=height, rate=Fraction(30), time_base=Fraction(1, 30), live=True)
        self.go = threading.Semaphore(0)
        self.problem, self.lost = None, False
        self._count, self._closed = count, Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            while not self.go.acquire(timeout=0.01):
                if self._closed.is_set():
                    return
            yield Frame(rgb=RGB, index=index, time=Fraction(index, 30))

    def close(self) -> None:
        self._closed.set()


class Parts:
    """Matter, compositor and sink in one."""

    lossless = True

    def __init__(self, *, frames: int) -> None:
        self.frames = frames
        self.matted, self.written = threading.Semaphore(0), threading.Semaphore(0)
        self.shown: list[Frame] = []
        self.fails: dict[str, int] = {}
        self.strange = False
        self._begins = True
        self._newest = -1

    def reset(self) -> None:
        self._begins = True

    def matte(self, frame: Frame) -> Matte:
        begins, self._begins = self._begins, False
        if frame.index != self._newest:  # after a fault it is asked for the same frame again
            self.matted.release()
        self._newest = frame.index
        if self.fails.get("matte") == frame.index:
            raise EngineError("The matte broke.")
        given = matte(frame.index, 0.0, frames=self.frames, begins=begins)
        if self.strange and given.seen is not None:
            return replace(given, seen=replace(given.seen, index=frame.index - 1))
        return given

    def composite(self, frame: Frame, given: Matte) -> Frame:
        assert given.seen is not None
        assert given.seen.index == frame.index
        if self.fails.get("composite") == frame.index:
            raise EngineError("The composite broke.")
        return replace(frame, rgb=np.full_like(frame.rgb, frame.index))

    def open(self, info: StreamInfo) -> None: ...

    def write(self, frame: Frame) -> None:
        self.shown.append(frame)
        self.written.release()

    def close(self) -> None: ...

    def abandon(self) -> None: ...


STARTED: list[Pipeline] = []


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    for run in STARTED:
        run.stop()
    STARTED.clear()
    assert not left, f"threads left behind: {left}"


def begin(count: int, *, frames: int, **fails: int) -> tuple[Pipeline, Camera, Parts]:
    camera, parts = Camera(count), Parts(frames=frames)
    parts.fails = fails
    run = Pipeline(camera, parts, parts, [parts], on_fault="slate")
    STARTED.append(run)
    run.start()
    return run, camera, parts


def give(camera: Camera, parts: Parts, count: int = 1) -> None:
    for _ in range(count):
        camera.go.release()
        assert parts.matted.acquire(timeout=PATIENCE_S)


def wait(parts: Parts, count: int = 1) -> None:
    for _ in range(count):
        assert parts.written.acquire(timeout=PATIENCE_S)


def told(parts: Parts) -> list[int | str]:
    slate = Slate(SIZE).rgb
    for frame in parts.shown:
        assert not np.array_equal(frame.rgb, RGB), "the room was shown"
    return ["slate" if np.array_equal(frame.rgb, slate) else int(frame.rgb[0, 0, 0]) for frame in parts.shown]


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_a_live_frame_is_shown_when_those_it_waits_for_are_matted_and_the_last_ones_at_the_end(
    frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("humanseg.pipeline.worker.HELD_S", 60)
    run, camera, parts = begin(8, frames=frames)
    give(camera, parts, 7)
    wait(parts, 7 - frames)
    assert [frame.index for frame in parts.shown] == list(range(7 - frames))
    give(camera, parts)
    assert run.wait(PATIENCE_S)
    assert told(parts) == list(range(8))
    assert [(frame.index, frame.time) for frame in parts.shown] == [(index, Fraction(index, 30)) for index in range(8)]
    names = [stage.name for stage in run.stats.stages]
    assert names == ["capture", "matte", *(["look ahead"] if frames else []), "composite"]


def test_a_camera_that_gives_nothing_for_a_while_leaves_no_frame_behind() -> None:
    run, camera, parts = begin(10, frames=3)
    give(camera, parts, 5)
    wait(parts, 5)
    assert told(parts) == [0, 1, 2, 3, 4]
    camera.lost = True
    newest = Newest()
    run.add_sink(newest)
    assert newest.covered.wait(PATIENCE_S)
    camera.lost = False
    give(camera, parts, 5)
    assert run.wait(PATIENCE_S)
    assert told(parts) == list(range(10))
    assert newest.shown[0] == "slate"
    assert newest.shown[-1] == 9


def test_a_paused_video_is_shown_where_it_is_before_its_source_may_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("humanseg.pipeline.worker.SILENT_S", 60)
    run, camera, parts = begin(3, frames=2)
    give(camera, parts, 1)
    wait(parts, 1)
    assert told(parts) == [0]
    give(camera, parts, 2)
    assert run.wait(PATIENCE_S)
    assert told(parts) == [0, 1, 2]


class Newest:
    """A preview."""

    lossless = False

    def __init__(self) -> None:
        self.covered = Event()
        self.shown: list[int | str] = []

    def open(self, info: StreamInfo) -> None: ...

    def write(self, frame: Frame) -> None:
        slate = np.array_equal(frame.rgb, Slate(SIZE).rgb)
        self.shown.append("slate" if slate else frame.index)
        if slate:
            self.covered.set()

    def close(self) -> None: ...

    def abandon(self) -> None: ...


@pytest.mark.parametrize("beside", [False, True], ids=["in turn", "beside"])
@pytest.mark.parametrize("stage", ["matte", "composite"])
def test_a_fault_shows_the_slate_for_its_frame_alone_and_in_order(
    stage: str, beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Way:
        """Frames are composited beside each other, or never."""

        def __init__(self) -> None:
            self.beside = beside

        def note(self, now: float, frame_s: float | None) -> None: ...

    monkeypatch.setattr("humanseg.pipeline.worker.Ways", Way)
    run, camera, parts = begin(10, frames=3, **{stage: 5})
    give(camera, parts, 10)
    assert run.wait(PATIENCE_S)
    assert told(parts) == [0, 1, 2, 3, 4, "slate", 6, 7, 8, 9]
    assert [frame.index for frame in parts.shown] == list(range(10))
    assert len(run.problems) == 1


def test_the_matte_of_another_frame_is_a_fault() -> None:
    run, camera, parts = begin(3, frames=0)
    parts.strange = True
    give(camera, parts, 3)
    assert run.wait(PATIENCE_S)
    assert told(parts) == ["slate"] * 3
    assert run.problems[0].problem == "Frame 0 met the matte of frame -1."


def test_a_run_that_is_stopped_shows_what_it_held() -> None:
    run, camera, parts = begin(10, frames=3)
    give(camera, parts, 2)
    run.stop()
    assert run.wait(PATIENCE_S)
    assert told(parts) == [0, 1]


# Files.


def pictures(folder: Any) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def test_a_video_keeps_its_frames_and_times(media: Any, red: Any) -> None:
    clip = media.clip(frames=25)
    times = {}
    for frames in (0, 3):
        red.options = MattingOptions(look_ahead=frames)
        result = process_video(clip, Output(path=media.folder / f"{frames}.mov", look="transparent"), matter=red)
        assert result.frames == 25
        times[frames] = media.times(media.folder / f"{frames}.mov")
    assert times[0] == times[3]
    assert len(times[3]) == 25


def test_a_run_that_was_broken_off_gives_the_same_pictures_when_it_looks_ahead(media: Any, red: Any) -> None:
    clip, cut = media.clip(frames=32), Segments(length=10, warm_up=3)
    red.options = MattingOptions(look_ahead=3)

    class Broken:
        """The matter of a process that is killed at a frame."""

        def __init__(self, at: int) -> None:
            self.model, self.engine, self.options, self.reset = red.model, red.engine, red.options, red.reset
            self.at = at

        def matte(self, frame: Frame) -> Matte:
            if frame.index == self.at:
                raise RuntimeError("killed")
            given: Matte = red.matte(frame)
            return given

    def output(name: str) -> list[Output]:
        return [Output(path=media.folder / name / "%03d.png", look="alpha")]

    process_video(clip, output("whole"), matter=red, segments=cut)
    whole = pictures(media.folder / "whole")
    assert len(whole) == 32
    for at in (11, 20, 31):
        broken: Any = Broken(at)
        with pytest.raises(RuntimeError, match="killed"):
            process_video(clip, output(f"at{at}"), matter=broken, segments=cut)
        result = process_video(clip, output(f"at{at}"), matter=red, segments=cut)
        assert result.frames == 32
        assert pictures(media.folder / f"at{at}") == whole


def test_the_command_looks_ahead_and_is_another_job_then(
    media: Any, red_model: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = media.clip(frames=12)
    words = [str(clip), "--as", "alpha", "--model", str(red_model), "--engine", "onnxruntime", "--preset", "live", "-o"]
    made = media.folder / "made"
    assert main([*words, f"{made}/%03d.png", "--look-ahead", "2"]) == 0
    options = MattingOptions(look_ahead=2)
    with open_matter(red_model, "onnxruntime", options=options) as matter:
        output = Output(path=media.folder / "meant" / "%03d.png", look="alpha")
        process_video(clip, output, matter=matter)
    assert pictures(made) == pictures(media.folder / "meant")
    assert len(pictures(made)) == 12
    capfd.readouterr()
    assert main([*words, f"{made}/%03d.png"]) == 1
    assert "made with other settings" in capfd.readouterr().err
    with pytest.raises(SystemExit) as end:
        main([*words, "out.mov", "--look-ahead", "4"])
    assert end.value.code == 2

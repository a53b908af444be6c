"""With a background on, no pixel of the room leaves: every kind of fault, every background, every sink."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from threading import Event, Semaphore
from typing import Any, ClassVar, cast

import numpy as np
import pytest
import pyvirtualcam

from humanseg.compositing import Background, Compositor, parse_background
from humanseg.compositing.passthrough import Passthrough
from humanseg.errors import EngineError, HumansegError, SourceError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.matting import Matter
from humanseg.models import ModelSpec
from humanseg.pipeline import Pipeline
from humanseg.sinks.preview import PreviewSink
from humanseg.sinks.recording import RecordingSink
from humanseg.sinks.virtual_camera import VirtualCameraSink
from humanseg.slate import Slate
from humanseg.sources.video_file import VideoFileSource

SIZE = (96, 64)
WIDTH, HEIGHT = SIZE
GOOD, FAULTY, AGAIN = 3, 3, 3
COUNT = GOOD + FAULTY + AGAIN
PATIENCE_S = 20

ALPHA = np.zeros((HEIGHT, WIDTH), np.float32)
ALPHA[16:, 36:60] = 1
ALPHA.flags.writeable = False
ROOM = ALPHA == 0

CHANCE = np.random.default_rng(0)
ROOMS = [CHANCE.integers(60, 256, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(COUNT)]


def raw(index: int) -> Frame:
    rgb = ROOMS[index]
    rgb.flags.writeable = False
    return Frame(rgb=rgb, index=index, time=Fraction(index, 30))


class Camera:
    """Gives a frame when the one before has arrived; `change` may spoil it."""

    def __init__(self, change: Callable[[Frame], Frame] = lambda frame: frame) -> None:
        self.info = StreamInfo(width=WIDTH, height=HEIGHT, rate=Fraction(30), time_base=Fraction(1, 30), live=True)
        self.arrived = Semaphore(1)
        self.change = change
        self._closed = Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(COUNT):
            while not self.arrived.acquire(timeout=0.01):
                if self._closed.is_set():
                    return
            yield self.change(raw(index))

    def close(self) -> None:
        self._closed.set()


class Pressing(Camera):
    """Has the next frame waiting before one is matted, and is matting it before the one is composited."""

    def __init__(self) -> None:
        super().__init__()
        self.offered = [Event() for _ in range(COUNT)]
        self.matting = [Event() for _ in range(COUNT)]
        self.beside: set[int] = set()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(COUNT):
            yield self.change(raw(index))
            self.offered[index].set()
            while not self.matting[index].wait(0.01):
                if self._closed.is_set():
                    return

    def wait_for_next(self, frame: Frame) -> None:
        self.matting[frame.index].set()
        if frame.index + 1 < COUNT:
            assert self.offered[frame.index + 1].wait(PATIENCE_S)

    def wait_for_its_matte(self, frame: Frame) -> None:
        if threading.current_thread().name.startswith("humanseg-composite"):
            self.beside.add(frame.index)
            if frame.index + 1 < COUNT:
                assert self.matting[frame.index + 1].wait(PATIENCE_S)


class Meeting:
    """A compositor that meets the matter at the next frame."""

    def __init__(self, camera: Pressing, compositor: Any) -> None:
        self.camera = camera
        self.compositor = compositor

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        self.camera.wait_for_its_matte(frame)
        return cast("Frame", self.compositor.composite(frame, matte))


class Beside:
    """Always the harder way."""

    beside = True

    def note(self, now: float, frame_s: float | None) -> None: ...


class Tap:
    """Sees every frame that leaves, and lets the camera give the next."""

    lossless = True

    def __init__(self, camera: Camera) -> None:
        self.frames: list[Frame] = []
        self.camera = camera

    def open(self, info: StreamInfo) -> None: ...

    def write(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.camera.arrived.release()

    def close(self) -> None: ...

    def abandon(self) -> None: ...


class Watched(PreviewSink):
    """A preview that is painted after each frame."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[np.ndarray] = []

    def write(self, frame: Frame) -> None:
        super().write(frame)
        taken = self.take()
        assert taken is frame
        self.painted.append(taken.rgb)


class Backend:
    """A virtual camera in memory."""

    sent: ClassVar[list[np.ndarray]] = []

    def __init__(self, *, width: int, height: int, **_rest: Any) -> None:
        self.shape = (height, width, 3)

    def close(self) -> None: ...

    def send(self, frame: np.ndarray) -> None:
        self.sent.append(frame.reshape(self.shape).copy())

    def device(self) -> str:
        return "memory"

    def native_fourcc(self) -> None:
        return None


class FixedMatter:
    """Always the right matte, as long as nothing spoils it."""

    def __init__(self, spoil: Callable[[Frame, Matte], Matte]) -> None:
        self.spoil = spoil
        self.before: Callable[[Frame], None] = lambda _frame: None
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def matte(self, frame: Frame) -> Matte:
        self.before(frame)
        return self.spoil(frame, Matte(alpha=ALPHA))


class FixedHalves(FixedMatter):
    """One whose mattes come in halves, and are spoilt in the second."""

    def look(self, frame: Frame) -> Callable[[], Matte]:
        self.before(frame)
        return lambda: self.spoil(frame, Matte(alpha=ALPHA))


def is_faulty(frame: Frame) -> bool:
    return GOOD <= frame.index < GOOD + FAULTY


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def changed(**what: Any) -> Callable[[Frame, Matte], Matte]:
    return lambda _frame, matte: replace(matte, **what)


def with_nan() -> np.ndarray:
    alpha = ALPHA.copy()
    alpha[5, 7] = np.nan
    return alpha


MATTER_FAULTS: dict[str, Callable[[Frame, Matte], Any]] = {
    "engine error": raising(EngineError("The engine broke.")),
    "a bug": raising(ZeroDivisionError("a bug")),
    "memory": raising(MemoryError()),
    "NaN in one pixel": changed(alpha=with_nan()),
    "NaN": changed(alpha=np.full_like(ALPHA, np.nan)),
    "infinity": changed(alpha=np.full_like(ALPHA, np.inf)),
    "above 1": changed(alpha=np.full_like(ALPHA, 255)),
    "below 0": changed(alpha=ALPHA - 1),
    "the person everywhere": changed(alpha=np.ones_like(ALPHA)),
    "transposed": changed(alpha=np.ascontiguousarray(ALPHA.T)),
    "smaller": changed(alpha=ALPHA[::2, ::2].copy()),
    "double precision": changed(alpha=ALPHA.astype(np.float64)),
    "a foreground of another size": changed(foreground=np.zeros((4, 4, 3), np.uint8)),
    "nothing": lambda _frame, _matte: None,
}

COMPOSITOR_FAULTS: dict[str, Callable[[Frame, Frame], Any]] = {
    "raises": raising(ValueError("a bug")),
    "the frame itself": lambda frame, _composite: frame,
    "a view of the frame": lambda frame, composite: replace(composite, rgb=frame.rgb[:]),
    "smaller": lambda _frame, composite: replace(composite, rgb=composite.rgb[::2, ::2]),
    "floats": lambda _frame, composite: replace(composite, rgb=cast("Any", composite.rgb / 255)),
    "nothing": lambda _frame, _composite: None,
}

SOURCE_FAULTS: dict[str, Callable[[Frame], Frame]] = {
    "another size": lambda frame: replace(frame, rgb=np.ascontiguousarray(frame.rgb[:32, :48])),
    "turned": lambda frame: replace(frame, rgb=np.ascontiguousarray(frame.rgb.transpose(1, 0, 2))),
}

BACKGROUNDS = ("blur", "#00b140", "picture", "video")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Background]:
    import av
    import cv2

    folder = tmp_path_factory.mktemp("backgrounds")
    cv2.imwrite(str(folder / "picture.png"), np.full((20, 30, 3), (10, 20, 30), np.uint8))
    with av.open(str(folder / "video.mp4"), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for index in range(5):
            picture = np.full((32, 32, 3), 10 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    names = {"picture": str(folder / "picture.png"), "video": str(folder / "video.mp4")}
    return lambda name: parse_background(names.get(name, name))


class SpoiltCompositor(Compositor):
    def __init__(self, background: Background, spoil: Callable[[Frame, Frame], Any]) -> None:
        super().__init__(background)
        self.spoil = spoil

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        composite = super().composite(frame, matte)
        return cast("Frame", self.spoil(frame, composite)) if is_faulty(frame) else composite


class SpoiltBackground:
    def __init__(self, background: Background, spoil: Callable[[np.ndarray], Any]) -> None:
        self.background = background
        self.spoil = spoil

    def render(self, frame: Frame, matte: Matte) -> Any:
        rgb = self.background.render(frame, matte)
        return self.spoil(rgb) if is_faulty(frame) else rgb


BACKGROUND_FAULTS: dict[str, Callable[[np.ndarray], Any]] = {
    "raises": raising(OSError("the disk is gone")),
    "smaller": lambda rgb: rgb[:8, :8],
    "nothing": lambda _rgb: None,
}

CASES = [
    *(("matter", fault) for fault in MATTER_FAULTS),
    *(("second half", fault) for fault in MATTER_FAULTS),
    *(("compositor", fault) for fault in COMPOSITOR_FAULTS),
    *(("background", fault) for fault in BACKGROUND_FAULTS),
    *(("source", fault) for fault in SOURCE_FAULTS),
]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    Backend.sent = []
    pyvirtualcam.register_backend("memory", Backend)
    yield
    del pyvirtualcam.camera.BACKENDS["memory"]
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    assert not left, f"threads left behind: {left}"


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """How far two pictures are apart where the room is."""
    return float(np.abs(one.astype(np.float64) - other)[ROOM].mean())


@pytest.mark.parametrize(
    ("background", "pressing"),
    [*((name, False) for name in BACKGROUNDS), ("video", True)],
    ids=[*BACKGROUNDS, "video, frames beside each other"],
)
@pytest.mark.parametrize(("where", "fault"), CASES, ids=lambda value: str(value))
def test_a_fault_shows_the_slate_in_every_sink_and_the_next_good_frame_is_shown_again(
    where: str,
    fault: str,
    background: str,
    scenes: Callable[[str], Background],
    tmp_path: Path,
    pressing: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("humanseg.pipeline.worker.Ways", Beside)
    camera = Pressing() if pressing else Camera()
    matter = (FixedHalves if where == "second half" else FixedMatter)(lambda _frame, matte: matte)
    compositor: Any = Compositor(scenes(background))
    if where == "source":
        camera.change = lambda frame: SOURCE_FAULTS[fault](frame) if is_faulty(frame) else frame
        matter.spoil = lambda frame, matte: (
            Matte(alpha=np.zeros(frame.rgb.shape[:2], np.float32)) if is_faulty(frame) else matte
        )
    elif where in ("matter", "second half"):
        matter.spoil = lambda frame, matte: MATTER_FAULTS[fault](frame, matte) if is_faulty(frame) else matte
    elif where == "compositor":
        compositor = SpoiltCompositor(scenes(background), COMPOSITOR_FAULTS[fault])
    else:
        compositor = Compositor(SpoiltBackground(scenes(background), BACKGROUND_FAULTS[fault]))
    if isinstance(camera, Pressing):
        matter.before, compositor = camera.wait_for_next, Meeting(camera, compositor)
    tap, preview = Tap(camera), Watched()
    recorder = RecordingSink(tmp_path / "recording.mp4")
    virtual = VirtualCameraSink(SIZE, Fraction(1000), backend="memory")
    run = Pipeline(camera, matter, compositor, [tap, preview, recorder, virtual], on_fault="slate")
    run.run()

    slate = Slate(SIZE).rgb
    oracle = Compositor(scenes(background))
    good = [oracle.composite(raw(index), Matte(alpha=ALPHA)).rgb for index in range(COUNT)]
    faulty = range(GOOD, GOOD + FAULTY)
    for index, frame in enumerate(tap.frames):
        assert (frame.index, frame.time) == (index, Fraction(index, 30))
        np.testing.assert_array_equal(frame.rgb, slate if index in faulty else good[index])
    assert len(tap.frames) == COUNT
    recorded = [frame.rgb for frame in VideoFileSource(recorder.path)]
    assert len(recorded) == COUNT
    for name, pictures in (("preview", preview.painted), ("recording", recorded), ("camera", Backend.sent)):
        assert pictures, name
        for picture in pictures:
            meant = min(distance(picture, shown) for shown in (slate, *good))
            assert meant < min(distance(picture, room) for room in ROOMS), f"{name} shows the room"
    assert len(run.problems) == 1
    assert all(isinstance(problem, HumansegError) for problem in run.problems)
    assert run.fault is None
    assert matter.resets == 1 + FAULTY, "what it remembers may be spoilt too"
    if isinstance(camera, Pressing):
        # While a fault lasts, one after the other; where the matte failed there was nothing to composite.
        first_in_turn = GOOD + (where not in ("matter", "second half"))
        assert camera.beside == {*range(first_in_turn), *range(GOOD + FAULTY + 1, COUNT)}


class BrokenEngine:
    """An engine whose network overflows for some frames."""

    name, device = "broken", "CPU"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, inputs: Any) -> dict[str, np.ndarray]:
        height, width = inputs["frame"].shape[2:]
        alpha = np.zeros((1, 1, height, width), np.float32)
        if GOOD <= self.runs < GOOD + FAULTY:
            alpha[:] = np.nan
        self.runs += 1
        return {"alpha": alpha}

    def reset(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *_error: object) -> None: ...


def test_nan_from_the_engine_shows_the_slate(scenes: Callable[[str], Background], tmp_path: Path) -> None:
    spec = ModelSpec(
        folder=tmp_path, format=1, name="test", file="model.onnx", sha256="0" * 64, pixels=6144, multiple=32,
        mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), input="frame", output="alpha",
    )  # fmt: skip
    camera = Camera()
    tap = Tap(camera)
    run = Pipeline(camera, Matter(spec, BrokenEngine()), Compositor(scenes("#00b140")), [tap], on_fault="slate")
    run.run()
    slate = Slate(SIZE).rgb
    shown = [bool((frame.rgb == slate).all()) for frame in tap.frames]
    assert shown == [False] * GOOD + [True] * FAULTY + [False] * AGAIN
    assert "NaN" in run.problems[0].problem


def test_the_same_fault_again_is_told_once_and_another_is_told(scenes: Callable[[str], Background]) -> None:
    camera = Camera()

    def spoil(frame: Frame, matte: Matte) -> Matte:
        if frame.index in (1, 3, 5):
            raise EngineError("The engine broke.")
        if frame.index == 7:
            raise EngineError("The memory is full.")
        return matte

    run = Pipeline(camera, FixedMatter(spoil), Compositor(scenes("blur")), [Tap(camera)], on_fault="slate")
    run.run()
    assert [problem.problem for problem in run.problems] == ["The engine broke.", "The memory is full."]


def test_while_it_lasts_the_fault_can_be_read(scenes: Callable[[str], Background]) -> None:
    camera = Camera()
    error = EngineError("The engine broke.")
    seen: list[HumansegError | None] = []

    class Reading(Tap):
        def write(self, frame: Frame) -> None:
            seen.append(run.fault)
            super().write(frame)

    matter = FixedMatter(lambda frame, matte: raising(error)() if is_faulty(frame) else matte)
    run = Pipeline(camera, matter, Compositor(scenes("blur")), [Reading(camera)], on_fault="slate")
    run.run()
    assert seen == [None] * GOOD + [error] * FAULTY + [None] * AGAIN


def test_only_a_persons_own_choice_shows_the_room(scenes: Callable[[str], Background]) -> None:
    camera = Camera()
    tap = Tap(camera)
    run = Pipeline(camera, FixedMatter(lambda _frame, matte: matte), Passthrough(), [tap], on_fault="slate")
    run.run()
    assert [frame.rgb is room for frame, room in zip(tap.frames, ROOMS, strict=True)] == [True] * COUNT
    assert run.problems == ()


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_source_that_fails_shows_nothing_of_the_room(
    background: str, scenes: Callable[[str], Background], tmp_path: Path
) -> None:
    camera = Camera()

    def unplugged(frame: Frame) -> Frame:
        if frame.index == GOOD:
            raise SourceError("The camera was unplugged.")
        return frame

    camera.change = unplugged
    tap, recorder = Tap(camera), RecordingSink(tmp_path / "recording.mp4")
    matter = FixedMatter(lambda _frame, matte: matte)
    run = Pipeline(camera, matter, Compositor(scenes(background)), [tap, recorder], on_fault="slate")
    with pytest.raises(SourceError, match="unplugged"):
        run.run()
    assert [frame.index for frame in tap.frames] == list(range(GOOD))
    assert len(list(VideoFileSource(recorder.path))) == GOOD


def test_a_lost_source_shows_the_slate_instead_of_an_old_picture_and_goes_on_when_it_is_back(
    scenes: Callable[[str], Background],
) -> None:
    class Losing(Camera):
        lost = False

        def __iter__(self) -> Iterator[Frame]:
            for frame in super().__iter__():
                if frame.index == GOOD:
                    self.lost = True
                    assert covered.wait(PATIENCE_S)
                    self.lost = False
                yield frame

    covered = Event()
    slate = Slate(SIZE).rgb

    class Covered(Watched):
        def write(self, frame: Frame) -> None:
            super().write(frame)
            if (frame.rgb == slate).all():
                covered.set()

    camera = Losing()
    tap, preview = Tap(camera), Covered()
    matter = FixedMatter(lambda _frame, matte: matte)
    run = Pipeline(camera, matter, Compositor(scenes("blur")), [tap, preview], on_fault="slate")
    run.run()
    assert covered.is_set()
    # A file keeps the last picture for the while: the times of what follows tell how long.
    assert [frame.index for frame in tap.frames] == list(range(COUNT))
    assert not any((frame.rgb == slate).all() for frame in tap.frames)
    assert not (preview.painted[-1] == slate).all()

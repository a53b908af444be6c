"""With a background on, nothing that leaves is nearer to the room than to the composite, whatever fails."""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.blur import BlurBackground
from humanseg.errors import EngineError, SourceError
from humanseg.fitting import fitted
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline import Pipeline
from humanseg.sinks.collect import CollectSink
from humanseg.slate import Slate
from humanseg_desktop.clearance import Clearance, Policy
from humanseg_desktop.outlet import SLATE_SIZE, Outlet, OutletSink
from humanseg_desktop.output import Output
from humanseg_desktop.tickets import ClearedFrame, Ticket

SIZE = (96, 54)
FRAMES, BEGINS, ENDS = 12, 4, 8
"""How many frames a case has, and between which of them its fault is there."""

PERSON = np.zeros((SIZE[1], SIZE[0]), np.float32)
PERSON[:, 32:64] = 1
ROOM = PERSON == 0


def raw(index: int) -> NDArray[np.uint8]:
    """A room in fine checks, which no background keeps, and a grey person."""
    column, row = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    check = (((column // 4 + row // 4 + index) % 2) * 200 + 30).astype(np.uint8)
    rgb = np.stack([check, 255 - check, check // 2], axis=-1).astype(np.uint8)
    rgb[:, 32:64] = 128
    rgb.flags.writeable = False
    return rgb


class Film:
    """Waits after each frame until it has gone through: nothing is dropped, and nothing sleeps."""

    def __init__(self, fault: Callable[[], None] | None = None) -> None:
        self.info = StreamInfo(width=SIZE[0], height=SIZE[1], rate=Fraction(30), time_base=Fraction(1, 30), live=True)
        self.through = threading.Semaphore(0)
        self._fault = fault

    def __iter__(self) -> Iterator[Frame]:
        for index in range(FRAMES):
            if self._fault and index == BEGINS:
                self._fault()
            yield Frame(rgb=raw(index), index=index, time=Fraction(index, 30))
            self.through.acquire(timeout=5)

    def close(self) -> None:
        self.through.release()


class Watched(OutletSink):
    """The pipeline's end of the outlet; tells the film that a frame is through."""

    def __init__(self, outlet: Outlet, film: Film, seen: list[NDArray[np.uint8]]) -> None:
        super().__init__(outlet)
        self._outlet_, self._film, self._seen = outlet, film, seen

    def write(self, frame: Frame) -> None:
        super().write(frame)
        assert self._outlet_.shown is not None
        self._seen.append(self._outlet_.shown.frame.rgb)
        self._film.through.release()


class Newest(CollectSink):
    """A virtual camera, as far as the output can tell."""

    lossless = False


def during(fault: Callable[..., Any]) -> Callable[[Frame, Any], Any]:
    """The fault, while it is its time."""
    return lambda frame, good: fault(frame, good) if BEGINS <= frame.index < ENDS else good


def raising(error: Exception) -> Callable[..., Any]:
    def fault(*_: object) -> Any:
        raise error

    return fault


def alpha(change: Callable[[NDArray[np.float32]], Any]) -> Callable[[Frame, Matte], Matte]:
    return lambda frame, good: Matte(alpha=change(good.alpha.copy()))


def shows(rgb: Callable[[Frame, Frame], NDArray[Any]]) -> Callable[[Frame, Frame], Frame]:
    return lambda frame, good: replace(good, rgb=rgb(frame, good))


MATTE_FAULTS: dict[str, Callable[[Frame, Any], Any]] = {
    "raises what a user can mend": raising(EngineError("The engine is gone.")),
    "raises a bug": raising(RuntimeError("a bug")),
    "is out of memory": raising(MemoryError()),
    "gives nothing": lambda frame, good: None,
    "gives NaN": alpha(lambda a: a * np.float32(np.nan)),
    "gives one NaN": alpha(lambda a: np.where(np.arange(a.size).reshape(a.shape) == 77, np.nan, a).astype(np.float32)),
    "gives infinity": alpha(lambda a: a + np.float32(np.inf)),
    "gives more than 1": alpha(lambda a: a * 3 + 0.5),
    "gives less than 0": alpha(lambda a: a - 2),
    "takes everything for the person": alpha(np.ones_like),
    "is unsure everywhere": alpha(lambda a: np.full_like(a, 0.97)),
    "sees nobody": alpha(np.zeros_like),
    "gives another size": alpha(lambda a: np.ones((9, 16), np.float32)),
    "gives another type": alpha(lambda a: np.ones(a.shape, np.float64)),
    "gives bytes": alpha(lambda a: np.full(a.shape, 255, np.uint8)),
}
COMPOSITE_FAULTS: dict[str, Callable[[Frame, Any], Any]] = {
    "raises what a user can mend": raising(SourceError("The video is gone.")),
    "raises a bug": raising(ValueError("a bug")),
    "gives the frame itself": lambda frame, good: frame,
    "gives the frame's pixels": shows(lambda frame, good: frame.rgb),
    "gives a copy of the frame": shows(lambda frame, good: frame.rgb.copy()),
    "gives a view of the frame": shows(lambda frame, good: frame.rgb[:]),
    "gives another size": shows(lambda frame, good: frame.rgb[::2, ::2].copy()),
    "gives another type": shows(lambda frame, good: frame.rgb.astype(np.float32)),
    "gives nothing": lambda frame, good: None,
}
SOURCE_FAULTS: dict[str, Callable[[], None]] = {
    "is lost": raising(SourceError("The camera was unplugged.")),
    "has a bug": raising(RuntimeError("a bug")),
}
MODES = ("blur", "#00b140", "picture", "video")
SINKS = ("preview", "virtual camera", "recording")

CASES = list(
    itertools.product(
        [
            *(("matte", name) for name in MATTE_FAULTS),
            *(("second half", name) for name in MATTE_FAULTS),
            *(("composite", name) for name in COMPOSITE_FAULTS),
            *(("source", name) for name in SOURCE_FAULTS),
        ],
        MODES,
        SINKS,
    )
)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 200


@pytest.fixture(scope="module")
def backgrounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of each mode; a picture and a video are made on the spot."""
    import av
    import cv2

    folder = tmp_path_factory.mktemp("backgrounds")
    slope = np.linspace(0, 255, 64).astype(np.uint8)[None, :, None].repeat(36, axis=0).repeat(3, axis=2)
    cv2.imwrite(str(folder / "slope.png"), slope)
    with av.open(str(folder / "slope.mp4"), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for shift in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(slope, shift * 9, axis=1), "rgb24")))
        container.mux(stream.encode(None))
    return {mode: mode for mode in MODES} | {
        "picture": str(folder / "slope.png"),
        "video": str(folder / "slope.mp4"),
    }


def check(pictures: list[NDArray[np.uint8]], composites: list[NDArray[np.uint8]]) -> None:
    """Each is a slate, or nearer to a composite than to any frame of the camera, where the room is."""
    slates = (Slate(SIZE).rgb, fitted(Slate(SLATE_SIZE).rgb, SIZE, "fit"))
    rooms = [raw(0)[ROOM].astype(int), raw(1)[ROOM].astype(int)]
    good = [rgb[ROOM].astype(int) for rgb in composites]
    for picture in pictures:
        if picture.shape[:2] != (SIZE[1], SIZE[0]):
            assert np.array_equal(picture, Slate((picture.shape[1], picture.shape[0])).rgb)
        elif not any(np.array_equal(picture, slate) for slate in slates):
            seen = picture[ROOM].astype(int)
            assert min(np.abs(seen - one).mean() for one in good) < min(np.abs(seen - one).mean() for one in rooms)


@pytest.mark.parametrize(
    ("fault", "mode", "kind"), CASES, ids=lambda part: part if isinstance(part, str) else "-".join(part)
)
def test_no_fault_shows_the_room(fault: tuple[str, str], mode: str, kind: str, backgrounds: dict[str, str]) -> None:
    stage, name = fault
    compositor = Compositor(parse_background(backgrounds[mode]))
    # A compositor of its own: a video goes on from frame to frame.
    twin = Compositor(parse_background(backgrounds[mode]))
    truth = [
        twin.composite(Frame(rgb=raw(i), index=i, time=Fraction(i, 30)), Matte(alpha=PERSON)).rgb for i in range(FRAMES)
    ]

    class Matter:
        def reset(self) -> None: ...

        def matte(self, frame: Frame) -> Any:
            good = Matte(alpha=PERSON.copy())
            return during(MATTE_FAULTS[name])(frame, good) if stage == "matte" else good

    class Halves(Matter):
        def look(self, frame: Frame) -> Callable[[], Any]:
            return lambda: during(MATTE_FAULTS[name])(frame, Matte(alpha=PERSON.copy()))

    class Faulty:
        def composite(self, frame: Frame, matte: Matte) -> Any:
            good = compositor.composite(frame, matte)
            return during(COMPOSITE_FAULTS[name])(frame, good) if stage == "composite" else good

    outlet, film = Outlet(), Film(SOURCE_FAULTS[name] if stage == "source" else None)
    outlet.start()
    clearance = Clearance((Halves if stage == "second half" else Matter)(), Policy(Faulty(), Ticket()))
    sink: CollectSink = {"recording": CollectSink, "virtual camera": Newest}.get(kind, CollectSink)()
    if kind != "preview":
        outlet.add(Output(sink, SIZE, Fraction(30)))
    outlet.admit(clearance.policy.ticket)
    shown: list[NDArray[np.uint8]] = []
    pipeline = Pipeline(film, clearance, clearance, [Watched(outlet, film, shown)], on_fault="slate")
    pipeline.start()
    try:
        pipeline.wait(20)
    except (SourceError, RuntimeError):
        assert stage == "source"
    outlet.close()
    pictures = shown if kind == "preview" else [frame.rgb for frame in sink.frames]
    check(pictures, truth)
    slates = sum(np.array_equal(picture, Slate(SIZE).rgb) for picture in shown)
    if stage == "source":
        assert len(shown) == BEGINS
    elif name != "sees nobody":
        assert (len(shown), slates) == (FRAMES, ENDS - BEGINS)
        assert np.array_equal(shown[-1], truth[-1])


def cleared(index: int, ticket: Ticket) -> ClearedFrame:
    """A frame of the time when the background was off."""
    frame = Frame(rgb=raw(index), index=index)
    return ClearedFrame(rgb=frame.rgb, ticket=ticket, before=frame, matte=Matte(alpha=PERSON))


def test_nothing_leaves_before_a_ticket_is_admitted() -> None:
    outlet, sink = Outlet(), CollectSink()
    outlet.add(Output(sink, SIZE, Fraction(30)))
    assert not outlet.show(cleared(0, Ticket()))
    outlet.close()
    assert sink.frames
    assert all(np.array_equal(frame.rgb, Slate(SIZE).rgb) for frame in sink.frames)


def test_a_frame_of_an_earlier_ticket_is_replaced_by_a_slate() -> None:
    outlet, old, new = Outlet(), Ticket(), Ticket()
    outlet.admit(old)
    assert outlet.show(cleared(0, old))
    outlet.admit(new)
    assert outlet.shown is not None
    assert outlet.shown.slate
    assert not outlet.show(cleared(1, old))
    assert outlet.shown.slate
    assert outlet.show(cleared(2, new))
    outlet.close()


def test_a_frame_that_was_not_cleared_is_replaced_by_a_slate() -> None:
    outlet, ticket = Outlet(), Ticket()
    outlet.admit(ticket)
    assert outlet.show(cleared(0, ticket))
    assert not outlet.show(Frame(rgb=raw(1)))
    assert outlet.shown is not None
    assert np.array_equal(outlet.shown.frame.rgb, Slate(SIZE).rgb)
    outlet.close()


def test_a_picture_that_nothing_follows_is_taken_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("humanseg_desktop.outlet.STALE_S", 0.05)
    monkeypatch.setattr("humanseg_desktop.outlet.BEAT_S", 0.01)
    outlet, ticket = Outlet(), Ticket()
    outlet.admit(ticket)
    outlet.show(cleared(0, ticket))
    outlet.start()
    ended = threading.Event()
    while outlet.shown and not outlet.shown.slate:
        assert not ended.wait(0.01)
    outlet.close()


def test_a_cut_out_has_no_room_under_its_transparency() -> None:
    from humanseg_desktop.cutout import cut_out

    rgba = cut_out(cleared(0, Ticket()))
    assert (rgba[ROOM] == 0).all()
    assert (rgba[~ROOM] == (128, 128, 128, 255)).all()


def test_a_weak_blur_is_a_composite_and_no_leak() -> None:
    clearance = Clearance(Knows(), Policy(Compositor(BlurBackground(0.0)), Ticket()))
    frame = Frame(rgb=raw(0))
    composite = clearance.composite(frame, clearance.matte(frame))
    assert isinstance(composite, ClearedFrame)
    assert composite.ticket is clearance.policy.ticket


def test_whether_a_frame_is_seen_is_its_own_however_far_the_next_one_is() -> None:
    seen = [True]
    clearance = Clearance(Knows(), Policy(Compositor(parse_background("#00b140")), Ticket()), lambda: seen[0])
    frames = [Frame(rgb=raw(index), index=index) for index in range(4)]
    mattes = []
    for frame, is_seen in zip(frames, (True, True, False, True), strict=True):
        seen[0] = is_seen
        mattes.append(clearance.matte(frame))
    shown = [clearance.composite(frame, matte) for frame, matte in zip(frames, mattes, strict=True)]
    assert [isinstance(frame, ClearedFrame) for frame in shown] == [True, True, False, True]
    assert np.array_equal(shown[2].rgb, Slate(SIZE).rgb)


def test_what_was_matted_before_the_background_went_off_or_came_is_not_shown_as_it_is_after() -> None:
    on, off = Policy(Compositor(parse_background("#00b140")), Ticket()), Policy(None, Ticket())
    another = Policy(Compositor(parse_background("blur")), on.ticket)
    clearance = Clearance(Knows(), on)
    frame = Frame(rgb=raw(0))
    for before, after, passes in ((on, off, False), (off, on, False), (on, another, True), (off, off, True)):
        clearance.policy = before
        matte = clearance.matte(frame)
        clearance.policy = after
        shown = clearance.composite(frame, matte)
        assert isinstance(shown, ClearedFrame) is passes
        assert passes or np.array_equal(shown.rgb, Slate(SIZE).rgb)


class Knows:
    def reset(self) -> None: ...

    def matte(self, frame: Frame) -> Matte:
        return Matte(alpha=PERSON)


def test_a_background_that_is_off_shows_the_camera_and_costs_no_network(tmp_path: Path) -> None:
    asked: list[int] = []

    class Counting(Knows):
        def matte(self, frame: Frame) -> Matte:
            asked.append(frame.index)
            return super().matte(frame)

    clearance = Clearance(Counting(), Policy(None, Ticket()))
    for index in range(5):
        frame = Frame(rgb=raw(index), index=index)
        assert np.array_equal(clearance.composite(frame, clearance.matte(frame)).rgb, frame.rgb)
    assert asked == [0]
    assert clearance.shows_room

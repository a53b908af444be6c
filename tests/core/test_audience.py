"""Whether somebody watches a virtual camera: a real file stands for its device, a real process for who watches."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import pyvirtualcam
from tests.core.test_live_sinks import BACKENDS, Backend

from humanseg.frames import Frame, StreamInfo
from humanseg.sinks import audience
from humanseg.sinks.audience import APPEARS_S, LEAVES_S, Audience, Door, door_of
from humanseg.sinks.virtual_camera import VirtualCameraSink
from humanseg.slate import Slate

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")

SIZE = (64, 48)
INFO = StreamInfo(width=64, height=48, rate=Fraction(30), time_base=Fraction(1, 90_000), live=True)
PATIENCE_S = 20


def looks(policy: Audience, start: float, seconds: float, *, is_open: bool) -> list[bool]:
    """Look twenty times a second."""
    return [policy.look(start + step / 20, is_open) for step in range(round(20 * seconds))]


def test_nobody_watches_at_first() -> None:
    policy = Audience()
    assert not policy.there
    assert not any(looks(policy, 0, 100, is_open=False))


def test_who_stays_is_seen_well_within_half_a_second() -> None:
    policy = Audience()
    seen = looks(policy, 0, 0.5, is_open=True)
    assert seen.index(True) / 20 == pytest.approx(APPEARS_S)
    assert all(seen[seen.index(True) :])


def test_who_opens_it_for_a_moment_again_and_again_does_not_watch() -> None:
    policy = Audience()
    for turn in range(100):
        assert not any(looks(policy, turn, APPEARS_S, is_open=True))
        assert not any(looks(policy, turn + APPEARS_S, 0.3, is_open=False))


def test_who_closes_it_for_a_moment_still_watches_and_who_leaves_does_not() -> None:
    policy = Audience()
    looks(policy, 0, 1, is_open=True)
    assert all(looks(policy, 1, LEAVES_S, is_open=False))
    assert all(looks(policy, 2, 1, is_open=True))
    gone = looks(policy, 3, 3, is_open=False)
    assert gone.index(False) / 20 == pytest.approx(LEAVES_S)
    assert not any(gone[gone.index(False) :])


HOLD = "import sys; file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read(); file.close(); print('shut')"


@contextmanager
def another_program_has_open(path: Path) -> Iterator[None]:
    """A process that has the file open, from the beginning of this to its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        assert process.communicate()[0] == "shut\n"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "video10"
    path.touch()
    return path


@pytest.fixture
def door(device: Path) -> Iterator[Door]:
    made = Door(device)
    yield made
    made.close()


@linux
def test_a_file_is_open_as_long_as_another_program_has_it_open(door: Door, device: Path) -> None:
    for _ in range(3):
        assert not door.is_open(monotonic())
        with another_program_has_open(device):
            assert door.is_open(monotonic())
            with another_program_has_open(device):
                assert door.is_open(monotonic())
            assert door.is_open(monotonic())
        assert not door.is_open(monotonic())


@linux
def test_who_had_it_open_before_is_seen_too(device: Path) -> None:
    with another_program_has_open(device):
        door = Door(device)
        assert door.is_open(monotonic())
    assert not door.is_open(monotonic())
    door.close()


@linux
def test_this_program_does_not_watch_itself(device: Path) -> None:
    with device.open("rb"):
        door = Door(device)
        assert not door.is_open(monotonic())
    assert not door.is_open(monotonic())
    door.close()


@linux
def test_another_file_of_that_name_is_another_file(door: Door, device: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / device.name
    other.parent.mkdir()
    other.touch()
    with another_program_has_open(other):
        assert not door.is_open(monotonic())


@linux
def test_a_program_that_may_not_be_looked_into_is_counted(
    door: Door, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "is_open_elsewhere", lambda *_: False)
    assert not door.is_open(monotonic())
    with another_program_has_open(device):
        assert door.is_open(monotonic())
        assert door.is_open(monotonic())
    assert not door.is_open(monotonic())


@linux
def test_while_nothing_is_opened_or_closed_nobody_is_looked_for(
    door: Door, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def ask(*given: object) -> bool:
        asked.append(given)
        return False

    monkeypatch.setattr(audience, "is_open_elsewhere", ask)
    for tenth in range(100):
        door.is_open(1000 + tenth / 10)
    assert len(asked) == 1
    door.is_open(1000 + audience.SWEEP_S)
    assert len(asked) == 2
    device.open("rb").close()
    door.is_open(1000 + audience.SWEEP_S + 0.1)
    assert len(asked) == 3


@linux
def test_where_nobody_can_tell_there_is_no_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert door_of("OBS Virtual Camera") is None
    assert door_of(str(tmp_path / "video99")) is None
    (tmp_path / "video10").touch()
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert door_of(str(tmp_path / "video10")) is None


# The camera


@pytest.fixture
def memory() -> Iterator[None]:
    BACKENDS.clear()
    Backend.fails = None
    pyvirtualcam.register_backend("memory", Backend)
    yield
    del pyvirtualcam.camera.BACKENDS["memory"]
    assert Backend.open_now == 0


@contextmanager
def opened(device: str | None = None, *, always: bool = False) -> Iterator[tuple[VirtualCameraSink, Backend]]:
    """A virtual camera on this device, at work."""
    sink = VirtualCameraSink(SIZE, Fraction(200), backend="memory", device=device, always=always)
    sink.open(INFO)
    try:
        yield sink, BACKENDS[-1]
    finally:
        sink.close()


def frame(level: int) -> Frame:
    return Frame(rgb=np.full((48, 64, 3), level, np.uint8))


def wait_for(backend: Backend, level: int, sink: VirtualCameraSink) -> None:
    """Write frames of this level until one is sent."""
    until = monotonic() + PATIENCE_S
    while not (backend.sent and (backend.sent[-1] == level).all()):
        assert monotonic() < until, "it was never sent"
        sink.write(frame(level))
        with backend.more:
            backend.more.wait(0.05)


def more_are_sent(backend: Backend) -> None:
    before = len(backend.sent)
    with backend.more:
        assert backend.more.wait_for(lambda: len(backend.sent) > before + 2, PATIENCE_S)


@linux
def test_a_camera_that_nobody_watches_sends_a_slate_and_who_comes_sees_what_is_made_then(
    memory: None, device: Path
) -> None:
    slate = Slate(SIZE).rgb
    with opened(str(device)) as (sink, backend):
        assert sink.watched is False
        for _ in range(5):
            sink.write(frame(10))
        backend.wait_for(slate, times=2)
        assert all((sent == slate).all() for sent in backend.sent)
        for level in (90, 120):
            with another_program_has_open(device):
                with backend.more:
                    assert backend.more.wait_for(lambda: sink.watched, PATIENCE_S)
                more_are_sent(backend)
                assert (backend.sent[-1] == slate).all()  # not what was shown last time
                wait_for(backend, level, sink)
            with backend.more:
                assert backend.more.wait_for(lambda: bool((backend.sent[-1] == slate).all()), PATIENCE_S)
            assert sink.watched is False
    seen = {int(sent[0, 0, 0]) for sent in backend.sent if not (sent == slate).all()}
    assert seen == {90, 120}  # nothing of what was made while nobody watched


@linux
def test_a_camera_that_shall_always_work_does(memory: None, device: Path) -> None:
    with opened(str(device), always=True) as (sink, backend):
        assert sink.watched is None
        sink.write(frame(90))
        backend.wait_for(frame(90).rgb)


def test_where_nobody_can_tell_the_camera_always_works(memory: None) -> None:
    with opened() as (sink, backend):
        assert sink.watched is None
        sink.write(frame(90))
        backend.wait_for(frame(90).rgb)

"""Cameras, with a capture that behaves as OpenCV's does; no device is needed."""

import os
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import humanseg.sources.camera as module
from humanseg.errors import SourceError
from humanseg.sources import open_source
from humanseg.sources.camera import Camera, CameraSource, Mode, find_camera
from humanseg.sources.cameras import _linux, list_cameras

CAMERA = Camera(id="usb-Lens_1234", name="Lens", index=0)
PATIENCE_S = 10


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("humanseg-"):
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), thread.name


def bright(index: int = 0, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """BGR: much blue, little red."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:] = (200, 100 + index % 50, 20)
    return picture


def black(_index: int = 0) -> np.ndarray:
    return np.full((48, 64, 3), 3, np.uint8)


class ScriptedCapture:
    """Gives one picture at each `more.release()`, or all at once; then what a lost device gives: nothing."""

    def __init__(self, pictures: Any, *, opened: bool = True, pace: threading.Semaphore | None = None) -> None:
        self.pictures = iter(pictures)
        self.opened = opened
        self.pace = pace
        self.released = Event()

    def isOpened(self) -> bool:  # noqa: N802 OpenCV's name
        return self.opened

    def read(self) -> tuple[bool, Any]:
        if self.pace is not None:
            assert self.pace.acquire(timeout=PATIENCE_S)
        picture = next(self.pictures, None)
        return picture is not None, picture

    def get(self, what: int, /) -> float:
        return {5: 24.0}.get(what, 0.0)

    def release(self) -> None:
        self.released.set()


def opening(capture: Any) -> Callable[[Camera, Mode], Any]:
    return lambda _camera, _mode: capture


def test_frames_are_rgb_newest_first_and_the_mode_is_what_came() -> None:
    pace = threading.Semaphore(1)
    capture = ScriptedCapture((bright(index) for index in range(5)), pace=pace)
    before = perf_counter()
    source = CameraSource(CAMERA, size=(1280, 720), rate=Fraction(30), open_capture=opening(capture))
    assert source.requested == Mode((1280, 720), Fraction(30))
    assert (source.info.width, source.info.height, source.info.live) == (64, 48, True)
    assert source.info.rate == 24
    frames = []
    for frame in source:
        frames.append(frame)
        pace.release()
        if len(frames) == 5:
            source.close()
    assert [frame.index for frame in frames] == list(range(5))
    assert [tuple(frame.rgb[0, 0]) for frame in frames] == [(20, 100 + index, 200) for index in range(5)]
    assert frames[0].time == 0
    for earlier, later in pairwise(frames):
        assert before < earlier.born <= later.born
        assert float(later.time - earlier.time) == pytest.approx(later.born - earlier.born, abs=1e-4)
        assert later.time > earlier.time
    assert not frames[0].rgb.flags.writeable
    pace.release()
    assert capture.released.wait(PATIENCE_S)


def test_a_slow_reader_gets_the_newest_and_the_index_counts_the_others() -> None:
    pace, taken = threading.Semaphore(1), Event()
    capture = ScriptedCapture((bright(index) for index in range(10)), pace=pace)
    source = CameraSource(CAMERA, open_capture=opening(capture))
    frames = iter(source)
    assert next(frames).index == 0
    for _ in range(9):
        pace.release()
    while source._thread._newest is None or source._thread._newest.number < 9:
        taken.wait(0.005)
    assert next(frames).index == 9
    source.close()
    pace.release()
    assert list(frames) == []


@pytest.mark.parametrize(
    ("capture", "words"),
    [
        (ScriptedCapture([], opened=False), "cannot be opened"),
        (ScriptedCapture([]), "gives no picture"),
    ],
    ids=["not opened", "no picture"],
)
def test_a_busy_camera_is_told_and_released(capture: ScriptedCapture, words: str) -> None:
    with pytest.raises(SourceError, match=f"The camera Lens {words}") as caught:
        CameraSource(CAMERA, open_capture=opening(capture))
    assert "other program" in caught.value.hint
    assert capture.released.wait(PATIENCE_S)


def test_what_opencv_raises_is_the_cause() -> None:
    def fail(_camera: Camera, _mode: Mode) -> Any:
        raise RuntimeError("no such backend")

    with pytest.raises(SourceError, match="cannot be opened") as caught:
        CameraSource(CAMERA, open_capture=fail)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_camera_that_hangs_is_told_in_time_and_is_not_opened_again_while_it_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert module.LIMIT_S < 3
    monkeypatch.setattr(module, "LIMIT_S", 0.02)
    let_go, opened = Event(), []
    capture = ScriptedCapture([bright()])

    def hang(_camera: Camera, _mode: Mode) -> Any:
        opened.append(threading.current_thread())
        assert let_go.wait(PATIENCE_S)
        return capture

    for _ in range(3):
        with pytest.raises(SourceError, match="does not answer"):
            CameraSource(CAMERA, open_capture=hang)
    assert len(opened) == 1
    let_go.set()
    opened[0].join(PATIENCE_S)
    assert capture.released.is_set(), "what opened too late is given back"
    CameraSource(CAMERA, open_capture=opening(ScriptedCapture([bright()]))).close()


def test_a_camera_that_stops_is_told_after_the_frames_it_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    source = CameraSource(CAMERA, open_capture=opening(ScriptedCapture([bright()])))
    frames = iter(source)
    assert next(frames).index == 0
    with pytest.raises(SourceError, match="stopped giving pictures"):
        next(frames)


def test_a_read_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = threading.Semaphore(1)
    source = CameraSource(CAMERA, open_capture=opening(ScriptedCapture([bright(), bright()], pace=pace)))
    monkeypatch.setattr(module, "LIMIT_S", 0.02)
    frames = iter(source)
    assert next(frames).index == 0
    monkeypatch.setattr(module, "RELEASE_S", 0.02)
    with pytest.raises(SourceError, match="stopped giving pictures"):
        list(frames)
    again = ScriptedCapture([bright()])
    with pytest.raises(SourceError, match="does not answer"):
        CameraSource(CAMERA, open_capture=opening(again))
    assert not again.released.is_set(), "it was not even opened"
    pace.release(2)
    assert source._thread.over.wait(PATIENCE_S)
    CameraSource(CAMERA, open_capture=opening(again)).close()


def test_an_unplugged_camera_is_named_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = {"/dev/video77": True}
    monkeypatch.setattr("humanseg.sources.camera.Path.exists", lambda path: exists.get(str(path), False))
    monkeypatch.setattr("humanseg.sources.camera.os.access", lambda *_: True)
    camera = Camera(id="usb", name="Lens", index=77, path="/dev/video77")
    source = CameraSource(camera, open_capture=opening(ScriptedCapture([bright()])))
    frames = iter(source)
    next(frames)
    exists["/dev/video77"] = False
    with pytest.raises(SourceError, match="was unplugged"):
        next(frames)
    with pytest.raises(SourceError, match="is not connected"):
        CameraSource(camera)


def test_a_camera_without_permission_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("humanseg.sources.camera.os.access", lambda *_: False)
    camera = Camera(id="usb", name="Lens", index=77, path=os.devnull)
    with pytest.raises(SourceError, match="no permission") as caught:
        CameraSource(camera)
    assert "usermod -aG video" in caught.value.hint


def test_black_from_the_start_is_an_error_since_another_program_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.BLACK_S <= 2
    monkeypatch.setattr(module, "BLACK_S", 0.0)
    capture = ScriptedCapture(black() for _ in range(1000))
    source = CameraSource(CAMERA, open_capture=opening(capture))
    with pytest.raises(SourceError, match="a black picture only") as caught:
        list(source)
    assert "lens cover" in caught.value.hint


def test_a_lens_cover_is_told_while_frames_go_on_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLACK_S", 0.0)
    pace = threading.Semaphore(1)
    pictures = [bright(), black(), black(), bright()]
    source = CameraSource(CAMERA, open_capture=opening(ScriptedCapture(pictures, pace=pace)))
    told = []
    for frame in source:
        told.append(source.problem.problem if source.problem else None)
        pace.release()
        if frame.index == 3:
            source.close()
    covered = "The camera Lens gives a black picture only."
    assert told == [None, covered, covered, None]


def test_a_size_that_changes_on_the_way_is_brought_to_the_first() -> None:
    pace = threading.Semaphore(1)
    pictures = [bright(), bright(size=(80, 80))]
    source = CameraSource(CAMERA, open_capture=opening(ScriptedCapture(pictures, pace=pace)))
    frames = iter(source)
    next(frames)
    pace.release()
    assert next(frames).rgb.shape == (48, 64, 3)
    source.close()
    pace.release()


# Which there are


def test_an_id_survives_replugging_and_loopbacks_are_known(tmp_path: Path) -> None:
    (tmp_path / "dev/v4l/by-id").mkdir(parents=True)
    (tmp_path / "dev/video2").touch()
    (tmp_path / "dev/v4l/by-id/usb-Lens_1234-video-index0").symlink_to("../../video2")
    (tmp_path / "sys/devices/virtual/video4linux/video9").mkdir(parents=True)
    lens = _linux(SimpleNamespace(path="/dev/video2", index=2, name="Lens"), tmp_path)
    assert lens == Camera(id="usb-Lens_1234-video-index0", name="Lens", index=2, path="/dev/video2")
    loopback = _linux(SimpleNamespace(path="/dev/video9", index=9, name="humanseg"), tmp_path)
    assert (loopback.id, loopback.virtual) == ("/dev/video9", True)


def cameras(monkeypatch: pytest.MonkeyPatch, *found: Any) -> None:
    import cv2_enumerate_cameras

    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", lambda _backend: list(found))
    monkeypatch.setattr("humanseg.sources.cameras.platform.system", lambda: "Windows")


def test_cameras_are_found_by_id_number_and_path_and_the_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lens = SimpleNamespace(index=0, name="Lens", path="usb#1")
    other = SimpleNamespace(index=1, name="Other", path="")
    cameras(monkeypatch, other, lens)
    assert [camera.name for camera in list_cameras()] == ["Lens", "Other"]
    assert find_camera("").name == "Lens"
    assert find_camera("usb#1").name == "Lens"
    assert find_camera("1") == Camera(id="1", name="Other", index=1)
    with pytest.raises(SourceError, match="The camera usb#2 is not connected") as caught:
        open_source("camera:usb#2")
    assert "Lens (camera:usb#1), Other (camera:1)" in caught.value.hint


def test_without_cameras_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    cameras(monkeypatch)
    with pytest.raises(SourceError, match="No camera was found"):
        open_source("camera:")


def test_a_camera_by_name_comes_back_under_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    captures = {0: ScriptedCapture([bright()]), 3: ScriptedCapture([bright(7)])}
    monkeypatch.setattr(module, "open_device", lambda camera, _mode: captures[camera.index])
    cameras(monkeypatch, SimpleNamespace(index=0, name="Lens", path="usb#1"))
    source = open_source("camera:usb#1")
    monkeypatch.setattr(source, "_retry_s", 0.001)
    frames = iter(source)
    assert next(frames).rgb[0, 0, 1] == 100
    cameras(monkeypatch, SimpleNamespace(index=3, name="Lens", path="usb#1"))
    assert next(frames).rgb[0, 0, 1] == 107
    source.close()

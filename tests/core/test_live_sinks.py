"""The sinks of a live run: preview, recording, virtual camera."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any

import av
import numpy as np
import pytest
import pyvirtualcam

from humanseg.errors import SettingsError, SinkError
from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.preflight import virtual_camera_findings
from humanseg.sinks.preview import PreviewSink
from humanseg.sinks.recording import RecordingSink
from humanseg.sinks.salvage import cut_to_whole
from humanseg.sinks.virtual_camera import VirtualCameraSink
from humanseg.slate import Slate
from humanseg.sources.video_file import VideoFileSource

SIZE = (64, 48)
TICK = Fraction(1, 90_000)
INFO = StreamInfo(width=64, height=48, rate=Fraction(30), time_base=TICK, live=True)
PATIENCE_S = 20


def frame(index: int, time: Fraction | None = None, rgb: np.ndarray | None = None) -> Frame:
    grey = np.full((48, 64, 3), 20 + 8 * index % 200, np.uint8)
    return Frame(rgb=grey if rgb is None else rgb, index=index, time=Fraction(index, 30) if time is None else time)


# Preview


def test_the_preview_keeps_the_newest_once_and_nothing_after_its_end() -> None:
    preview = PreviewSink()
    preview.open(INFO)
    assert preview.take() is None
    first, second = frame(0), frame(1)
    preview.write(first)
    preview.write(second)
    assert preview.take() is second
    assert preview.take() is None
    preview.write(first)
    preview.close()
    assert preview.take() is None


# Recording


def test_a_recording_begins_at_0_and_keeps_the_times_between_frames(tmp_path: Path, media: Any) -> None:
    sink = RecordingSink(tmp_path / "call.mp4")
    sink.open(INFO)
    times = [1_000_000 * TICK, 1_003_001 * TICK, 1_005_999 * TICK, 1_012_000 * TICK]
    for index, time in enumerate(times):
        sink.write(frame(index, time))
    sink.close()
    assert media.times(tmp_path / "call.mp4") == [time - times[0] for time in times]
    assert sink.seconds == pytest.approx(float(times[-1] - times[0]) + 1 / 30)


def test_a_pause_leaves_no_hole(tmp_path: Path, media: Any) -> None:
    sink = RecordingSink(tmp_path / "call.mp4")
    sink.open(INFO)
    for index in range(12):
        if index in (3, 8):
            sink.pause()
        if index in (6, 10):
            sink.resume()
        assert sink.paused == (index in (3, 4, 5, 8, 9))
        sink.write(frame(index))
    sink.close()
    assert media.times(tmp_path / "call.mp4") == [Fraction(index, 30) for index in range(7)]
    shown = [round(float(picture.rgb.mean())) for picture in VideoFileSource(tmp_path / "call.mp4")]
    assert shown == pytest.approx([20 + 8 * index for index in (0, 1, 2, 6, 7, 10, 11)], abs=2)


def test_a_recording_may_begin_paused(tmp_path: Path, media: Any) -> None:
    sink = RecordingSink(tmp_path / "call.mkv")
    sink.pause()
    sink.open(INFO)
    sink.write(frame(0))
    sink.resume()
    sink.write(frame(1))
    sink.write(frame(2))
    sink.close()
    assert len(media.times(tmp_path / "call.mkv")) == 2


def test_a_finished_recording_is_an_ordinary_mp4(tmp_path: Path) -> None:
    sink = RecordingSink(tmp_path / "call.mp4")
    sink.open(INFO)
    for index in range(90):
        sink.write(frame(index))
    sink.close()
    data, at, boxes = (tmp_path / "call.mp4").read_bytes(), 0, []
    while at < len(data):
        boxes.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    assert boxes == [b"ftyp", b"free", b"mdat", b"moov"]
    with av.open(str(tmp_path / "call.mp4")) as container:
        assert container.streams.video[0].frames == 90


@pytest.mark.parametrize("name", ["call.mp4", "call.mkv"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_few_frames_are_a_recording_too(tmp_path: Path, media: Any, name: str, count: int) -> None:
    sink = RecordingSink(tmp_path / name)
    sink.open(INFO)
    for index in range(count):
        sink.write(frame(index))
    sink.close()
    assert len(media.times(tmp_path / name)) == count


def test_a_quality_that_does_not_exist_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="quality"):
        RecordingSink(tmp_path / "call.mp4", quality=99)


def noisy(index: int) -> Frame:
    rgb = np.random.default_rng(index).integers(0, 256, (48, 64, 3), np.uint8)
    return frame(index, rgb=rgb)


def record(sink: RecordingSink, count: int, written: list[int] | None = None) -> None:
    for index in range(count):
        sink.write(noisy(index))
        if written is not None:
            written.append(index)


def open_and_record(sink: RecordingSink, count: int) -> None:
    sink.open(INFO)
    record(sink, count)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """A limit for the size of files stands for a full disk: the write fails half way, just as it does there.

    Only as long as it must: the file that the test's own report goes to has the limit, too.
    """
    resource: Any = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["call.mp4", "call.mov", "call.mkv", "call.webm"])
def test_a_full_disk_ends_the_recording_whole_and_says_so(tmp_path: Path, name: str, media: Any) -> None:
    sink = RecordingSink(tmp_path / name, quality=10)
    sink.open(INFO)
    written: list[int] = []
    with full_disk(400_000), pytest.raises(SinkError, match="cannot be written any further") as caught:
        record(sink, 2000, written)
    assert "saved" in caught.value.hint
    sink.close()
    sink.abandon()
    assert media.names() == [name], "under its name, and nothing else"
    frames = list(VideoFileSource(tmp_path / name)) if name.endswith(("mp4", "mov")) else media.times(tmp_path / name)
    # The encoder held 10 to 40, and the last second did not fit.
    assert len(written) - 80 <= len(frames) <= len(written)
    assert (tmp_path / name).stat().st_size > 250_000


def test_a_disk_that_is_full_at_the_end_only_loses_little(tmp_path: Path, media: Any) -> None:
    sink = RecordingSink(tmp_path / "call.mp4")
    open_and_record(sink, 150)
    (partial,) = tmp_path.iterdir()
    with full_disk(partial.stat().st_size + 100), pytest.raises(SinkError, match="cannot be written any further"):
        sink.close()
    assert media.names() == ["call.mp4"]
    assert len(list(VideoFileSource(tmp_path / "call.mp4"))) >= 90


def test_a_disk_that_is_full_from_the_start_leaves_nothing(tmp_path: Path, media: Any) -> None:
    sink = RecordingSink(tmp_path / "call.mp4")
    with full_disk(10), pytest.raises(SinkError, match="cannot be written: ") as caught:
        open_and_record(sink, 300)
    assert "saved" not in caught.value.hint
    assert media.names() == []


def test_a_tiny_disk_is_a_full_disk(tmp_path: Path) -> None:
    """The real thing, where this user may mount."""
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(tmp_path)]
    if sys.platform != "linux" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("may not mount")
    try:
        sink = RecordingSink(tmp_path / "call.mp4", quality=5)
        sink.open(INFO)
        with pytest.raises(SinkError, match="No space left on device"):
            record(sink, 2000)
        assert [path.name for path in tmp_path.iterdir()] == ["call.mp4"]
        assert len(list(VideoFileSource(tmp_path / "call.mp4"))) > 20
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_only_whole_fragments_are_kept(tmp_path: Path) -> None:
    def box(kind: bytes, size: int = 8) -> bytes:
        return size.to_bytes(4, "big") + kind + b"\0" * (size - 8)

    begin = box(b"ftyp", 20) + box(b"free") + box(b"moov", 40) + box(b"mdat", 30)
    whole = begin + box(b"moof", 24) + box(b"mdat", 50)
    path = tmp_path / "a.mp4"
    for rest in (b"", b"\0\0", box(b"moof", 24), box(b"moof", 24) + box(b"mdat", 50)[:-1], box(b"moov", 99)[:50]):
        path.write_bytes(whole + rest)
        assert cut_to_whole(path)
        assert path.read_bytes() == whole
    # FFmpeg had begun to make an ordinary file of it; with a small file, and with one of more than 4 GiB.
    hidden = box(b"ftyp", 20) + box(b"free") + b"\0\0\0\x1cfree" + box(b"ftyp", 20)
    fragments = box(b"moov", 40) + box(b"mdat", 30) + box(b"moof", 24) + box(b"mdat", 50)
    for header in (b"\0\0\0\x08free\0\0\xff\xffmdat", b"\0\0\0\1mdat" + (200).to_bytes(8, "big")):
        path.write_bytes(box(b"ftyp", 20) + header + box(b"ftyp", 20) + fragments + box(b"moov", 99)[:50])
        assert cut_to_whole(path)
        assert path.read_bytes() == hidden + fragments
    for nothing in (b"", box(b"ftyp", 20) + box(b"free"), begin[:-1]):
        path.write_bytes(nothing)
        assert not cut_to_whole(path)


# Virtual camera


class Backend:
    """A virtual camera in memory: one at a time, as real ones are."""

    open_now = 0
    fails: Exception | None = None

    def __init__(self, *, width: int, height: int, fps: float, fourcc: int, device: str | None) -> None:
        if type(self).open_now:
            raise RuntimeError("memory is busy")
        type(self).open_now += 1
        self.shape = (height, width, 3)
        self.fps = fps
        self.name = device or "memory"
        BACKENDS.append(self)
        self.sent: list[np.ndarray] = []
        self.more = threading.Condition()

    def close(self) -> None:
        type(self).open_now -= 1

    def send(self, data: np.ndarray) -> None:
        if self.fails is not None:
            raise self.fails
        with self.more:
            self.sent.append(data.reshape(self.shape).copy())
            self.more.notify_all()

    def device(self) -> str:
        return self.name

    def native_fourcc(self) -> None:
        return None

    def wait_for(self, rgb: np.ndarray, times: int = 1) -> None:
        with self.more:
            assert self.more.wait_for(
                lambda: sum(bool((sent == rgb).all()) for sent in self.sent) >= times, PATIENCE_S
            ), "it was never sent"


BACKENDS: list[Backend] = []


@pytest.fixture
def memory() -> Iterator[None]:
    BACKENDS.clear()
    Backend.fails = None
    pyvirtualcam.register_backend("memory", Backend)
    yield
    del pyvirtualcam.camera.BACKENDS["memory"]
    assert Backend.open_now == 0, "the camera was not given back"
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    assert not left, left


@pytest.fixture
def camera(memory: None) -> Iterator[VirtualCameraSink]:
    sink = VirtualCameraSink(SIZE, Fraction(500), backend="memory")
    yield sink
    sink.close()


def test_it_sends_the_slate_first_then_each_newest_frame_again_and_again(camera: VirtualCameraSink) -> None:
    assert not camera.lossless
    camera.open(INFO)
    (backend,) = BACKENDS
    assert (camera.name, backend.fps) == ("memory", 500.0)
    backend.wait_for(Slate(SIZE).rgb, times=3)
    for index in (3, 5):
        camera.write(frame(index))
        backend.wait_for(frame(index).rgb, times=3)
    camera.close()
    count = len(backend.sent)
    camera.close()
    camera.abandon()
    assert len(backend.sent) == count, "nothing after the end"
    known = [Slate(SIZE).rgb, frame(3).rgb, frame(5).rgb]
    order = [next(place for place, rgb in enumerate(known) if (rgb == sent).all()) for sent in backend.sent]
    assert order == sorted(order)


def test_a_frame_of_another_size_is_fitted_into_the_cameras(camera: VirtualCameraSink) -> None:
    camera.open(INFO)
    camera.write(Frame(rgb=np.full((96, 64, 3), 200, np.uint8)))
    expected = np.zeros((48, 64, 3), np.uint8)
    expected[:, 16:48] = 200
    BACKENDS[0].wait_for(expected)


def test_it_can_be_opened_again(camera: VirtualCameraSink) -> None:
    for _ in range(3):
        camera.open(INFO)
        camera.write(frame(1))
        BACKENDS[-1].wait_for(frame(1).rgb)
        camera.close()
    assert len(BACKENDS) == 3
    assert (BACKENDS[-1].sent[0] == Slate(SIZE).rgb).all(), "not what was shown last time"


def test_a_camera_that_another_program_feeds_is_told(camera: VirtualCameraSink) -> None:
    camera.open(INFO)
    with pytest.raises(SinkError, match="memory is busy") as caught:
        VirtualCameraSink(SIZE, backend="memory").open(INFO)
    assert "other program" in caught.value.hint


def test_a_camera_that_breaks_off_is_told_at_the_next_frame(camera: VirtualCameraSink) -> None:
    camera.open(INFO)
    Backend.fails = OSError("the device is gone")

    def write_on() -> None:
        for index in range(10_000):
            camera.write(frame(index % 20))
            Event().wait(0.001)

    with pytest.raises(SinkError, match="broke off: the device is gone"):
        write_on()
    assert Backend.open_now == 0


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (0, 0)])
def test_sizes_that_programs_do_not_show_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a camera of"):
        VirtualCameraSink(size)


# What it needs


def linux(root: Path, *, loaded: bool = False, installed: bool = False, node: bool = False) -> Path:
    import os

    if installed:
        modules = root / "lib/modules" / os.uname().release
        modules.mkdir(parents=True)
        (modules / "modules.dep").write_text("updates/dkms/v4l2loopback.ko.zst: kernel/drivers/media/videodev.ko\n")
    if loaded:
        (root / "sys/module/v4l2loopback").mkdir(parents=True)
    if node:
        (root / "sys/devices/virtual/video4linux/video10").mkdir(parents=True)
        (root / "dev").mkdir()
        (root / "dev/video10").touch()
    return root


@pytest.mark.parametrize(
    ("state", "problem", "command"),
    [
        ({}, "not installed", "apt install v4l2loopback-dkms"),
        ({"installed": True}, "not loaded", "sudo modprobe v4l2loopback exclusive_caps=1"),
        ({"installed": True, "loaded": True}, "no device", "modprobe -r v4l2loopback"),
    ],
)
def test_linux_is_told_what_is_missing_and_the_command(
    tmp_path: Path, state: dict[str, bool], problem: str, command: str
) -> None:
    (finding,) = virtual_camera_findings("Linux", linux(tmp_path, **state))
    assert problem in finding.problem
    assert command in finding.hint


def test_linux_with_a_device_is_ready_unless_it_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = linux(tmp_path, installed=True, loaded=True, node=True)
    assert virtual_camera_findings("Linux", root) == []
    monkeypatch.setattr("humanseg.sinks.preflight.os.access", lambda *_: False)
    (finding,) = virtual_camera_findings("Linux", root)
    assert "/dev/video10" in finding.problem
    assert "usermod -aG video" in finding.hint


@pytest.mark.parametrize(
    ("version", "problem"), [(None, "not installed"), ("29.1.3", "29.1.3 is too old"), ("30.0", "")]
)
def test_macos_needs_obs_30(tmp_path: Path, version: str | None, problem: str) -> None:
    import plistlib

    if version:
        (tmp_path / "Applications/OBS.app/Contents").mkdir(parents=True)
        about = plistlib.dumps({"CFBundleShortVersionString": version})
        (tmp_path / "Applications/OBS.app/Contents/Info.plist").write_bytes(about)
    findings = virtual_camera_findings("Darwin", tmp_path)
    assert [problem in finding.problem for finding in findings] == ([True] if problem else [])


@pytest.mark.parametrize("installed", [True, False])
def test_windows_looks_for_a_registered_camera(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    class Registry:
        HKEY_CLASSES_ROOT = 0
        asked: list[str]

        @staticmethod
        def OpenKey(_root: int, name: str) -> int:  # noqa: N802
            if not (installed and name.endswith("{5C2CD55C-92AD-4999-8666-912BD3E70010}")):
                raise FileNotFoundError(name)
            return 1

        @staticmethod
        def CloseKey(_key: int) -> None: ...  # noqa: N802

    monkeypatch.setitem(sys.modules, "winreg", Registry)
    findings = virtual_camera_findings("Windows")
    assert ["OBS" in finding.hint for finding in findings] == ([] if installed else [True])


def test_without_pyvirtualcam_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("humanseg.sinks.preflight.find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SinkError, match="pyvirtualcam is not installed") as caught:
        VirtualCameraSink(SIZE).open(INFO)
    assert "humanseg[desktop]" in caught.value.hint


def test_another_system_has_none(tmp_path: Path) -> None:
    assert "Haiku" in virtual_camera_findings("Haiku", tmp_path)[0].problem

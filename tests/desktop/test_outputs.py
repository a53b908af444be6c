"""What leaves beside the preview: recordings, a virtual camera, pictures; and what is said when it cannot."""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from humanseg.errors import SinkError
from humanseg_desktop.settings import Look, Settings, Window

pytestmark = pytest.mark.gui

GREEN = Settings(look=Look(background="colour", colour="#00ff00"))

Make = Callable[..., Any]


def click(one: Any, button: Any) -> None:
    one.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def frames(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def test_a_recording_holds_what_went_out_and_goes_on_through_another_source(bench: Make) -> None:
    one = bench(GREEN).start()
    one.wait_for_picture()
    click(one, one.window.live.outputs.record)
    one.wait(lambda: one.outputs.recorded_s and one.outputs.recorded_s > 0.2)
    one.controller.open(one.controller.settings.input.__class__(source="another"))
    one.wait(lambda: len(one.parts.sources) == 2 and one.controller.state.phase == "running")
    one.wait_for_picture()
    before = one.outputs.recorded_s
    one.wait(lambda: one.outputs.recorded_s > before + 0.1)
    click(one, one.window.live.outputs.record)
    one.wait(lambda: "Recorded" in one.window.readout._told.text())
    (path,) = (one.folder / "made").iterdir()
    assert path == one.outputs.recording_file
    pictures = frames(path)
    assert len(pictures) > 10
    green = sum(bool((np.abs(picture[:, :20].astype(int) - (0, 255, 0)) < 30).all()) for picture in pictures)
    assert green > len(pictures) // 2
    # All others are slates: dark, and as good as even.
    assert all(picture[:, :20].max() < 90 for picture in pictures if picture[45, 5, 1] < 200)


def test_a_pause_is_left_out(bench: Make) -> None:
    one = bench(GREEN).start()
    one.wait_for_picture()
    click(one, one.window.live.outputs.record)
    one.wait(lambda: one.outputs.recorded_s and one.outputs.recorded_s > 0.05)
    click(one, one.window.live.outputs.pause)
    assert one.outputs.paused
    assert one.window.live.preview._badge == "0:00  paused"
    one.qtbot.wait(30)
    still = one.outputs.recorded_s
    one.qtbot.wait(50)
    assert one.outputs.recorded_s == still
    click(one, one.window.live.outputs.pause)
    one.wait(lambda: one.outputs.recorded_s > still)


def test_closing_the_window_finishes_the_recording(bench: Make) -> None:
    one = bench(GREEN).start()
    one.wait_for_picture()
    one.outputs.start_recording()
    one.wait(lambda: one.outputs.recorded_s and one.outputs.recorded_s > 0.05)
    one.window.close()
    assert frames(one.outputs.recording_file)


@pytest.mark.skipif(os.name == "nt", reason="permissions are another matter there")
def test_a_folder_that_cannot_be_made_is_one_message(bench: Make) -> None:
    one = bench(GREEN).start()
    one.wait_for_picture()
    (one.folder / "made").write_text("a file where the folder should be")
    for button in (one.window.live.outputs.record, one.window.live.outputs.snapshot):
        one.troubles.clear()
        click(one, button)
        one.wait(lambda: one.troubles)
        assert [type(trouble) for trouble in one.troubles] == [SinkError]
        assert "cannot be" in one.message
    assert one.outputs.recording is None
    assert not one.window.live.outputs.record.isChecked()
    one.wait_for_picture()


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root can write to")
def test_a_folder_that_cannot_be_written_is_one_message(bench: Make) -> None:
    one = bench(dataclasses.replace(GREEN, window=Window(folder="/proc"))).start()
    one.outputs._folder = lambda: one.controller.settings.window.folder
    one.wait_for_picture()
    for button in (one.window.live.outputs.record, one.window.live.outputs.snapshot):
        one.troubles.clear()
        click(one, button)
        one.wait(lambda: one.troubles)
        one.qtbot.wait(50)
        assert [type(trouble) for trouble in one.troubles] == [SinkError]
        assert "cannot be written" in one.message
    one.wait(lambda: one.outputs.recording is None and not one.window.live.outputs.record.isChecked())
    one.wait_for_picture()


def test_a_disk_that_is_full_ends_the_recording_whole_and_alone(bench: Make) -> None:
    resource: Any = pytest.importorskip("resource")
    one = bench(Settings(look=Look(background="none"))).start()
    one.wait_for_picture()
    one.outputs.start_recording()
    one.wait(lambda: one.outputs.recorded_s and one.outputs.recorded_s > 0.05)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit for the size of files stands for a full disk: the write fails half way, just as it does there.
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, before[1]))
    try:
        one.wait(lambda: one.troubles)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    one.wait(lambda: one.outputs.recording is None)
    one.qtbot.wait(50)
    assert len(one.troubles) == 1
    assert "cannot be written any further" in one.message
    assert frames(one.outputs.recording_file)
    assert [path.name for path in (one.folder / "made").iterdir()] == [one.outputs.recording_file.name]
    one.wait_for_picture()
    one.outputs.start_recording()
    one.wait(lambda: one.outputs.recorded_s and one.outputs.recorded_s > 0.05)


def test_the_virtual_camera_sends_what_is_shown_and_a_slate_while_it_is_not(bench: Make, camera: list[Any]) -> None:
    one = bench(GREEN).start()
    one.wait_for_picture()
    click(one, one.window.live.outputs.camera)
    one.wait(lambda: camera and len(camera[0].sent) > 3)
    assert camera[0].size == (160, 90)
    one.wait(lambda: (camera[0].sent[-1][:, 0] == (0, 255, 0)).all())
    one.controller.hide(True)
    one.wait(lambda: camera[0].sent[-1].max() < 150)
    one.controller.hide(False)
    one.wait(lambda: (camera[0].sent[-1][:, 0] == (0, 255, 0)).all())
    click(one, one.window.live.outputs.camera)
    one.wait(lambda: camera[0].closed)
    assert one.troubles == []


def test_a_system_without_a_virtual_camera_says_what_is_missing(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = SinkError("The kernel module v4l2loopback is not loaded.", "Run `sudo modprobe v4l2loopback`.")
    monkeypatch.setattr("humanseg.sinks.virtual_camera.virtual_camera_findings", lambda: [missing])
    one = bench(GREEN).start()
    click(one, one.window.live.outputs.camera)
    assert "modprobe" in one.message
    assert not one.window.live.outputs.camera.isChecked()


def test_a_snapshot_is_what_goes_out_and_a_cut_out_is_transparent(bench: Make) -> None:
    import cv2

    one = bench(GREEN).start()
    one.wait_for_picture()
    one.wait(lambda: (one.shown[:, 0] == (0, 255, 0)).all())
    click(one, one.window.live.outputs.snapshot)
    one.wait(lambda: len(list((one.folder / "made").glob("*.png"))) == 1)
    click(one, one.window.live.outputs.cutout)
    one.wait(lambda: len(list((one.folder / "made").glob("*.png"))) == 2)
    one.wait(lambda: one.window.readout._told.text())
    pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (one.folder / "made").glob("*.png")]
    plain, cutout = sorted((picture for picture in pictures if picture is not None), key=lambda p: p.shape[2])
    assert (plain[:, 0] == (0, 255, 0)).all()
    assert (cutout[:, 0] == 0).all()
    assert (cutout[:, 80] == (128, 128, 128, 255)).all()


def test_the_picture_is_copied_to_the_clipboard(bench: Make) -> None:
    one = bench(GREEN).start()
    one.wait_for_picture()
    one.wait(lambda: (one.shown[:, 0] == (0, 255, 0)).all())
    one.window.copy_picture()
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (160, 90)
    assert image.pixelColor(0, 0).getRgb() == (0, 255, 0, 255)

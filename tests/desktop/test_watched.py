"""Work is done only while somebody sees it. A real file stands for the camera's device, a real process for a call."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.core.test_audience import another_program_has_open

from humanseg.slate import Slate
from humanseg_desktop.settings import Look, Settings

pytestmark = [
    pytest.mark.gui,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open"),
]

Make = Callable[..., Any]
COLOUR = (0x11, 0x22, 0x33)


@pytest.fixture
def device(tmp_path: Path, camera: list[Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "video10"
    path.touch()
    monkeypatch.setattr(sys.modules["pyvirtualcam"].Camera, "called", str(path))
    return path


@pytest.fixture
def one(bench: Make) -> Any:
    made = bench(Settings(look=Look(background="colour", colour="#112233"))).start()
    made.wait_for_picture()
    return made


def is_composite(rgb: np.ndarray) -> bool:
    return bool((rgb[:, :4] == COLOUR).all())


def is_slate(rgb: np.ndarray) -> bool:
    return bool((rgb == Slate((rgb.shape[1], rgb.shape[0])).rgb).all())


def go_on(one: Any, frames: int = 30) -> None:
    """Until so many more frames have come."""
    before = one.controller.session.stats.frames
    one.wait(lambda: one.controller.session.stats.frames > before + frames)


def test_a_camera_that_nobody_watches_gets_a_slate_and_wakes_for_a_call(
    one: Any, camera: list[Any], device: Path
) -> None:
    button = one.window.live.outputs.camera
    button.click()
    one.wait(lambda: camera and len(camera[0].sent) > 1)
    assert one.outputs.watched is False
    go_on(one)
    assert is_composite(one.shown)  # the window itself goes on
    assert all(is_slate(sent) for sent in camera[0].sent)
    one.wait(lambda: "waits" in button.text())
    assert "slate" in button.toolTip()
    with another_program_has_open(device):
        one.wait(lambda: is_composite(camera[0].sent[-1]))
        one.wait(lambda: "waits" not in button.text())
        assert "Another program shows it" in button.toolTip()
    one.wait(lambda: is_slate(camera[0].sent[-1]))
    one.wait(lambda: "waits" in button.text())
    assert all(is_slate(sent) or is_composite(sent) for sent in camera[0].sent)
    button.click()
    one.wait(lambda: camera[0].closed)
    assert "slate" not in button.toolTip()


def test_nothing_is_matted_while_nobody_sees_the_window_or_the_camera(
    one: Any, camera: list[Any], device: Path
) -> None:
    one.window.live.outputs.camera.click()
    one.wait(lambda: camera and len(camera[0].sent) > 1)
    matter = one.parts.matters[0]
    one.window.showMinimized()
    one.wait(lambda: one.outlet.shown.slate)
    rested = matter.count
    go_on(one)
    assert matter.count == rested
    with another_program_has_open(device):
        one.wait(lambda: is_composite(camera[0].sent[-1]))
        assert matter.count > rested
    one.wait(lambda: one.outlet.shown.slate)
    one.window.showNormal()
    one.wait(lambda: is_composite(one.shown))
    assert all(is_slate(sent) or is_composite(sent) for sent in camera[0].sent)


def test_a_recording_is_made_whether_or_not_anybody_looks(one: Any) -> None:
    one.outputs.start_recording()
    one.window.showMinimized()
    one.wait(lambda: not one.outlet.window_seen)
    before = one.parts.matters[0].count
    one.wait(lambda: one.parts.matters[0].count > before + 30)
    assert is_composite(one.shown)
    one.outputs.stop_recording()
    one.wait(lambda: one.outlet.shown.slate)


def test_where_nobody_can_tell_the_camera_always_works_and_says_so(one: Any, camera: list[Any]) -> None:
    one.window.live.outputs.camera.click()
    one.window.showMinimized()
    one.wait(lambda: camera and camera[0].sent and is_composite(camera[0].sent[-1]))
    before = len(camera[0].sent)
    one.wait(lambda: len(camera[0].sent) > before + 10)
    assert is_composite(camera[0].sent[-1])
    assert "always works" in one.window.live.outputs.camera.toolTip()

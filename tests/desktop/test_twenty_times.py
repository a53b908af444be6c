"""Start, change everything, stop, twenty times: nothing is left behind. Qt's warnings are failures, as everywhere."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QInputDialog,
    QScrollBar,
    QWidget,
)

from humanseg_desktop.settings import Settings, Window

pytestmark = [pytest.mark.gui, pytest.mark.slow]

Make = Callable[..., Any]
TURNS = 20
SETTLED = 3
"""Turns after which everything that is made once for the process is there."""

NOBODY_YET = "There is no picture to cut out yet."
"""What the app says of a cut-out while a slate is shown: how long it is, after a change, is the machine's."""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody who answers every question and closes every dialogue, which tests cannot click on."""
    import cv2
    import numpy as np
    from PySide6.QtGui import QColor

    picture = tmp_path / "beach.png"
    cv2.imwrite(str(picture), np.full((36, 64, 3), (10, 200, 20), np.uint8))
    for module in ("background_panel", "batch_tab", "presets_panel", "source_panel", "window"):
        dialog = f"humanseg_desktop.ui.{module}.QFileDialog"
        monkeypatch.setattr(f"{dialog}.getOpenFileName", lambda *_: (str(picture), ""))
        monkeypatch.setattr(f"{dialog}.getOpenFileNames", lambda *_: ([], ""))
        monkeypatch.setattr(f"{dialog}.getSaveFileName", lambda *_: (str(tmp_path / "look.toml"), ""))
        monkeypatch.setattr(f"{dialog}.getExistingDirectory", lambda *_: str(tmp_path / "made"))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("rtsp://drawn", True))
    monkeypatch.setattr("humanseg_desktop.ui.background_panel.QColorDialog.getColor", lambda *_: QColor(20, 30, 40))
    monkeypatch.setattr(QDialog, "exec", lambda self: self.close())
    monkeypatch.setattr("humanseg_desktop.ui.window.QDesktopServices.openUrl", lambda *_: True)


def test_it_is_started_changed_and_stopped_twenty_times(
    bench: Make, answers: None, camera: list[Any], media: Any
) -> None:
    clip = media.clip("clip.mp4", frames=4)
    counts = []
    for _ in range(TURNS):
        one = bench(Settings(window=Window(advanced=True))).start()
        one.wait_for_picture()
        one.window.files.add([clip])
        change_everything(one)
        one.wait(lambda one=one: one.controller.state.phase == "running" and not one.window.files.queue.running)
        one.wait_for_picture()
        assert {trouble.problem for trouble in one.troubles} <= {NOBODY_YET}
        one.window.close()
        assert one.threads == set()
        assert all(sent.closed for sent in camera)
        assert not [path for path in (one.folder / "made").iterdir() if path.name.startswith(".")]
        one.remove()
        counts.append(count())
    assert len(camera) >= TURNS
    # A library's threads may take a moment to end after it was closed; what is left behind stays.
    wait_until(lambda: all(now <= settled for now, settled in zip(count(), counts[SETTLED], strict=True)))
    for settled, last in zip(counts[SETTLED], count(), strict=True):
        assert last <= settled, counts


def wait_until(holds: Callable[[], bool], patience_s: float = 5) -> None:
    until = monotonic() + patience_s
    while not holds() and monotonic() < until:
        sleep(0.05)


def change_everything(one: Any) -> None:
    """Press every button, move every slider, choose all that can be chosen, and trigger every action of the menus."""
    window = one.window
    for widget in changeable(window.live):
        if isinstance(widget, QComboBox):
            for at in range(widget.count()):
                widget.setCurrentIndex(at)
                widget.activated.emit(at)
        elif isinstance(widget, QAbstractSlider):
            for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Left):
                one.qtbot.keyClick(widget, key)
        else:
            press(one, widget.click, again=widget.isCheckable())
    for action in window.actions():
        if "Quit" in action.text():
            continue
        press(one, action.trigger, again="recording" in action.text().lower() or "hide" in action.text().lower())
    # Live, and in no full screen.
    window.leave()
    window.show_page("live")


def changeable(page: QWidget) -> Iterator[Any]:
    for kind in (QAbstractButton, QComboBox, QAbstractSlider):
        for widget in page.findChildren(kind):
            if not isinstance(widget, QScrollBar) and widget.isVisible() and widget.isEnabled():
                yield widget


def press(one: Any, button: Callable[[], object], *, again: bool) -> None:
    button()
    one.qtbot.wait(1)
    if again:
        button()
        one.qtbot.wait(1)


def count() -> tuple[int, int, int]:
    """Threads, open files (both of the process, as the system counts them) and windows."""
    windows = len(QApplication.topLevelWidgets())
    if not os.path.isdir("/proc/self/fd"):  # noqa: PTH112 not a path of ours
        return 0, 0, windows
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), windows  # noqa: PTH208

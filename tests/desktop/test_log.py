"""What is left behind when the program breaks."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from humanseg_desktop import log


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to log to; the handlers are taken off again."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield tmp_path / "log"
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_the_log_begins_with_the_versions(folder: Path) -> None:
    path = log.begin(folder)
    assert path == folder / "humanseg.log"
    text = path.read_text()
    assert "PySide6-Essentials" in text
    assert "numpy" in text


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_run(folder: Path) -> None:
    folder.write_text("a file")
    assert log.begin(folder) is None


def test_an_error_that_nobody_caught_lets_the_camera_go_and_leaves_a_report(folder: Path) -> None:
    folder.mkdir()
    released: list[str] = []
    told: list[Path] = []
    before = (sys.excepthook, threading.excepthook)
    reports = log.CrashReports(folder, lambda: released.append(threading.current_thread().name), told.append)
    try:

        def fail() -> None:
            raise ZeroDivisionError("of the test")

        thread = threading.Thread(target=fail, name="humanseg-doomed")
        thread.start()
        thread.join()
    finally:
        reports.end()
    assert released == ["humanseg-doomed"]
    text = told[0].read_text()
    assert "ZeroDivisionError: of the test" in text
    assert "humanseg-doomed" in text
    assert "Python" in text
    assert (sys.excepthook, threading.excepthook) == before


def test_the_end_by_the_keyboard_is_no_crash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    passed_on = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: passed_on.append(kind))
    reports = log.CrashReports(folder, lambda: pytest.fail("released"), lambda path: pytest.fail("told"))
    try:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        reports.end()
    assert passed_on == [KeyboardInterrupt]
    assert not list(folder.glob("crash-*"))

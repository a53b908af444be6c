"""Puts the app together: settings, outlet, controller, window; in the order that shows the window first."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from humanseg_desktop import log, store
from humanseg_desktop.controller import Controller
from humanseg_desktop.heap import give_back, share_heap
from humanseg_desktop.outlet import Outlet
from humanseg_desktop.outputs import Outputs
from humanseg_desktop.ui import theme
from humanseg_desktop.ui.window import Window

if TYPE_CHECKING:
    from humanseg_desktop.controller import State
    from humanseg_desktop.options import App
    from humanseg_desktop.settings import Settings

TOUR_MS = 1500
"""Milliseconds after which the first run's tour begins: the picture comes first."""

GIVE_BACK_MS = 60_000
"""Milliseconds between two returns of memory that a busy moment took."""


def run(options: "App") -> int:
    """Show the window and run until it is closed; the exit code."""
    folder = log.log_folder()
    log.begin(folder)
    file = store.settings_file()
    settings, trouble = store.load(file)
    qt = application()
    window = make(options.over(settings), file)
    reports = log.CrashReports(folder, window.controller.release, window.crashed.emit)
    start(window)
    if trouble:
        window.controller.troubled.emit(trouble)
    try:
        return qt.exec()
    finally:
        reports.end()


def application() -> QApplication:
    """Qt, with the names that the desktop knows the app by."""
    share_heap()
    qt = QApplication(sys.argv[:1])
    qt.setApplicationName("humanseg")
    qt.setApplicationDisplayName("humanseg")
    qt.setDesktopFileName("humanseg")
    qt.setStyle("Fusion")
    return qt


def make(settings: "Settings", file: Path | None) -> Window:
    """The window with everything behind it; nothing is opened or shown yet.

    Args:
        settings: to begin with.
        file: where they are saved; None saves none.
    """
    theme.apply(settings.window.theme)
    outlet = Outlet()
    controller = Controller(settings, outlet, file=file)
    outputs = Outputs(outlet, lambda: controller.settings.window.folder)
    return Window(controller, outputs)


def start(window: Window) -> None:
    """Show the window, and open the source once it is there: everything heavy is imported then, on other threads."""
    window.show()
    QTimer.singleShot(0, window.controller.start)
    QTimer.singleShot(0, window.controller.outlet.start)
    window.shelf.begin()
    _spare_what_is_loaded(window.controller)
    giver = QTimer(window, interval=GIVE_BACK_MS)
    giver.timeout.connect(give_back)
    giver.start()
    if not window.controller.settings.window.toured:
        QTimer.singleShot(TOUR_MS, window.start_tour)


def _spare_what_is_loaded(controller: Controller) -> None:
    """Keep what is there when the first frames come, modules above all, from being searched for garbage ever after.

    Such a search holds up every thread for about 50 ms. Once only: what ends later must be found.
    """

    def spare(state: "State") -> None:
        if state.phase == "running":
            controller.state_changed.disconnect(spare)
            gc.freeze()

    controller.state_changed.connect(spare)

"""The menus, and with them the keys of everything."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from humanseg_desktop.ui.about import About

if TYPE_CHECKING:
    from humanseg_desktop.settings import Theme
    from humanseg_desktop.ui.window import Window


class Menus:
    """Fills a window's menu bar."""

    def __init__(self, window: "Window") -> None:
        self._window = window
        bar, live = window.menuBar(), window.live
        file = bar.addMenu("&File")
        self._add(file, "Open a &video …", "Ctrl+O", live.source.ask_file)
        self._add(file, "Open a &network address …", "Ctrl+L", live.source.ask_address)
        file.addSeparator()
        self._add(file, "&Import a preset …", "", live.presets.import_file)
        self._add(file, "&Export the look as a preset …", "", live.presets.export)
        self._add(file, "Folder for &recordings …", "", window.ask_folder)
        file.addSeparator()
        self._add(file, "&Quit", QKeySequence(QKeySequence.StandardKey.Quit), window.close)
        view = bar.addMenu("&View")
        for key, name in enumerate(("result", "split", "matte"), 1):
            self._add(view, name.capitalize(), str(key), partial(window.remember, view=name))
        view.addSeparator()
        self._add(view, "&Mirror", "M", live.mirror.toggle)
        self._add(view, "&Full screen", "F11", lambda: window.set_full_screen(not window.isFullScreen()))
        self._add(view, "Leave full screen", "Esc", window.leave)
        view.addSeparator()
        self._add(view, "&Play or pause", "P", live.transport.toggle)
        self._add(view, "&Live", "Ctrl+1", lambda: window.show_page("live"))
        self._add(view, "&Files", "Ctrl+2", lambda: window.show_page("files"))
        self._theme_menu(view.addMenu("&Theme"))
        background = bar.addMenu("&Background")
        for key, kind in enumerate(("none", "blur", "colour", "picture"), 1):
            self._add(background, kind.capitalize(), f"Alt+{key}", partial(live.background.choose, kind))
        output = bar.addMenu("&Output")
        self._add(output, "&Virtual camera", "Ctrl+K", live.outputs.camera.click)
        self._add(output, "&Record", "Ctrl+R", live.outputs.record.click)
        self._add(output, "&Pause the recording", "Ctrl+P", live.outputs.pause.click)
        output.addSeparator()
        self._add(output, "&Snapshot", "Ctrl+S", live.outputs.snapshot.click)
        self._add(output, "C&ut-out", "Ctrl+Shift+S", live.outputs.cutout.click)
        self._add(output, "&Copy the picture", QKeySequence(QKeySequence.StandardKey.Copy), live.outputs.copy.click)
        output.addSeparator()
        self._add(output, "&Hide me", "Ctrl+H", live.outputs.hide_me.toggle)
        self._add(output, "Start or cancel the &files", "Ctrl+Return", window.files.toggle)
        help_ = bar.addMenu("&Help")
        self._add(help_, "&Tour", "F1", window.start_tour)
        self._add(help_, "Open the &log folder", "", window.open_log)
        self._add(help_, "&About humanseg", "", lambda: About(window).exec())

    def _theme_menu(self, menu: QMenu) -> None:
        window = self._window
        group = QActionGroup(window)
        names: tuple[Theme, ...] = ("system", "light", "dark")
        for name in names:
            action = self._add(menu, name.capitalize(), "", partial(window.choose_theme, name))
            action.setCheckable(True)
            action.setChecked(window.controller.settings.window.theme == name)
            group.addAction(action)

    def _add(self, menu: QMenu, text: str, keys: str | QKeySequence, call: Callable[[], object]) -> QAction:
        action = menu.addAction(text)
        self._window.addAction(action)  # or its keys would be dead while the menus are hidden
        if keys:
            action.setShortcut(keys)
        action.triggered.connect(lambda: call())
        return action

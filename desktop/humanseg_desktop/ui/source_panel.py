"""Where the picture comes from: cameras by name, the demo, files, addresses."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QInputDialog, QLabel, QLineEdit

from humanseg_desktop.opening import LIVE
from humanseg_desktop.settings import Input
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.filters import VIDEOS
from humanseg_desktop.ui.parts import Card, plain_button

if TYPE_CHECKING:
    from humanseg_desktop.controller import State
    from humanseg_desktop.session import Session

MODES = ("auto", "640x480@30", "1280x720@30", "1280x720@60", "1920x1080@30")
"""The camera modes that are offered; a camera gives the nearest it has."""

SOURCE = "Where the picture comes from"

NAME_WIDTH = 225
"""Pixels that the name of a source may take; a longer one loses its middle, as its end tells more."""

_FILE, _ADDRESS = "file", "address"


class SourcePanel(Card):
    """Chooses the source and the camera's mode, and shows what the camera made of it."""

    wanted = Signal(object)
    """The `Input` that the user wants."""
    refreshed = Signal()
    """The list of cameras shall be made anew."""

    def __init__(self, wanted: Input) -> None:
        super().__init__("Camera")
        self._wanted = wanted
        self._cameras: list[tuple[str, str]] = []
        refresh = plain_button("refresh", "Look for cameras again")
        refresh.clicked.connect(self.refreshed)
        self.top.addWidget(refresh)
        self._sources = dressed(QComboBox(), tooltip=SOURCE, says="Source")
        self._sources.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._sources.activated.connect(self._choose)
        self.box.addWidget(self._sources)
        self._mode = dressed(
            QComboBox(), tooltip="The size and rate asked of the camera; what it gives stands below", says="Camera mode"
        )
        for mode in MODES:
            self._mode.addItem("Automatic size and rate" if mode == "auto" else _mode_text(mode), mode)
        self._mode.activated.connect(lambda: self._ask(mode=self._mode.currentData()))
        self.box.addWidget(self._mode)
        self._given = dressed(QLabel(wordWrap=True), "small")
        self.box.addWidget(self._given)
        self._fill()

    def set_cameras(self, cameras: list[tuple[str, str]]) -> None:
        """Offer these: (source, name) of each."""
        self._cameras = cameras
        self._fill()

    def follow(self, state: "State", session: "Session | None") -> None:
        """Show what runs."""
        self._wanted = state.wanted
        self._fill()
        if session and state.phase == "running":
            info = session.info
            self._given.setText(f"Gives {info.width} × {info.height}, {float(info.rate):.3g} frames per second")
        else:
            self._given.setText({"opening": "Opening …", "retrying": "Not there; trying again …"}.get(state.phase, ""))
        self._mode.setVisible(state.wanted.source.startswith("camera:") or not state.wanted.source)

    def ask_file(self) -> None:
        """Let the user choose a video."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a video", "", VIDEOS)
        if name:
            self._ask(source=name)
        self._fill()

    def ask_address(self) -> None:
        """Let the user write a network address."""
        address, sure = QInputDialog.getText(
            self, "Open a network stream", "Address (rtsp://, http://):", QLineEdit.EchoMode.Normal, "rtsp://"
        )
        address = address.strip()
        if sure and address:
            # Who types over what stands there means a stream all the same, and no file of that name.
            self._ask(source=address if "://" in address else f"rtsp://{address}")
        self._fill()

    def _fill(self) -> None:
        """List the choices, with what is wanted among them whatever it is."""
        source = self._wanted.source
        choices = [*self._cameras, ("demo", "Built-in demo")]
        if not source:
            choices.insert(0, ("", "First camera, or the demo"))
        elif source not in dict(choices):
            choices.insert(0, (source, source if source.startswith(LIVE) else Path(source).name))
        with QSignalBlocker(self._sources):
            self._sources.clear()
            for value, text in choices:
                short = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, NAME_WIDTH)
                self._sources.addItem(short, value)
                self._sources.setItemData(self._sources.count() - 1, value or text, Qt.ItemDataRole.ToolTipRole)
            self._sources.insertSeparator(len(choices))
            self._sources.addItem("Open a video …", _FILE)
            self._sources.addItem("Network address …", _ADDRESS)
            self._sources.setCurrentIndex(self._sources.findData(source))
            self._sources.setToolTip(f"Where the picture comes from: {source}" if source else SOURCE)
        with QSignalBlocker(self._mode):
            self._mode.setCurrentIndex(max(0, self._mode.findData(self._wanted.mode)))

    def _choose(self) -> None:
        value = self._sources.currentData()
        if value == _FILE:
            self.ask_file()
        elif value == _ADDRESS:
            self.ask_address()
        else:
            self._ask(source=value)

    def _ask(self, **changes: Any) -> None:
        self.wanted.emit(dataclasses.replace(self._wanted, **changes))


def _mode_text(mode: str) -> str:
    size, _, rate = mode.partition("@")
    return f"{size.replace('x', ' × ')}, {rate} per second"

"""Below the preview: virtual camera, recording, snapshots, and the button that hides everything."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from humanseg_desktop.ui import theme
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.parts import dress_button, plain_button
from humanseg_desktop.ui.transport import clock

if TYPE_CHECKING:
    from humanseg_desktop.outputs import Outputs


CAMERA = "Be a camera for calls in other programs (Ctrl+K)"

WATCHED = {
    True: "Another program shows it now.",
    False: "No program shows it now: it sends a slate, and works as soon as one does.",
    None: "It always works: this system does not tell whether a program shows it.",
}
"""What there is to say of a virtual camera that is on, by whether it is watched."""

TELL_MS = 500
"""Milliseconds between two looks at how long is recorded."""


class OutputBar(QWidget):
    """Buttons for what leaves the window; the window connects those that need more than the outputs."""

    badge = Signal(str)
    """What to write over the preview while something is recorded; empty when nothing is."""

    def __init__(self, outputs: "Outputs") -> None:
        super().__init__()
        self.setObjectName("bar")
        self._outputs = outputs
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.camera = self._button("virtual", "Virtual camera", CAMERA)
        self.record = self._button("record", "Record", "Record what goes out to a file (Ctrl+R)")
        self.pause = plain_button("pause", "Pause the recording (Ctrl+P)", checkable=True)
        self.snapshot = plain_button("snapshot", "Save a snapshot of what goes out (Ctrl+S)")
        self.cutout = plain_button("cutout", "Save yourself alone, on transparency (Ctrl+Shift+S)")
        self.copy = plain_button("copy", "Copy the picture to the clipboard (Ctrl+C)")
        self.hide_me = self._button("hide", "Hide me", "Show a slate in place of you, everywhere (Ctrl+H)")
        self.pause.hide()
        for widget in (self.camera, self.record, self.pause, self.snapshot, self.cutout, self.copy):
            if isinstance(widget, QToolButton):
                widget.setIconSize(QSize(20, 20))
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(self.hide_me)
        self.camera.clicked.connect(lambda on: outputs.start_camera() if on else outputs.stop_camera())
        self.record.clicked.connect(lambda on: outputs.start_recording() if on else outputs.stop_recording())
        self.pause.clicked.connect(outputs.pause_recording)
        self.snapshot.clicked.connect(outputs.snapshot)
        outputs.changed.connect(self.follow)
        self._clock = QTimer(self, interval=TELL_MS)
        self._clock.timeout.connect(self._tell)

    def follow(self) -> None:
        """Show what is on."""
        recording = self._outputs.recording
        self._follow_camera(on=self._outputs.camera is not None, watched=self._outputs.watched)
        self.record.setChecked(recording is not None)
        self.record.setText(" Stop" if recording else " Record")
        dress_button(self.record, "stop" if recording else "record", theme.current().panel if recording else None)
        self.pause.setVisible(recording is not None)
        self.pause.setChecked(self._outputs.paused)

        self.record.setProperty("recording", recording is not None)
        self.record.style().polish(self.record)
        (self._clock.start if recording else self._clock.stop)()
        self._tell()

    def close_down(self) -> None:
        """Tell no more."""
        self._clock.stop()

    def _follow_camera(self, *, on: bool, watched: bool | None) -> None:
        self.camera.setChecked(on)
        self.camera.setText(" Virtual camera: waits" if on and watched is False else " Virtual camera")
        tooltip = f"{CAMERA}\n\n{WATCHED[watched]}" if on else CAMERA
        self.camera.setToolTip(tooltip)
        self.camera.setAccessibleDescription(tooltip)

    def _tell(self) -> None:
        seconds = self._outputs.recorded_s
        paused = "  paused" if self._outputs.paused else ""
        self.badge.emit("" if seconds is None else f"{clock(seconds)}{paused}")

    def _button(self, icon: str, text: str, tooltip: str) -> QPushButton:
        # Qt knows no gap between icon and text.
        button = dressed(QPushButton(f" {text}"), tooltip=tooltip, says=text)
        button.setCheckable(True)
        dress_button(button, icon)
        return button

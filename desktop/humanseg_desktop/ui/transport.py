"""Play, pause, seek and loop, for sources that are films."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.parts import dress_button, plain_button

if TYPE_CHECKING:
    from humanseg.sources import Source

TELL_MS = 200
"""Milliseconds between two looks at where the film is."""

_STEPS = 1000


class Transport(QWidget):
    """Hidden for cameras and streams: those cannot wait."""

    def __init__(self) -> None:
        super().__init__()
        self.hide()
        self._film: Any = None
        self._wanted = True
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._play = plain_button("pause", "Play or pause (P)")
        self._slider = dressed(QSlider(Qt.Orientation.Horizontal), says="Place in the video")
        self._slider.setMaximum(_STEPS)
        self._time = dressed(QLabel(), "small")
        self._loop = plain_button("loop", "Begin again at the end", checkable=True)
        for widget in (self._play, self._slider, self._time, self._loop):
            row.addWidget(widget)
        row.setStretch(1, 1)
        self._play.clicked.connect(self.toggle)
        self._slider.valueChanged.connect(self._seek)
        self._loop.toggled.connect(self._set_loop)
        self._teller = QTimer(self, interval=TELL_MS)
        self._teller.timeout.connect(self._tell)

    def follow(self, source: "Source | None") -> None:
        """Steer this source, if it can be steered."""
        self._film = source if hasattr(source, "seek") else None
        self.show_if_needed(self._wanted)
        if self._film is None:
            self._teller.stop()
            return
        with QSignalBlocker(self._loop):
            self._loop.setChecked(self._film.looping)
        self._teller.start()
        self._tell()

    def show_if_needed(self, wanted: bool) -> None:
        """Show it, if there is a film and there is room for it."""
        self._wanted = wanted
        self.setVisible(wanted and self._film is not None)

    def toggle(self) -> None:
        """Play, or pause."""
        if self._film is not None:
            (self._film.resume if self._film.paused else self._film.pause)()
            self._tell()

    def close_down(self) -> None:
        """Look no more."""
        self._teller.stop()
        self._film = None

    def _seek(self, step: int) -> None:
        if self._film is not None:
            self._film.seek(self._film.length * step / _STEPS)

    def _set_loop(self, on: bool) -> None:
        if self._film is not None:
            self._film.looping = on

    def _tell(self) -> None:
        film = self._film
        position, length = float(film.position), float(film.length)
        if not self._slider.isSliderDown():
            with QSignalBlocker(self._slider):
                self._slider.setValue(round(_STEPS * position / max(length, 0.001)))
        self._time.setText(f"{clock(position)} / {clock(length)}")
        dress_button(self._play, "play" if film.paused else "pause")


def clock(seconds: float) -> str:
    """Seconds as people read them: 1:05, 1:02:05."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

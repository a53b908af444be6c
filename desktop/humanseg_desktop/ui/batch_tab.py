"""The page of files: a queue of videos that get the look of the live page."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from humanseg_desktop import scenery
from humanseg_desktop.batch import BatchQueue, Job
from humanseg_desktop.ui import theme
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.filters import VIDEOS
from humanseg_desktop.ui.jobs_table import Jobs, make_table
from humanseg_desktop.ui.parts import dress_button

if TYPE_CHECKING:
    from humanseg_desktop.controller import Controller
    from humanseg_desktop.opening import Parts


class BatchTab(QWidget):
    """Adds, makes, cancels and clears videos."""

    _told = Signal(object)

    def __init__(self, controller: "Controller", parts: "Parts") -> None:
        super().__init__()
        self._controller = controller
        self.setObjectName("bar")
        self._folder: Path | None = None
        self._told.connect(self._take)
        self.queue = BatchQueue(parts, self._told.emit)
        self._model = Jobs(self)
        self._table = make_table(self._model)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 16)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._add = self._button(row, "add", "Add videos …", "Add videos to the queue; or drop them here", self.ask)
        self._where = self._button(row, "folder", "Beside the videos", "Where the new videos go", self._ask_folder)
        row.addStretch()
        self._clear = self._button(
            row, "trash", "Clear", "Take everything that is not running from the list", self.clear
        )
        self._again = self._button(row, "reset", "Try again", "Make what failed or was cancelled", self.resume)
        self._go = self._button(row, "play", "Start", "Make the videos that wait (Ctrl+Return)", self.toggle)
        self._go.setObjectName("main")
        column.addLayout(row)
        self._note = dressed(QLabel(), "small")
        self._empty = QLabel(
            "Drop videos here, or add them.\nThey get the background and fine tuning of the live page. Sound is kept.",
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        dressed(self._empty, "dropzone")
        middle = QWidget()
        self._middle = QStackedLayout(middle)
        self._middle.addWidget(self._empty)
        self._middle.addWidget(self._table)
        column.addWidget(middle, 1)
        column.addWidget(self._note)
        controller.look_changed.connect(self._follow)
        self._follow()

    def add(self, paths: list[Path]) -> None:
        """Queue these videos."""
        for path in paths:
            self.queue.add(path, self._folder)
        self._follow()

    def ask(self) -> None:
        """Let the user choose videos."""
        self.add([Path(name) for name in QFileDialog.getOpenFileNames(self, "Add videos", "", VIDEOS)[0]])

    def toggle(self) -> None:
        """Begin, or cancel."""
        if self.queue.running:
            self.queue.cancel()
        elif self._go.isEnabled():
            settings = self._controller.settings
            self.queue.start(settings.input, settings.look)
        self._follow()

    def resume(self) -> None:
        """Make what failed or was cancelled; a video that was stopped goes on where it was, if the look is the same."""
        if not self.queue.running:
            self.queue.again()
            self._follow()
            self.toggle()

    def clear(self) -> None:
        """Empty the list, but for what is running."""
        for job in self.queue.jobs:
            self.queue.remove(job.number)
        self._model.keep(self.queue.jobs)
        self._follow()

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Where the new videos go")
        self._folder = Path(name) if name else None
        self._where.setText(f" {self._folder.name or name}" if self._folder else " Beside the videos")

    def _take(self, job: Job | None) -> None:
        if job is not None:
            self._model.take(job)
        self._follow()

    def _follow(self, *_: object) -> None:
        jobs = self._model.jobs
        stages = [job.stage for job in jobs]
        active, stopped = self.queue.running, "cancelled" in stages
        dressed_up = scenery.hides(self._controller.settings.look)
        self._middle.setCurrentIndex(1 if jobs else 0)
        self._go.setText(" Cancel" if active else " Start")
        self._go.setEnabled(active or ("waiting" in stages and dressed_up))
        colour = theme.current().on_accent if self._go.isEnabled() else None
        dress_button(self._go, "stop" if active else "play", colour)
        self._clear.setEnabled(bool(jobs) and not active)
        self._again.setText(" Go on" if stopped else " Try again")
        self._again.setVisible(stopped or "failed" in stages)
        self._again.setEnabled(dressed_up and not active)
        done = f"{stages.count('done')} of {len(jobs)} done" if jobs else ""
        self._note.setText(done if dressed_up else "Choose a background on the live page first: it is off.")

    def _button(self, row: QHBoxLayout, icon: str, text: str, tooltip: str, call: object) -> QPushButton:
        button = dressed(QPushButton(f" {text}"), tooltip=tooltip, says=text)
        dress_button(button, icon)
        button.clicked.connect(call)
        row.addWidget(button)
        return button

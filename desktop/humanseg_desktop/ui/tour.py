"""The first run's tour: three steps, each beside what it is about. Nothing is dimmed and nothing waits for it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from humanseg_desktop.ui.dressed import dressed

STEPS = (
    (
        "Choose what is seen",
        "A camera, a video, a network address, or the built-in demo. A video may also be dropped here.",
    ),
    ("Choose what is behind you", "Blur, a colour or a picture. Drop a picture of your own anywhere on the window."),
    ("Use it", "Switch the virtual camera on and choose it in your call, or record. Hide me (Ctrl+H) shows a slate."),
)
"""Title and text of each step."""

_WIDTH = 300


class Tour(QFrame):
    """A small card that moves from one part of the window to the next."""

    ended = Signal()

    def __init__(self, parent: QWidget, targets: Sequence[QWidget], bring: Callable[[QWidget], None]) -> None:
        """Make it; `begin` shows it.

        Args:
            parent: the window.
            targets: what each step is about.
            bring: brings one of them in sight.
        """
        super().__init__(parent)
        self._bring = bring
        self._window = parent
        parent.installEventFilter(self)
        dressed(self, "tour")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._targets = targets
        self._step = 0
        self.setFixedWidth(_WIDTH)
        column, row = QVBoxLayout(self), QHBoxLayout()
        self._column = column
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(6)
        self._title = dressed(QLabel(), "heading")
        self._text = dressed(QLabel(wordWrap=True), "soft")
        self._count = dressed(QLabel(), "small")
        skip = QPushButton("Skip")
        self._next = dressed(QPushButton(), "main")
        for button in (skip, self._next):
            button.setAutoDefault(True)  # the return key presses it, too
        skip.clicked.connect(self.end)
        self._next.clicked.connect(self.advance)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addSpacing(6)
        row.addWidget(self._count)
        row.addStretch()
        row.addWidget(skip)
        row.addWidget(self._next)
        column.addLayout(row)

    @property
    def step(self) -> int:
        """Which step is shown, from 0."""
        return self._step

    def begin(self) -> None:
        """Show the first step."""
        self._step = 0
        self._show_step()
        self.show()
        self.raise_()
        self._next.setFocus()

    def advance(self) -> None:
        """Go on, and end after the last."""
        self._step += 1
        if self._step < len(STEPS):
            self._show_step()
        else:
            self.end()

    def _show_step(self) -> None:
        title, text = STEPS[self._step]
        self._title.setText(title)
        self._text.setText(text)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._count.setText(f"{self._step + 1} of {len(STEPS)}")
        self._next.setText("Done" if self._step == len(STEPS) - 1 else "Next")
        self.setFixedHeight(self._column.heightForWidth(_WIDTH))
        self._bring(self._targets[self._step])
        self._place()

    def _place(self) -> None:
        target, parent = self._targets[self._step], self._window
        corner = target.mapTo(parent, QPoint(0, 0))
        # Beside a part of the right side, above one at the foot.
        beside = corner.x() > parent.width() // 2
        left = corner.x() - _WIDTH - 12 if beside else corner.x()
        top = corner.y() if beside else corner.y() - self.height() - 12
        self.move(max(8, left), max(8, min(top, parent.height() - self.height() - 8)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and self.isVisible():
            QTimer.singleShot(0, self, self._place)  # once its target has moved too
        return super().eventFilter(watched, event)

    def end(self) -> None:
        """Take it away, and tell so."""
        self.hide()
        self.ended.emit()
        self.deleteLater()

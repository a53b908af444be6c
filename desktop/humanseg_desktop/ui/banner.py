"""The banner: what is wrong and what to do about it, above the preview and never in the way."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from humanseg.errors import HumansegError
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.parts import plain_button


class Banner(QFrame):
    """One trouble at a time; a newer one takes its place."""

    asked_again = Signal()
    """The user wants to try once more."""

    def __init__(self) -> None:
        super().__init__()
        dressed(self, "banner", says="Message")
        self.hide()
        row, words = QHBoxLayout(self), QVBoxLayout()
        row.setContentsMargins(14, 10, 8, 10)
        words.setSpacing(2)
        self._problem = dressed(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText), "heading")
        self._hint = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        for label in (self._problem, self._hint):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        row.addLayout(words, 1)
        self._again = QPushButton("Try again")
        self._again.clicked.connect(self.asked_again)
        row.addWidget(self._again, 0, Qt.AlignmentFlag.AlignTop)
        close = plain_button("close", "Close this message")
        close.clicked.connect(self.hide)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)

    @property
    def text(self) -> str:
        """What it says now; empty while it is closed."""
        return "" if self.isHidden() else f"{self._problem.text()}\n{self._hint.text()}".strip()

    def tell(self, trouble: HumansegError | None, *, may_retry: bool = False) -> None:
        """Show a trouble, or close for None."""
        if trouble is not None:
            self._problem.setText(trouble.problem)
            self._hint.setText(trouble.hint)
            self._hint.setVisible(bool(trouble.hint))
            self._again.setVisible(may_retry)
            self.setAccessibleDescription(str(trouble))
        self.setVisible(trouble is not None)

"""A small graph of one figure over the last minute."""

from collections import deque

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from humanseg_desktop.ui import theme
from humanseg_desktop.ui.dressed import dressed

KEPT = 120
"""Values that are shown: half a second each."""


class Graph(QWidget):
    """A line without axes; its tooltip says what it shows."""

    def __init__(self, name: str) -> None:
        super().__init__()
        dressed(self, tooltip=name, says=name)
        self._values: deque[float] = deque(maxlen=KEPT)
        self.setFixedSize(QSize(120, 26))

    def add(self, value: float) -> None:
        """Show one more value, from 0 upwards."""
        self._values.append(value)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        colours = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(QPointF(0, self.height() - 1.5), QPointF(self.width(), self.height() - 1.5))
        if len(self._values) < 2:
            return
        highest = max(*self._values, 1.0) * 1.15
        step = self.width() / (KEPT - 1)
        start = self.width() - step * (len(self._values) - 1)
        points = [
            QPointF(start + number * step, (self.height() - 2) * (1 - value / highest) + 1)
            for number, value in enumerate(self._values)
        ]
        below = QPolygonF([QPointF(points[0].x(), self.height()), *points, QPointF(points[-1].x(), self.height())])
        fill = QColor(colours.accent)
        fill.setAlpha(40)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(below)
        painter.setPen(QPen(QColor(colours.accent), 1.6))
        painter.drawPolyline(QPolygonF(points))

"""What is painted over the preview: the divider of the split view, notes, chips, round corners."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

RADIUS = 12.0
"""Of the preview's corners, in pixels."""


def draw_divider(painter: QPainter, rect: QRectF, at: float) -> None:
    """The line between before and after, at this place from the left, with a handle to drag."""
    painter.setPen(QPen(QColor(255, 255, 255, 230), 2))
    painter.drawLine(QPointF(at, rect.top()), QPointF(at, rect.bottom()))
    middle = QPointF(at, rect.center().y())
    painter.setBrush(QColor(255, 255, 255))
    painter.setPen(QPen(QColor(0, 0, 0, 60), 1))
    painter.drawEllipse(middle, 15, 15)
    painter.setPen(QPen(QColor(40, 44, 52), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for side in (-1, 1):
        tip = middle + QPointF(side * 8, 0)
        painter.drawLine(tip, tip + QPointF(-side * 4, -4))
        painter.drawLine(tip, tip + QPointF(-side * 4, 4))


def round_off(painter: QPainter, rect: QRectF, around: QBrush) -> None:
    """Round the corners of what was painted into a rectangle."""
    # Four small corners are painted over: clipping the whole picture by a path would cost a second one.
    corners = QPainterPath()
    corners.addRect(rect)
    rounded = QPainterPath()
    rounded.addRoundedRect(rect, RADIUS, RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(around)
    painter.drawPath(corners.subtracted(rounded))


def write_note(painter: QPainter, rect: QRectF, note: str) -> None:
    """Words below the sign of a slate."""
    painter.setPen(QColor(200, 205, 212))
    font = painter.font()
    font.setPixelSize(15)
    painter.setFont(font)
    below = QRectF(rect.left(), rect.center().y() + rect.height() * 0.14, rect.width(), rect.height() * 0.3)
    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, note)


def write_chip(painter: QPainter, at: QPointF, text: str, *, dot: bool = False) -> None:
    """A label over the picture, with a red dot before it on request."""
    font = painter.font()
    font.setPixelSize(12)
    painter.setFont(font)
    wide = painter.fontMetrics().horizontalAdvance(text) + (34 if dot else 20)
    chip = QRectF(at.x(), at.y(), wide, 26)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(16, 18, 22, 190))
    painter.drawRoundedRect(chip, 13, 13)
    if dot:
        painter.setBrush(QColor("#ff5a60"))
        painter.drawEllipse(QPointF(chip.left() + 15, chip.center().y()), 4.5, 4.5)
    painter.setPen(QColor(240, 242, 245))
    painter.drawText(chip.adjusted(24 if dot else 10, 0, -10, 0), Qt.AlignmentFlag.AlignVCenter, text)

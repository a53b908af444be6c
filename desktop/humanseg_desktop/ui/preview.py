"""The preview: what goes out, what it was made from, and the matte, painted at the screen's own pace."""

from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from humanseg_desktop.outlet import Outlet, Shown
from humanseg_desktop.settings import View
from humanseg_desktop.tickets import ClearedFrame
from humanseg_desktop.ui import theme
from humanseg_desktop.ui.overlay import draw_divider, round_off, write_chip, write_note

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PULL_MS = 16
"""Milliseconds between two looks for a newer picture."""

_STEP = 0.02


class Preview(QWidget):
    """Pulls the newest picture from the outlet and paints it; never waits for one.

    The split and the matte show more than goes out. They are drawn here only, from what a cleared frame carries.
    """

    painted = Signal(float)
    """Seconds that a painting took."""

    toggled_full_screen = Signal()

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Preview")
        self.setAccessibleDescription("Left and right move the divider of the split view.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 180)
        self.mirrored = True
        """Whether the picture is turned round, here only."""
        self._outlet = outlet
        self._view: View = "result"
        self._note = ""
        self._badge = ""
        self._bare = False
        self._divider = 0.5
        self._shown: Shown | None = None
        self._pull = QTimer(self, interval=PULL_MS, timerType=Qt.TimerType.PreciseTimer)
        self._pull.timeout.connect(self._look)
        self._pull.start()

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    @property
    def view(self) -> View:
        """Which of the three pictures is painted."""
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._view = view
        self.update()

    def set_note(self, note: str) -> None:
        """Write a note on slates."""
        self._note = note
        self.update()

    def set_badge(self, badge: str) -> None:
        """Write this in the corner, beside a red dot; empty is no badge."""
        self._badge = badge
        self.update()

    def set_bare(self, bare: bool) -> None:
        """Lay nothing around the picture but black."""
        self._bare = bare
        self.update()

    def close_down(self) -> None:
        """Stop looking for pictures."""
        self._pull.stop()

    def _look(self) -> None:
        window = self.window()
        self._outlet.window_seen = window.isVisible() and not window.isMinimized()
        shown = self._outlet.shown
        if shown is not None and (self._shown is None or shown.number != self._shown.number):
            self._shown = shown
            self.update()

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget: as large as it can, in the middle."""
        size = self._shown.frame.size if self._shown else (16, 9)
        fitted = QSize(*size).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - fitted.width()) // 2, (self.height() - fitted.height()) // 2
        return QRectF(QRect(left, top, fitted.width(), fitted.height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        began = perf_counter()
        # As a context: a painter that an error leaves open would take the process with it.
        with QPainter(self) as painter:
            self._paint(painter)
        self.painted.emit(perf_counter() - began)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.picture_rect()
        shown = self._shown
        painter.fillRect(self.rect(), QColor("black" if self._bare else theme.current().stage))
        if shown is not None:
            cleared = shown.frame if isinstance(shown.frame, ClearedFrame) else None
            if cleared and self._view == "matte":
                self._draw(painter, rect, _grey(cleared.matte.alpha))
            else:
                self._draw(painter, rect, _colour(shown.frame.rgb))
            if cleared and self._view == "split":
                self._draw_before(painter, rect, cleared)
        if not self._bare:
            round_off(painter, QRectF(self.rect()), self.palette().window())
        if shown is None or shown.slate:
            write_note(painter, rect, self._note)
        if self._badge:
            write_chip(painter, rect.topLeft() + QPointF(14, 14), self._badge, dot=True)

    def _draw(self, painter: QPainter, rect: QRectF, image: QImage) -> None:
        slate = self._shown is not None and self._shown.slate
        if not self.mirrored or slate:
            painter.drawImage(rect, image)
            return
        painter.save()
        painter.setTransform(QTransform(-1, 0, 0, 1, 2 * rect.center().x(), 0), True)
        painter.drawImage(rect, image)
        painter.restore()

    def _draw_before(self, painter: QPainter, rect: QRectF, cleared: ClearedFrame) -> None:
        at = rect.left() + rect.width() * self._divider
        painter.save()
        painter.setClipRect(QRectF(rect.left(), rect.top(), at - rect.left(), rect.height()))
        self._draw(painter, rect, _colour(cleared.before.rgb))
        painter.restore()
        draw_divider(painter, rect, at)
        write_chip(painter, rect.bottomLeft() + QPointF(14, -40), "Before (only on this screen)")

    def _move_divider(self, to: float) -> None:
        self._divider = min(1.0, max(0.0, to))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._view == "split" and event.buttons() & Qt.MouseButton.LeftButton:
            rect = self.picture_rect()
            self._move_divider((event.position().x() - rect.left()) / rect.width())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.toggled_full_screen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
        if self._view == "split" and event.key() in steps:
            self._move_divider(self._divider + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


def _colour(rgb: "NDArray[np.uint8]") -> QImage:
    """The array as an image of its own, in the format that Qt scales several times quicker than packed RGB."""
    height, width = rgb.shape[:2]
    packed = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return packed.convertToFormat(QImage.Format.Format_RGB32)


def _grey(alpha: "NDArray[np.float32]") -> QImage:
    grey = (alpha * 255 + 0.5).astype("uint8")
    height, width = grey.shape
    return QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()

"""The app's own icons: strokes on a grid of 24, in the colours of the theme, sharp at any scale."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from humanseg_desktop.ui.resources import icon_file

_SHAPES = {
    "add": "M12 5v14M5 12h14",
    "camera": "M3 6h12v12H3zM15 11l6-3.5v9L15 13",
    "close": "M6 6l12 12M18 6L6 18",
    "copy": "M9 9h10v11H9zM5 15V4h10",
    "cutout": "M12 12a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2zM5 20c.6-3.6 3.4-5.5 7-5.500s6.4 1.9 7 5.5",
    "down": "M6 9.500l6 6 6-6",
    "folder": "M3 6.500h6l2 2.500h10v9.500H3z",
    "fullscreen": "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
    "hide": (
        "M3 3l18 18M10.6 6.2C11.1 6.1 11.5 6 12 6c5 0 8.5 4 9.5 6-.4.9-1.3 2.2-2.7 3.4M6.3 7.8C4.3 9.1 "
        "3 10.9 2.5 12c1 2 4.5 6 9.5 6 1.5 0 2.9-.4 4.1-.9M9.9 10a3 3 0 0 0 4.2 4.2"
    ),
    "loop": "M17 3l3 3-3 3M20 6H8a4 4 0 0 0-4 4v1M7 21l-3-3 3-3M4 18h12a4 4 0 0 0 4-4v-1",
    "mirror": "M12 4v16M8.5 8L4 16h4.500zM15.5 8l4.5 8h-4.500z",
    "open": "M12 15V4M8 8l4-4 4 4M4 15v5h16v-5",
    "pause": "M8.5 5v14M15.5 5v14",
    "play": "M8 5l11 7-11 7z",
    "record": "M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14z",
    "refresh": "M20 5v5h-5M19.5 10a8 8 0 1 0 .3 4",
    "reset": "M4 5v5h5M4.5 10a8 8 0 1 1-.3 4",
    "save": "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
    "snapshot": "M4 8h3.500L9 5.500h6L16.5 8H20v11H4zM12 16.500a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400z",
    "stop": "M6.5 6.500h11v11h-11z",
    "trash": "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13",
    "up": "M6 14.500l6-6 6 6",
    "virtual": "M3 5h18v11H3zM9 20h6M12 16v4M12 12.700a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.400z",
    "warning": "M12 4l9 16H3zM12 10v4.500M12 17.200v.1",
}

_FILLED = frozenset({"record", "stop", "play"})


@cache
def icon(name: str, colour: str) -> QIcon:
    """An icon by name, in a colour like "#1c1f24".

    Raises:
        KeyError: there is none of that name.
    """
    return QIcon(_Strokes(_SHAPES[name], colour, filled=name in _FILLED))


class _Strokes(QIconEngine):
    """Draws an icon at whatever size is asked for."""

    def __init__(self, shape: str, colour: str, *, filled: bool) -> None:
        super().__init__()
        self._shape, self._colour, self._filled = shape, colour, filled

    def paint(self, painter: QPainter, rect: object, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        if mode is QIcon.Mode.Disabled:
            painter.setOpacity(0.4)
        fill = self._colour if self._filled else "none"
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="{self._shape}" fill="{fill}" '
            f'stroke="{self._colour}" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/></svg>'
        )
        QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(rect))  # type: ignore[call-overload]
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixmap = self.pixmap(size * scale, mode, state)
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        return _Strokes(self._shape, self._colour, filled=self._filled)


def app_icon() -> QIcon:
    """The app's icon, drawn as its desktop entry has it."""
    return QIcon(str(icon_file()))

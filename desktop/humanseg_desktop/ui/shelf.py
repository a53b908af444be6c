"""What is looked up off the window's thread and then offered: cameras, engines, models, pictures."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from humanseg_desktop.ui.background_panel import THUMBNAIL
from humanseg_desktop.ui.readout import ENGINES

if TYPE_CHECKING:
    from humanseg_desktop.controller import Controller
    from humanseg_desktop.gallery import Picture
    from humanseg_desktop.ui.live_page import LivePage

LATER_MS = 1500
"""Milliseconds after the start at which everything is looked up: the picture comes first."""

logger = logging.getLogger(__name__)


class Shelf(QObject):
    """Fills the lists of the live page."""

    _found = Signal(str, object)

    def __init__(self, controller: "Controller", live: "LivePage") -> None:
        super().__init__(live)  # what is found after the window has gone is offered to nobody
        self._controller, self._live = controller, live
        self._worker = ThreadPoolExecutor(1, "humanseg-shelf")
        self._found.connect(self._offer)
        self._later = QTimer(self, interval=LATER_MS, singleShot=True)
        self._later.timeout.connect(self.refresh)

    def begin(self) -> None:
        """Look everything up soon."""
        self._later.start()

    def refresh(self) -> None:
        """Look everything up anew."""
        own = self._controller.settings.pictures
        scale = self._live.devicePixelRatioF()
        size = (round(THUMBNAIL.width() * scale), round(THUMBNAIL.height() * scale))
        self._worker.submit(self._look_up, own, size)

    def close_down(self) -> None:
        """Look nothing up any more."""
        self._later.stop()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _look_up(self, own: tuple[str, ...], size: tuple[int, int]) -> None:
        try:
            self._found.emit("engines", _engines())
            self._found.emit("models", _models())
            from humanseg_desktop.gallery import pictures

            self._found.emit("pictures", pictures(own, size))
            self._found.emit("cameras", _cameras())
        except Exception:
            logger.exception("Something cannot be offered.")

    def _offer(self, what: str, found: Any) -> None:
        live = self._live
        if what == "cameras":
            live.source.set_cameras(found)
        elif what == "engines":
            live.adjust.offer("engine", found)
        elif what == "models":
            live.adjust.offer("model", found)
        else:
            for picture in found:
                live.background.add_picture(picture.value, picture.name, self._pixmap(picture))
            live.background.follow(self._controller.settings.look)

    def _pixmap(self, picture: "Picture") -> QPixmap:
        height, width = picture.thumbnail.shape[:2]
        image = QImage(picture.thumbnail.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(self._live.devicePixelRatioF())
        return pixmap


def _cameras() -> list[tuple[str, str]]:
    from humanseg.sources.cameras import list_cameras

    return [(f"camera:{camera.id}", camera.name) for camera in list_cameras()]


def _engines() -> list[tuple[str, str]]:
    from typing import get_args

    from humanseg.engines import EngineName

    return [(name, ENGINES.get(name, name)) for name in get_args(EngineName)]


def _models() -> list[tuple[str, str]]:
    from humanseg import assets

    return [("", "Default"), *((name, name) for name in assets.models())]

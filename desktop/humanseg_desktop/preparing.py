"""What stands behind the person, made ready off the window's thread."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from humanseg.errors import SettingsError
from humanseg_desktop import scenery

if TYPE_CHECKING:
    from collections.abc import Callable

    from humanseg_desktop.settings import Look

logger = logging.getLogger(__name__)


class Preparer(QObject):
    """Makes the compositor of a look: only the one that was asked for last. Methods belong to the window's thread."""

    prepared = Signal(object, object)
    """The look, and its compositor; None where its background is off."""
    failed = Signal(object)
    """A `SettingsError`: the background cannot be had."""

    _made = Signal(int, object, object)

    def __init__(self, look_of: "Callable[[Look], Look]") -> None:
        """Args: look_of: what a look is composited as now, where less is done than was chosen."""
        super().__init__()
        self._look_of = look_of
        self._look: Look | None = None
        self._lowered: Look | None = None
        self._worker = ThreadPoolExecutor(1, "humanseg-prepare")
        self._asked = self._pointed = 0
        self._made.connect(self._take)

    def prepare(self, look: "Look") -> None:
        """Make this one; what was asked for before is not wanted any more."""
        self._asked += 1
        self._look, self._lowered = look, self._look_of(look)
        self._worker.submit(self._make, self._asked, look, self._lowered)

    def adapt(self) -> None:
        """Make the one that was asked for last as it is to be composited now.

        Not anew where nothing changes in it, or a video would begin again.
        """
        if self._look is not None and self._look_of(self._look) != self._lowered:
            self.prepare(self._look)

    def get_ready(self, look: "Look", size: tuple[int, int]) -> None:
        """Make what takes long of this look, which may be wanted soon, for frames of (width, height)."""
        self._pointed += 1
        self._worker.submit(self._get_ready, self._pointed, look, size)

    def close(self) -> None:
        """Make none any more, and wait for the end."""
        self._asked += 1
        self._pointed += 1
        self._worker.shutdown(wait=True)

    def _get_ready(self, number: int, look: "Look", size: tuple[int, int]) -> None:
        if number != self._pointed:
            return
        try:
            scenery.get_ready(look, size)
        except Exception:
            logger.exception("A background could not be made ready.")

    def _make(self, number: int, look: "Look", lowered: "Look") -> None:
        if number != self._asked:
            return
        try:
            result: object = scenery.compositor_of(lowered)
        except SettingsError as error:
            result = error
        except Exception as error:
            logger.exception("A background failed with a bug.")
            result = SettingsError(f"The background cannot be made: {error!r}.", "The log file has the details.")
        self._made.emit(number, look, result)

    def _take(self, number: int, look: "Look", result: object) -> None:
        if number != self._asked:
            return
        if isinstance(result, SettingsError):
            self.failed.emit(result)
        else:
            self.prepared.emit(look, result)

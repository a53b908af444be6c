"""The settings as they are now, and in their file a moment later."""

import dataclasses
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from humanseg.errors import SettingsError
from humanseg_desktop import store
from humanseg_desktop.settings import Settings

logger = logging.getLogger(__name__)

SAVE_MS = 700
"""Milliseconds that settings must rest before they are saved."""


class Keeper(QObject):
    """Holds the settings, and saves them on a thread of its own. Methods belong to the window's thread."""

    changed = Signal(object)
    """The new `Settings`."""
    troubled = Signal(object)
    """A `SettingsError`: they cannot be saved. Told once, until they can be again."""

    def __init__(self, settings: Settings, file: Path | None) -> None:
        """Take over the settings.

        Args:
            settings: to begin with.
            file: where they are saved; None saves none.
        """
        super().__init__()
        self.settings = settings
        self.file = file
        """Where they are saved."""
        self._told = ""
        self._writer = ThreadPoolExecutor(1, "humanseg-save")
        self.rest = QTimer(self, interval=SAVE_MS, singleShot=True)
        """Runs out when the settings have rested."""
        self.rest.timeout.connect(self._save)

    def change(self, **changes: Any) -> None:
        """Replace fields of `Settings`."""
        self.settings = dataclasses.replace(self.settings, **changes)
        self.rest.start()
        self.changed.emit(self.settings)

    def close(self) -> None:
        """Save, and wait for it."""
        self.rest.stop()
        self._save()
        self._writer.shutdown(wait=True)

    def _save(self) -> None:
        if self.file is not None:
            self._writer.submit(self._write, self.file, self.settings)

    def _write(self, file: Path, settings: Settings) -> None:
        try:
            store.save(file, settings)
        except SettingsError as error:
            if str(error) != self._told:
                self._told = str(error)
                self.troubled.emit(error)
        except Exception:
            logger.exception("The settings were not saved.")
        else:
            self._told = ""

"""Settings and presets on disk: TOML files, written whole or not at all."""

import contextlib
import dataclasses
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import platformdirs
import tomli_w

from humanseg import settings as tables
from humanseg.errors import SettingsError
from humanseg_desktop.settings import Look, Settings

logger = logging.getLogger(__name__)


def settings_file() -> Path:
    """Where the settings lie: humanseg.toml in the user's own folder for settings."""
    return Path(platformdirs.user_config_dir("humanseg", appauthor=False)) / "humanseg.toml"


def load(path: Path) -> tuple[Settings, SettingsError | None]:
    """The settings in a file, or the defaults.

    Returns:
        The settings, and what was wrong with the file: then they are the defaults, and the file is kept aside as
        `NAME.broken` so that the next save does not lose it.
    """
    if not path.exists():
        return Settings(), None
    try:
        return tables.read(path, Settings), None
    except SettingsError as error:
        with contextlib.suppress(OSError):
            path.replace(path.with_suffix(".toml.broken"))
        logger.warning("The settings were not read: %s", error)
        return Settings(), error


def save(path: Path, settings: Settings) -> None:
    """Write the settings.

    Raises:
        SettingsError: the folder or the file cannot be written.
    """
    _write(path, dataclasses.asdict(settings), "The settings cannot be saved")


def read_preset(path: Path) -> Look:
    """The look in a preset file.

    Raises:
        SettingsError: it cannot be read or is no preset; the message names the place.
    """
    return tables.read(path, Look)


def write_preset(path: Path, look: Look) -> None:
    """Write a look as a preset file.

    Raises:
        SettingsError: it cannot be written.
    """
    _write(path, dataclasses.asdict(look), "The preset cannot be saved")


def _write(path: Path, table: dict[str, Any], problem: str) -> None:
    # Beside the file, so that the final step is a rename: a crash leaves the old file or the new one.
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            tomli_w.dump(table, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                temporary.unlink()
        hint = f"Check the permissions of {path.parent}."
        raise SettingsError(f"{problem}: {error.strerror} ({path}).", hint) from error

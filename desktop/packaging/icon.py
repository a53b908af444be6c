"""The app's icon in the form that the system wants, drawn from the one vector file."""

import os
import sys
from pathlib import Path

FORMS = {"win32": (".ico", 256), "darwin": (".icns", 1024)}
"""Ending and pixels by system; a PNG of 256 elsewhere."""


def draw_icon(source: Path, place: Path) -> Path:
    """Draw the icon.

    Args:
        source: the SVG file.
        place: where, without an ending.

    Returns:
        The file: .ico on Windows, .icns on macOS, else .png.

    Raises:
        OSError: it cannot be written.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QGuiApplication, QIcon

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    ending, pixels = FORMS.get(sys.platform, (".png", 256))
    file = place.with_suffix(ending)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not QIcon(str(source)).pixmap(QSize(pixels, pixels), 1.0).save(str(file)):
        raise OSError(f"{file} cannot be written; Qt may lack the format.")
    del application
    return file

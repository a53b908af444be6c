"""Makes docs/app-light.webp and docs/app-dark.webp: the app's real window with the demo in it, half as large again.

xvfb-run -s '-screen 0 1920x1200x24' python assets/render/window.py docs
"""

import os
import sys
from pathlib import Path

from humanseg_desktop.settings import Input, Look, Settings, Window

SCALE, WIDTH, HEIGHT = "1.5", 1180, 705

WINDOWS = {
    "light": (Look(background="blur"), Window(toured=True, theme="light", view="split", width=WIDTH, height=HEIGHT)),
    "dark": (
        Look(background="picture", picture="night-lights"),
        Window(toured=True, theme="dark", width=WIDTH, height=HEIGHT),
    ),
}

MOMENTS = {"light": (5.3, 0.28), "dark": (3.3, 0.5)}
"""Seconds into the demo, and where the divider stands, from 0 (left) to 1."""

SETTLED_S = 6
"""How long it runs before: the demo once, and the figures at the foot are no longer those of the start."""

STEADY_MS = 600
"""How long the picture has to come after the demo was stopped there."""


def main() -> None:
    """Write the picture that the second word names, or each by a process of its own: Qt has one application in each."""
    folder = Path(sys.argv[1])
    if len(sys.argv) == 2:
        for name in WINDOWS:
            if code := os.spawnl(os.P_WAIT, sys.executable, sys.executable, __file__, str(folder), name):
                raise SystemExit(code)
        return
    _take(folder, sys.argv[2])


def _take(folder: Path, name: str) -> None:
    from PySide6.QtCore import QPoint, Qt, QTimer
    from PySide6.QtTest import QTest

    from humanseg_desktop import app

    os.environ["QT_SCALE_FACTOR"] = SCALE
    look, window_settings = WINDOWS[name]
    moment, divider = MOMENTS[name]
    qt = app.application()
    window = app.make(Settings(input=Input(source="demo"), look=look, window=window_settings), None)

    def wait() -> None:
        shown = window.controller.outlet.shown
        if shown is None or shown.slate or float(shown.frame.time) < SETTLED_S + moment:
            return
        looking.stop()
        window.live.transport.toggle()
        preview = window.live.preview
        QTest.mouseClick(
            preview, Qt.MouseButton.LeftButton, pos=QPoint(round(divider * preview.width()), preview.height() // 2)
        )
        QTimer.singleShot(STEADY_MS, take)

    def take() -> None:
        window.grab().save(str(folder / f"app-{name}.webp"), "webp", 90)
        window.close()

    looking = QTimer(interval=10)
    looking.timeout.connect(wait)
    looking.start()
    app.start(window)
    qt.exec()


if __name__ == "__main__":
    main()

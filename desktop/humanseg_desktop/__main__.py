"""`humanseg`: the app. Reads the command line before it imports Qt."""

import os
import sys
from collections.abc import Sequence

import tyro
from tyro.conf import FlagCreatePairsOff

from humanseg.cli import console
from humanseg.errors import SettingsError
from humanseg_desktop.options import App


def main(argv: Sequence[str] | None = None) -> int:
    """The command.

    Args:
        argv: Its arguments, None for those of the process.

    Returns:
        The exit code: 0, or 1 if the app cannot run here.

    Raises:
        SystemExit: with 0 after `--help`, 2 for a wrong command line.
    """
    options = tyro.cli(App, args=argv, prog="humanseg", config=(FlagCreatePairsOff,))
    return console.exit_code_of(lambda: _run(options))


def _run(options: App) -> int:
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in displays):
        # Qt would end the process with a crash.
        raise SettingsError("There is no screen to show a window on.", "For files, humanseg-batch needs none.")
    try:
        from humanseg_desktop.app import run
    except ImportError as error:
        raise SettingsError(f"The app cannot start: {error}.", 'Run `pip install "humanseg[desktop]"`.') from error
    return run(options)


if __name__ == "__main__":
    raise SystemExit(main())

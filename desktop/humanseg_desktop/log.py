"""The log file, and what is left behind when the program breaks: a report, and never a camera that stays on."""

import faulthandler
import logging
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import platformdirs

logger = logging.getLogger(__name__)

LARGEST = 1_000_000
"""Bytes of a log file before a new one is begun; three old ones are kept."""

PARTS = (
    "humanseg",
    "PySide6-Essentials",
    "numpy",
    "opencv-python-headless",
    "av",
    "onnxruntime",
    "openvino",
    "pyvirtualcam",
)
"""The distributions whose versions matter when something is wrong."""


def log_folder() -> Path:
    """Where the log and crash reports lie."""
    return Path(platformdirs.user_log_dir("humanseg", appauthor=False))


def begin(folder: Path) -> Path | None:
    """Log to a file in `folder` from now on, as well as to stderr.

    Returns:
        The file; None where the folder cannot be written, which is no reason not to run.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    handlers[0].setLevel(logging.WARNING)
    path: Path | None = folder / "humanseg.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(folder / "humanseg.log", maxBytes=LARGEST, backupCount=3, encoding="utf-8"))
    except OSError as error:
        path = None
        logger.warning("There is no log file: %s", error)
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    logger.info("humanseg begins: %s", ", ".join(f"{name} {number}" for name, number in versions().items()))
    return path


def versions() -> dict[str, str]:
    """Python, the system, and the parts that are installed."""
    found = {"Python": platform.python_version(), "system": platform.platform()}
    for name in PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


class CrashReports:
    """Writes a report for every exception that nobody caught, on whatever thread, and releases what is held."""

    def __init__(self, folder: Path, release: Callable[[], None], tell: Callable[[Path], None]) -> None:
        """Take over `sys.excepthook` and `threading.excepthook`.

        Args:
            folder: where reports go.
            release: lets go of the camera; called first, on the thread that failed.
            tell: told which report was written.
        """
        self._folder, self._release, self._tell = folder, release, tell
        self._hooks = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._caught
        threading.excepthook = lambda args: self._caught(args.exc_type, args.exc_value, args.exc_traceback)
        try:
            # For what Python cannot catch: a crash inside a library.
            self._native = (folder / "native-crash.log").open("a", encoding="utf-8")
            faulthandler.enable(self._native)
        except OSError:
            logger.warning("Native crashes will leave no trace: %s cannot be written.", folder)

    def end(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._hooks
        faulthandler.disable()
        if hasattr(self, "_native"):
            self._native.close()

    def _caught(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._hooks[0](kind, error or kind(), trace)
            return
        self._release()
        logger.critical("An error that nobody caught.", exc_info=(kind, error or kind(), trace))
        path = self._folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
        words = [f"{name} {number}" for name, number in versions().items()]
        words += ["", f"thread {threading.current_thread().name}", ""]
        words += traceback.format_exception(kind, error, trace)
        try:
            path.write_text("\n".join(words), encoding="utf-8")
        except OSError:
            logger.exception("The crash report cannot be written.")
        else:
            self._tell(path)

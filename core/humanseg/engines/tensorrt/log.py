"""The bridge from the library's log to Python's, which also keeps the errors: in Python they come no other way."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

logger = logging.getLogger(__name__)

KEPT = 8
"""How many errors of one call are kept: the first says why, those after it are its echoes."""


@cache
def bridge(module: Any) -> Any:
    """The one logger of a library in this process: the library keeps the first that it is given, whatever comes later.

    Returns:
        An `ILogger` with a method `collecting`, a context manager that gives the list to which errors are added.
    """
    lock = Lock()
    collectors: list[list[str]] = []
    levels = {
        module.ILogger.Severity.INTERNAL_ERROR: logging.WARNING,
        module.ILogger.Severity.ERROR: logging.WARNING,
        module.ILogger.Severity.WARNING: logging.DEBUG,
    }

    class Bridge(module.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            module.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            # A build calls this thousands of times, nearly all of them about nothing.
            level = levels.get(severity)
            if level is None:
                return
            if level == logging.WARNING:
                with lock:
                    for errors in collectors:
                        if len(errors) < KEPT:
                            errors.append(msg)
            # Not as a warning: whoever called the library tells what is wrong, in words of its own.
            logger.debug("%s: %s", module.__name__, msg)

        @contextmanager
        def collecting(self) -> Iterator[list[str]]:
            errors: list[str] = []
            with lock:
                collectors.append(errors)
            try:
                yield errors
            finally:
                with lock:
                    collectors[:] = [kept for kept in collectors if kept is not errors]

    return Bridge()


def words(errors: list[str]) -> str:
    """The first error as a sentence on one line, or that there was none."""
    return f"{' '.join(errors[0].split()).rstrip('.')}." if errors else "The library gave no reason."

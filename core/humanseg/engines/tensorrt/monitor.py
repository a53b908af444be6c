"""How far a build is, and how it is given up."""

import logging
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

logger = logging.getLogger(__name__)


class Progress:
    """Turns the library's nested phases into one share from 0 to 1 that never falls. Called from any thread.

    Phases have names that differ from version to version; all that counts is which lies in which.
    """

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._lock = Lock()
        self._steps: dict[str, int] = {}
        self._done: dict[str, float] = {}
        self._parents: dict[str, str | None] = {}
        self._share = 0.0

    def start(self, phase: str, parent: str | None, steps: int) -> None:
        """A phase of so many steps begins, inside another or on its own."""
        with self._lock:
            self._steps[phase], self._done[phase], self._parents[phase] = max(1, steps), 0.0, parent

    def step(self, phase: str, step: int) -> None:
        """The step of this number (from 0) is done."""
        with self._lock:
            if phase not in self._steps:
                return
            self._done[phase] = float(min(step + 1, self._steps[phase]))
            share, inside = 0.0, phase
            while True:
                share = min(1.0, (self._done[inside] + share) / self._steps[inside])
                parent = self._parents[inside]
                if parent is None or parent not in self._steps:
                    break
                inside = parent
            if share <= self._share:
                return
            self._share = share
        self._tell(share)

    def complete(self) -> None:
        """All of it is done; the library's own last step is not the whole."""
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        try:
            self._report(share)
        except Exception:
            # Raised on, it would end the build: a progress bar that broke is not worth that. Once is enough to say so.
            logger.exception("The progress of a build cannot be shown.")
            self._report = _nothing

    def finish(self, phase: str) -> None:
        """A phase has ended."""
        with self._lock:
            for table in (self._steps, self._done, self._parents):
                table.pop(phase, None)


def monitor(module: Any, progress: Progress | None, cancelled: Event | None) -> Any:
    """An `IProgressMonitor` that reports to `progress` and gives the build up once `cancelled` is set."""

    class Monitor(module.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if progress is not None:
                progress.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            if progress is not None:
                progress.step(phase_name, step)
            return cancelled is None or not cancelled.is_set()

        def phase_finish(self, phase_name: str) -> None:
            if progress is not None:
                progress.finish(phase_name)

    return Monitor()


def _nothing(share: float) -> None:
    """Where nobody looks any more."""

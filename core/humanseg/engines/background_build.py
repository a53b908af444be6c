"""Building an engine on a thread of its own, while another gives the picture."""

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Protocol, runtime_checkable

from humanseg.engines.engine import Engine

Shapes = dict[str, tuple[int, ...]]
"""The shape of every input, by name."""


@runtime_checkable
class BuiltEngine(Engine, Protocol):
    """An engine that has to be built for each input size, which takes seconds or minutes."""

    def is_ready(self, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether `run` with inputs of these shapes starts at once."""
        ...

    def prepare(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Event | None = None,
    ) -> None:
        """Make ready for inputs of these shapes; on any thread, though not while it runs."""
        ...


class BackgroundBuild:
    """At most one build at a time. One thread only, but for `share`."""

    def __init__(self) -> None:
        self.share = 0.0
        """How much of the last build is done, 0 to 1."""
        self._thread: Thread | None = None
        self._problem: Exception | None = None
        self._cancelled = Event()

    @property
    def is_under_way(self) -> bool:
        """Whether the engine is in use by the build."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, engine: BuiltEngine, shapes: Shapes) -> None:
        """Build the engine for these shapes, and return at once."""
        self.share = 0.0
        self._thread = Thread(target=self._build, args=(engine, shapes), name="humanseg-engine-build", daemon=True)
        self._thread.start()

    def wait(self) -> Exception | None:
        """Wait until nothing is built any more.

        Returns:
            Why the build failed; None if it did not, or there was none since the last call.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        problem, self._problem = self._problem, None
        return problem

    def cancel(self) -> None:
        """Give up the build under way, and any that begins after this; wait until it has ended."""
        self._cancelled.set()
        self.wait()

    def _build(self, engine: BuiltEngine, shapes: Shapes) -> None:
        try:
            engine.prepare(shapes, progress=self._show, cancelled=self._cancelled)
        except Exception as error:  # noqa: BLE001 whoever waits takes it from here
            self._problem = error

    def _show(self, share: float) -> None:
        self.share = share

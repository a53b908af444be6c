"""The engine behind "auto": the best that works runs, and where one fails the next goes on with the same frame."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from humanseg.engines.background_build import BackgroundBuild, BuiltEngine, Shapes
from humanseg.engines.engine import Engine, UnavailableError, WrongInputsError
from humanseg.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.float32]]
    Results = dict[str, NDArray[np.float32]]

logger = logging.getLogger(__name__)

MOST_APART = 0.01
"""How far an engine that was built may be from the one it is to replace: the mean difference of a frame's alpha."""


@dataclass(frozen=True)
class Choice:
    """What runs, and why not the others."""

    name: str
    """The engine that runs."""

    device: str
    """Where it runs."""

    building: str | None
    """The engine that is being built meanwhile, to take over."""

    share: float
    """How much of that is done, 0 to 1."""

    passed_over: tuple[tuple[str, str], ...]
    """Engines that come before it in the order, or ran before it, each with the reason why it does not."""

    def __str__(self) -> str:
        lines = [f"{self.name} on {self.device}"]
        if self.building:
            lines.append(f"  {self.building} is built ({self.share:.0%}) and takes over when it is ready")
        return "\n".join([*lines, *(f"  not {name}: {reason}" for name, reason in self.passed_over)])


class RelayEngine:
    """Runs one network in the first engine of an order that works. One thread only, as every engine.

    An engine that has to be built is built on a thread of its own while the next in the order gives the picture; before
    it takes over, between two frames, it must agree with that one on a frame. An engine that fails while it runs, or
    gives NaN, is dropped, and the next computes the very frame at which it failed: no frame goes out without its alpha.
    """

    def __init__(
        self,
        model: str,
        order: Sequence[str],
        opener: Callable[[str], Engine],
        *,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        """Open the first engine that runs at once, and any before it that has to be built.

        Args:
            model: The model's name, for messages.
            order: Names of engines, the best first.
            opener: Opens one by name.
            on_notice: Called with a sentence for people at every change of the engine, on the thread that runs it.

        Raises:
            EngineError: none can be opened; the hint has the reason of each.
        """
        self._model, self._opener, self._on_notice = model, opener, on_notice
        self._order = list(order)
        self._passed_over: dict[str, str] = {}
        self._hints: dict[str, str] = {}
        self._built: BuiltEngine | None = None
        self._accepted: list[Shapes] = []
        self._build = BackgroundBuild()
        self._closed = False
        self._ready: Engine | None = self._open_next()
        self._running = self._ready or self._sole()
        logger.info("Using the engine %s", self.choice)

    @property
    def name(self) -> str:
        """The name of the engine that runs now."""
        return self._running.name

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._running.device

    @property
    def choice(self) -> Choice:
        """What runs, and why not the others. From any thread."""
        built, running = self._built, self._running
        building = built.name if built is not None and built is not running else None
        return Choice(running.name, running.device, building, self._build.share, tuple(self._passed_over.items()))

    def run(self, inputs: "Arrays") -> "Results":
        """See `Engine.run`.

        Raises:
            WrongInputsError: they are not what the network takes.
            EngineError: the last engine failed too, or this one is closed.
        """
        if self._closed:
            raise EngineError("The engine is closed.", "Open a new one.")
        shapes = {name: array.shape for name, array in inputs.items()}
        if self._built is not None and self._ready is not None and self._may_take_over(self._built, shapes):
            outputs = self._run_built(self._built, self._ready, inputs, shapes)
            if outputs is not None:
                return outputs
        return self._run_ready(inputs)

    def reset(self) -> None:
        """See `Engine.reset`."""
        self._running.reset()

    def close(self) -> None:
        """See `Engine.close`. A build under way is given up first."""
        self._closed = True
        self._build.cancel()
        for engine in (self._ready, self._built):
            if engine is not None:
                engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open_next(self) -> Engine | None:
        """Open the next engine that runs at once; one that has to be built is kept beside it."""
        while self._order:
            name = self._order.pop(0)
            try:
                engine = self._opener(name)
            except EngineError as error:
                # What was never installed is no news; what is there and fails is.
                level = logging.DEBUG if isinstance(error, UnavailableError) else logging.WARNING
                logger.log(level, "The engine %s is not used: %s", name, error.problem)
                self._pass_over(name, error)
                continue
            if not isinstance(engine, BuiltEngine):
                return engine
            self._built = engine
        return None

    def _sole(self) -> Engine:
        """The engine that has to be built, where there is no other; its first run waits until it is."""
        if self._built is None:
            reasons = [f"{name}: {reason} {self._hints[name]}".rstrip() for name, reason in self._passed_over.items()]
            raise EngineError(f"No engine can run the model {self._model}.", "\n".join(reasons))
        self._build.wait()
        return self._built

    def _may_take_over(self, built: BuiltEngine, shapes: Shapes) -> bool:
        """Whether the built engine is ready for this size; if it is not, see to it that it will be."""
        if self._build.is_under_way:
            return False
        problem = self._build.wait()
        if problem is not None:
            self._drop(built, problem)
            return False
        if built.is_ready(shapes):
            return True
        self._build.begin(built, shapes)
        return False

    def _run_built(self, built: BuiltEngine, ready: Engine, inputs: "Arrays", shapes: Shapes) -> "Results | None":
        """What the built engine gives; None if it failed or disagrees, and was dropped."""
        try:
            outputs = _numbers(built.run(inputs))
            if shapes not in self._accepted:
                _compare(outputs, _numbers(ready.run(inputs)))
                self._accepted.append(shapes)
        except WrongInputsError:
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, the picture goes on
            self._drop(built, error)
            return None
        self._use(built)
        return outputs

    def _run_ready(self, inputs: "Arrays") -> "Results":
        while True:
            engine = self._ready or self._sole()
            try:
                outputs = _numbers(engine.run(inputs))
            except WrongInputsError:
                raise
            except Exception as error:  # noqa: BLE001 as above
                self._drop(engine, error)
            else:
                self._use(engine)
                return outputs

    def _drop(self, engine: Engine, error: Exception) -> None:
        """Never use this engine again, and open another if none is left."""
        reason = error if isinstance(error, EngineError) else EngineError(f"{type(error).__name__}: {error}.")
        logger.warning("The engine %s is given up: %s", engine.name, reason.problem, exc_info=error)
        self._pass_over(engine.name, reason)
        if engine is self._built:
            self._built = None
        else:
            self._ready = None
        try:
            engine.close()
        except Exception:
            logger.exception("The engine %s could not be closed.", engine.name)
        if self._ready is None:
            self._ready = self._open_next()
        following = self._ready or self._sole()
        was_running = engine is self._running
        self._running = following
        if was_running:
            self._tell(f"The engine {engine.name} failed, {following.name} goes on: {reason.problem}")
        else:
            self._tell(f"The engine {engine.name} cannot be used, {following.name} stays: {reason.problem}")

    def _use(self, engine: Engine) -> None:
        if engine is not self._running:
            self._running = engine
            self._tell(f"Now running on {engine.device}.")

    def _pass_over(self, name: str, error: EngineError) -> None:
        self._passed_over[name], self._hints[name] = error.problem, error.hint

    def _tell(self, notice: str) -> None:
        logger.info("%s", notice)
        if self._on_notice is not None:
            self._on_notice(notice)


def _numbers(outputs: "Results") -> "Results":
    """The outputs, if all of them are numbers."""
    for name, array in outputs.items():
        if not np.isfinite(array).all():
            raise EngineError(f"It gave NaN or infinite {name}.")
    return outputs


def _compare(outputs: "Results", expected: "Results") -> None:
    """Hold the outputs of a built engine against those of the one it is to replace."""
    for name, array in expected.items():
        if outputs[name].shape != array.shape:
            raise EngineError(f"It gave {name} of shape {outputs[name].shape}, not {array.shape}.")
        apart = float(np.abs(outputs[name] - array).mean())
        if apart > MOST_APART:
            raise EngineError(f"Its {name} is {apart:.3f} away from the other engine's, more than {MOST_APART}.")

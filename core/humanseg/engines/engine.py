"""What every engine promises, and how one is opened."""

import difflib
import logging
import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal, Protocol, Self

from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

EngineName = Literal["auto", "openvino", "onnxruntime"]

AUTO_ORDER = ("openvino", "onnxruntime")
"""What "auto" tries, first to last: OpenVINO is the quicker one on a CPU, but an extra; onnxruntime is always there."""


class Engine(Protocol):
    """Runs one network. One thread only: the one that calls `run` calls everything else too, `close` included."""

    name: str
    """"openvino" or "onnxruntime"."""

    device: str
    """Where it runs, for people to read: "CPU (2 threads)"."""

    def run(self, inputs: "Mapping[str, NDArray[np.float32]]") -> "dict[str, NDArray[np.float32]]":
        """Run the network once.

        Args:
            inputs: One C-contiguous float32 array for each input of the network, by name; they are only read.

        Returns:
            One float32 array for each output, by name. They are the caller's own: the next run does not touch them.

        Raises:
            EngineError: wrong names, shapes or types, a failure inside the library, or the engine is closed.
        """
        ...

    def reset(self) -> None:
        """Forget what is kept from frame to frame; networks of model format 1 keep nothing."""
        ...

    def close(self) -> None:
        """Release the network. Calling it again does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def open_engine(name: str, model: ModelSpec, *, threads: int | None = None) -> Engine:
    """Load a model's network into an engine.

    Args:
        name: An `EngineName`. "auto" takes the first of `AUTO_ORDER` that is installed and loads the network;
            `Engine.name` tells which.
        model: As `humanseg.models.find_model` gives it.
        threads: CPU threads, at least 1; None is `default_threads()`.

    Raises:
        EngineError: no such engine, its library is not installed, or it cannot load the network. For "auto": the
            reasons of all that were tried.
    """
    if threads is not None and threads < 1:
        raise EngineError(f"An engine cannot run on {threads} threads.", "Give 1 or more, or leave it out.")
    if name != "auto":
        return _open(name, model, threads or default_threads())
    reasons = []
    for candidate in AUTO_ORDER:
        try:
            engine = _open(candidate, model, threads or default_threads())
        except EngineError as error:
            # An extra that was never installed is no news; one that is there and fails is.
            level = logging.DEBUG if isinstance(error.__cause__, ImportError) else logging.WARNING
            logger.log(level, "The engine %s is not used: %s", candidate, error.problem)
            reasons.append(f"{candidate}: {error.problem} {error.hint}".rstrip())
        else:
            logger.info("Using the engine %s on %s.", engine.name, engine.device)
            return engine
    raise EngineError(f"No engine can run the model {model.name}.", "\n".join(reasons))


def _open(name: str, model: ModelSpec, threads: int) -> Engine:
    if name == "openvino":
        from humanseg.engines.openvino import OpenvinoEngine

        return OpenvinoEngine(model, threads)
    if name == "onnxruntime":
        from humanseg.engines.onnx import OnnxEngine

        return OnnxEngine(model, threads)
    names = ("auto", *AUTO_ORDER)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
    raise EngineError(f"There is no engine {name!r}.", hint)


def default_threads() -> int:
    """CPU threads to run on: at most 4, and one core is left for the call where there are more than two.

    A network of this size gains little beyond four threads, and a video call needs its own.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(4, cores if cores <= 2 else cores - 1)


def check_names(model: ModelSpec, inputs: Collection[str], outputs: Collection[str]) -> None:
    """Hold a network against its `model.toml`.

    Raises:
        EngineError: the network has no such input or output.
    """
    for kind, wanted, names in (("input", model.input, inputs), ("output", model.output, outputs)):
        if wanted not in names:
            problem = f"The network {model.path} has no {kind} {wanted!r}; it has {', '.join(names)}."
            raise EngineError(problem, f"Mend {kind} in model.toml, or export the model again.")


def check_inputs(
    inputs: "Mapping[str, NDArray[np.float32]]", declared: Mapping[str, tuple[int | None, ...]], engine: str
) -> None:
    """Hold the inputs of one run against what the network declares; None in a shape is any size.

    The libraries differ here: OpenVINO quietly reshapes some networks to a shape that they were not made for.

    Raises:
        EngineError: wrong names, shapes or types.
    """
    if set(inputs) != set(declared):
        problem = f"{engine} was given the inputs {sorted(inputs)}; the network takes {sorted(declared)}."
        raise EngineError(problem, "Check input in model.toml.")
    for name, shape in declared.items():
        array = inputs[name]
        fits = len(array.shape) == len(shape) and all(
            want in (None, size) for size, want in zip(array.shape, shape, strict=True)
        )
        if array.dtype.name != "float32" or not fits:
            wanted = "x".join("any" if size is None else str(size) for size in shape)
            given = f"{array.dtype.name} {'x'.join(map(str, array.shape))}"
            raise EngineError(f"{engine} was given {name} as {given}; the network takes float32 {wanted}.")

"""What every engine promises, and how one is opened."""

import difflib
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self, get_args

from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EngineName = Literal[
    "auto",
    "tensorrt",
    "onnxruntime-cuda",
    "onnxruntime-directml",
    "onnxruntime-coreml",
    "openvino",
    "openvino-gpu",
    "openvino-npu",
    "onnxruntime",
]

NAMES: tuple[str, ...] = get_args(EngineName)

AUTO_ORDER = ("tensorrt", "onnxruntime-cuda", "onnxruntime-directml", "openvino", "onnxruntime")
"""What "auto" tries, first to last.

NVIDIA GPUs first, by the library made for them; then the flavours of onnxruntime for a GPU, which nobody installs by
chance; then the CPU, where OpenVINO is the quicker one, but an extra, and onnxruntime is always there. The rest is only
taken by name: whether it is quicker than the CPU on a given machine is for `humanseg-bench` to tell.
"""

GPU_ENGINES = ("tensorrt", "onnxruntime-cuda", "onnxruntime-directml", "onnxruntime-coreml", "openvino-gpu")
"""Those that compute on a GPU; CoreML may take the neural engine instead."""

NVIDIA_ENGINES = ("tensorrt", "onnxruntime-cuda")
"""Those that want a driver for NVIDIA GPUs."""

CPU_ENGINES = ("openvino", "onnxruntime")
"""Those that run on every machine, the quicker one first."""


class UnavailableError(EngineError):
    """This machine has no such library or device: for "auto", no news."""


class WrongInputsError(EngineError):
    """The inputs of a run are not what the network takes; another engine would not take them either."""


class Engine(Protocol):
    """Runs one network. One thread only: the one that calls `run` calls everything else too, `close` included."""

    @property
    def name(self) -> str:
        """The `EngineName` that opens it; behind "auto" it is the name of the one that runs."""
        ...

    @property
    def device(self) -> str:
        """Where it runs, for people to read: "CPU (2 threads)"."""
        ...

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


def open_engine(
    name: str,
    model: ModelSpec,
    *,
    threads: int | None = None,
    require_gpu: bool = False,
    on_notice: Callable[[str], None] | None = None,
) -> Engine:
    """Load a model's network into an engine.

    Args:
        name: An `EngineName`. "auto" gives a `RelayEngine`: the first of `AUTO_ORDER` that works runs, the next takes
            over where one fails, and a GPU engine that has to be built first is built meanwhile. Any other name is that
            engine or an error.
        model: As `humanseg.models.find_model` gives it.
        threads: CPU threads, at least 1; None is `default_threads()`.
        require_gpu: Rather fail than compute on the CPU.
        on_notice: Called with a sentence for people when "auto" changes the engine, on the thread that runs it.

    Raises:
        EngineError: no such engine, its library is not installed, or it cannot load the network. For "auto": the
            reasons of all that were tried.
    """
    if threads is not None and threads < 1:
        raise EngineError(f"An engine cannot run on {threads} threads.", "Give 1 or more, or leave it out.")
    threads = threads or default_threads()
    if require_gpu and name not in ("auto", *GPU_ENGINES) and name in NAMES:
        raise EngineError(f"The engine {name} does not run on a GPU.", f"Name one of: {', '.join(GPU_ENGINES)}.")
    if name != "auto":
        return _open(name, model, threads)
    from humanseg.engines.relay import RelayEngine

    order = [candidate for candidate in AUTO_ORDER if candidate in GPU_ENGINES or not require_gpu]
    return RelayEngine(model.name, order, lambda candidate: _open(candidate, model, threads), on_notice=on_notice)


def _open(name: str, model: ModelSpec, threads: int) -> Engine:
    library, _, _ = name.partition("-")
    if name in NVIDIA_ENGINES:
        from humanseg.engines.driver import require_driver

        require_driver()
    if name in NAMES and library == "tensorrt":
        from humanseg.engines.tensorrt import TensorrtEngine

        return TensorrtEngine(model)
    if name in NAMES and library == "openvino":
        from humanseg.engines.openvino import OpenvinoEngine

        return OpenvinoEngine(model, threads, name)
    if name in NAMES and library == "onnxruntime":
        from humanseg.engines.onnx import OnnxEngine

        return OnnxEngine(model, threads, name)
    near = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(NAMES)}."
    raise EngineError(f"There is no engine {name!r}.", hint)


def default_threads() -> int:
    """CPU threads to run on: at most 4, and one core is left for the call where there are more than two.

    A network of this size gains little beyond four threads, and a video call needs its own.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(4, cores if cores <= 2 else cores - 1)


def cpu_title(model: ModelSpec, threads: int) -> str:
    """`Engine.device` of an engine on the CPU: "CPU (2 threads, INT8)"."""
    return f"CPU ({threads} thread{'s' if threads > 1 else ''}{', INT8' if model.int8_file else ''})"


def check_names(model: ModelSpec, path: Path, inputs: Collection[str], outputs: Collection[str]) -> None:
    """Hold the network in the file `path` against its `model.toml`.

    Raises:
        EngineError: the network has no such input or output.
    """
    wanted_names = [
        ("input", model.input, inputs),
        ("output", model.output, outputs),
        ("previous", model.previous, inputs),
    ]
    for kind, wanted, names in wanted_names:
        if wanted and wanted not in names:
            what = "output" if kind == "output" else "input"
            problem = f"The network {path} has no {what} {wanted!r}; it has {', '.join(names)}."
            raise EngineError(problem, f"Mend {kind} in model.toml, or export the model again.")


def check_inputs(
    inputs: "Mapping[str, NDArray[np.float32]]", declared: Mapping[str, tuple[int | None, ...]], engine: str
) -> None:
    """Hold the inputs of one run against what the network declares; None in a shape is any size.

    The libraries differ here: OpenVINO quietly reshapes some networks to a shape that they were not made for.

    Raises:
        WrongInputsError: wrong names, shapes or types.
    """
    if set(inputs) != set(declared):
        problem = f"{engine} was given the inputs {sorted(inputs)}; the network takes {sorted(declared)}."
        raise WrongInputsError(problem, "Check input in model.toml.")
    for name, shape in declared.items():
        array = inputs[name]
        fits = len(array.shape) == len(shape) and all(
            want in (None, size) for size, want in zip(array.shape, shape, strict=True)
        )
        if array.dtype.name != "float32" or not fits:
            wanted = "x".join("any" if size is None else str(size) for size in shape)
            given = f"{array.dtype.name} {'x'.join(map(str, array.shape))}"
            raise WrongInputsError(f"{engine} was given {name} as {given}; the network takes float32 {wanted}.")

"""Networks on an NVIDIA GPU in half precision."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Event
from typing import TYPE_CHECKING, Self

import numpy as np

from humanseg.engines.engine import UnavailableError, check_inputs, check_names
from humanseg.engines.plan_cache import PlanCache
from humanseg.engines.tensorrt.cuda import Cuda
from humanseg.engines.tensorrt.library import INSTALL, Library, import_library
from humanseg.engines.tensorrt.plans import open_session
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from humanseg.engines.tensorrt.session import Session

KEPT_SIZES = 2
"""For how many input sizes a session is kept: a camera turned, and turned back, loads once each way."""

Shapes = Mapping[str, tuple[int, ...]]


class TensorrtEngine:
    """One network in TensorRT, built for each input size. One thread at a time, as every engine."""

    name = "tensorrt"

    def __init__(
        self,
        model: ModelSpec,
        *,
        library: Library | None = None,
        cuda: Cuda | None = None,
        cache: PlanCache | None = None,
    ) -> None:
        """See whether there is a GPU and read the network. Nothing is built yet: that wants to know the size.

        Args:
            model: The model folder.
            library: None is the first one installed that supports the GPU.
            cuda: None is the CUDA runtime.
            cache: None keeps plans in the user's cache folder.

        Raises:
            UnavailableError: there is no driver, no GPU, or no library for it.
            EngineError: the network cannot be read.
        """
        self._cuda = cuda or Cuda()
        device = self._cuda.device()
        self._library = library or import_library(device.capability)
        self._cache = cache or PlanCache()
        self.device = f"{device.name} ({self._library.title}, FP16)"
        self._data, self._declared, outputs = _read(model)
        self._outputs = outputs
        check_names(model, model.path, self._declared, outputs)
        self._sessions: OrderedDict[tuple[tuple[int, ...], ...], Session] = OrderedDict()
        self._closed = False

    def is_ready(self, shapes: Shapes) -> bool:
        """Whether `run` with inputs of these shapes starts at once."""
        return set(shapes) == set(self._declared) and self._key(shapes) in self._sessions

    def prepare(
        self,
        shapes: Shapes,
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Event | None = None,
    ) -> None:
        """Make ready for inputs of these shapes: load a kept plan, or build one. It may take minutes.

        It may be called on another thread than `run`, though not at the same time.

        Args:
            shapes: The shape of every input, by name.
            progress: Called with a growing share from 0 to 1 while a plan is built, on any thread.
            cancelled: Set it from any thread to give up.

        Raises:
            BuildCancelledError: `cancelled` was set.
            EngineError: the network cannot be built, or does not run on this GPU.
        """
        if self._closed:
            raise EngineError("The tensorrt engine is closed.", "Open a new one.")
        if self.is_ready(shapes):
            return
        # Here, not above: the library onnx is not needed to find out that there is no GPU.
        from humanseg.engines.graphs.network import typed_network

        try:
            graph = typed_network(self._data, shapes).SerializeToString(deterministic=True)
        except ValueError as error:
            raise EngineError(
                f"The network cannot be made ready for TensorRT: {error}", "Use another engine."
            ) from error
        session = open_session(graph, self._library, self._cuda, self._cache, progress=progress, cancelled=cancelled)
        self._sessions[self._key(shapes)] = session
        if len(self._sessions) > KEPT_SIZES:
            self._sessions.popitem(last=False)[1].close()

    def run(self, inputs: "Mapping[str, NDArray[np.float32]]") -> "dict[str, NDArray[np.float32]]":
        """See `Engine.run`. The first run of a size that was not prepared waits until it is."""
        if self._closed:
            raise EngineError("The tensorrt engine is closed.", "Open a new one.")
        check_inputs(inputs, self._declared, self.name)
        shapes = {name: array.shape for name, array in inputs.items()}
        self.prepare(shapes)
        key = self._key(shapes)
        self._sessions.move_to_end(key)
        session = self._sessions[key]
        for name, array in inputs.items():
            np.copyto(session.inputs[name], array)
        session.run()
        # Copies: the session writes its own again.
        return {name: session.outputs[name].astype(np.float32) for name in self._outputs}

    def reset(self) -> None:
        """See `Engine.reset`."""

    def close(self) -> None:
        """See `Engine.close`."""
        self._closed = True
        while self._sessions:
            self._sessions.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _key(self, shapes: Shapes) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(shapes[name]) for name in self._declared)


def _read(model: ModelSpec) -> tuple[bytes, dict[str, tuple[int | None, ...]], list[str]]:
    """The ONNX file, its inputs' declared shapes and its outputs' names."""
    try:
        import onnx
    except ImportError as error:
        raise UnavailableError(f"onnx cannot be imported: {error}.", INSTALL) from error
    try:
        data = model.path.read_bytes()
        graph = onnx.load_model_from_string(data).graph
    except Exception as error:  # protobuf's own kinds
        problem = f"The tensorrt engine cannot load {model.path}: {' '.join(str(error).split())}."
        raise EngineError(problem, "Export the model again, or try another engine.") from error
    declared = {
        entry.name: tuple(
            dimension.dim_value if dimension.HasField("dim_value") else None
            for dimension in entry.type.tensor_type.shape.dim
        )
        for entry in graph.input
    }
    return data, declared, [entry.name for entry in graph.output]

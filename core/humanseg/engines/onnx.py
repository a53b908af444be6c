"""Networks on the CPU by onnxruntime, the engine that is always there."""

import os
from typing import TYPE_CHECKING, Any, Self

from humanseg.engines.engine import check_inputs, check_names
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


class OnnxEngine:
    """One network in onnxruntime's CPU provider, its graph optimised. One thread only, as every engine."""

    name = "onnxruntime"

    def __init__(self, model: ModelSpec, threads: int) -> None:
        """Load the network.

        Raises:
            EngineError: onnxruntime is not installed, or cannot load the network.
        """
        library = import_onnxruntime()
        options = library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = library.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3  # its warnings are for those who exported the network
        try:
            session = library.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            problem = f"onnxruntime cannot load {model.path}: {_words(error)}"
            raise EngineError(problem, "Export the model again, or try another engine.") from error
        self.device = f"CPU ({threads} thread{'s' if threads > 1 else ''})"
        self._declared = {node.name: _shape(node.shape) for node in session.get_inputs()}
        self._outputs = [node.name for node in session.get_outputs()]
        check_names(model, self._declared, self._outputs)
        self._session: Any = session

    def run(self, inputs: "Mapping[str, NDArray[np.float32]]") -> "dict[str, NDArray[np.float32]]":
        """See `Engine.run`."""
        if self._session is None:
            raise EngineError("The onnxruntime engine is closed.", "Open a new one.")
        check_inputs(inputs, self._declared, self.name)
        try:
            # onnxruntime allocates the outputs of every run anew, so they are the caller's to keep.
            outputs = self._session.run(self._outputs, dict(inputs))
        except Exception as error:
            raise EngineError(f"onnxruntime failed while running the network: {_words(error)}") from error
        return dict(zip(self._outputs, outputs, strict=True))

    def reset(self) -> None:
        """See `Engine.reset`."""

    def close(self) -> None:
        """See `Engine.close`."""
        self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def import_onnxruntime() -> Any:
    """The module onnxruntime, kept from reporting to its maker.

    Official builds (Linux and macOS since 1.29) write a device id into the user's cache folder and send usage events.
    The variable stops all of it if it is set before the library is first imported; a user's own value is left alone.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError(f"onnxruntime cannot be imported: {error}.", "pip install onnxruntime") from error
    onnxruntime.disable_telemetry_events()  # Windows, whose event tracing does not read the variable
    return onnxruntime


def _shape(shape: list[Any]) -> tuple[int | None, ...]:
    """A declared shape; onnxruntime gives free sizes as a name or None."""
    return tuple(size if isinstance(size, int) else None for size in shape)


def _words(error: Exception) -> str:
    """The library's message on one line, ended by a full stop."""
    return " ".join(str(error).split()).rstrip(".") + "."

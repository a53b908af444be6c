"""Networks by onnxruntime: on the CPU, where it is always there, and on GPUs by its flavours for them."""

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from humanseg.engines.engine import UnavailableError, check_inputs, check_names, cpu_title
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Place:
    """Where onnxruntime computes: its word for it, ours, and what to install."""

    provider: str
    title: str
    install: str
    settings: tuple[tuple[str, str], ...] = ()
    system: str = ""
    """The only `sys.platform` that has it; empty where there are several."""


PLACES = {
    "onnxruntime": _Place("CPUExecutionProvider", "CPU", "pip install onnxruntime"),
    "onnxruntime-cuda": _Place(
        # The heuristic instead of a search over all algorithms, which takes seconds at the first frame of each size.
        "CUDAExecutionProvider",
        "NVIDIA GPU (CUDA)",
        "pip install onnxruntime-gpu[cuda,cudnn], in place of onnxruntime",
        (("cudnn_conv_algo_search", "HEURISTIC"),),
    ),
    "onnxruntime-directml": _Place(
        "DmlExecutionProvider",
        "GPU (DirectML)",
        "On Windows: pip install onnxruntime-directml, in place of onnxruntime",
        system="win32",
    ),
    "onnxruntime-coreml": _Place(
        "CoreMLExecutionProvider",
        "GPU or neural engine (CoreML)",
        "Only on a Mac, where pip install onnxruntime has it.",
        (("ModelFormat", "MLProgram"), ("MLComputeUnits", "ALL")),
        system="darwin",
    ),
}


class OnnxEngine:
    """One network in one of onnxruntime's providers, its graph optimised. One thread only, as every engine."""

    def __init__(self, model: ModelSpec, threads: int, name: str = "onnxruntime") -> None:
        """Load the network.

        Args:
            model: The model folder.
            threads: CPU threads; a GPU still needs them for what it cannot do.
            name: A key of `PLACES`.

        Raises:
            UnavailableError: onnxruntime is not installed, or not the flavour that has this provider.
            EngineError: it cannot load the network, or not onto that device.
        """
        self.name = name
        place = PLACES[name]
        if place.system not in ("", sys.platform):  # seen before the library is imported for nothing
            raise UnavailableError(f"This system has no {place.title}.", place.install)
        library = import_onnxruntime()
        if place.provider not in library.get_available_providers():
            raise UnavailableError(f"The onnxruntime that is installed has no {place.provider}.", place.install)
        options = library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = library.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3  # its warnings are for those who exported the network
        on_cpu = place.provider == "CPUExecutionProvider"
        path = model.cpu_path if on_cpu else model.path
        providers = [(place.provider, dict(place.settings)), *([] if on_cpu else [("CPUExecutionProvider", {})])]
        if place.provider == "DmlExecutionProvider":
            options.enable_mem_pattern = False  # which it does not support
        if place.provider == "CUDAExecutionProvider" and hasattr(library, "preload_dlls"):
            library.preload_dlls()  # CUDA and cuDNN from the wheels of the flavour's extras
        try:
            session = library.InferenceSession(str(path), options, providers=providers)
        except Exception as error:
            problem = f"onnxruntime cannot load {path}: {_words(error)}"
            raise EngineError(problem, "Export the model again, or try another engine.") from error
        if session.get_providers()[0] != place.provider:
            # It goes on with the CPU then, and says so on stderr only.
            raise UnavailableError(f"onnxruntime cannot use the {place.title} of this machine.", place.install)
        self.device = cpu_title(model, threads) if on_cpu else place.title
        self._declared = {node.name: _shape(node.shape) for node in session.get_inputs()}
        self._outputs = [node.name for node in session.get_outputs()]
        check_names(model, path, self._declared, self._outputs)
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
        raise UnavailableError(f"onnxruntime cannot be imported: {error}.", "pip install onnxruntime") from error
    onnxruntime.disable_telemetry_events()  # Windows, whose event tracing does not read the variable
    return onnxruntime


def _shape(shape: list[Any]) -> tuple[int | None, ...]:
    """A declared shape; onnxruntime gives free sizes as a name or None."""
    return tuple(size if isinstance(size, int) else None for size in shape)


def _words(error: Exception) -> str:
    """The library's message on one line, ended by a full stop."""
    return " ".join(str(error).split()).rstrip(".") + "."

"""Networks on the CPU by OpenVINO: an extra, and usually the faster engine on Intel and AMD machines."""

import sys
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from humanseg.engines.engine import check_inputs, check_names
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEPT_SIZES = 2
"""For how many input sizes the compiled network is kept: a camera turned, and turned back, compiles once each way."""


class OpenvinoEngine:
    """One network in OpenVINO's CPU plugin, compiled for each input size. One thread only, as every engine."""

    name = "openvino"

    def __init__(self, model: ModelSpec, threads: int) -> None:
        """Read the network; compiling waits for the first run, which tells the size.

        Raises:
            EngineError: openvino is not installed, or cannot read the network.
        """
        library = import_openvino()
        try:
            self._core: Any = library.Core()
            self._network: Any = self._core.read_model(str(model.path))
        except Exception as error:
            problem = f"OpenVINO cannot load {model.path}: {_words(error)}"
            raise EngineError(problem, "Export the model again, or try another engine.") from error
        self.device = f"CPU ({threads} thread{'s' if threads > 1 else ''})"
        self._settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            # Left to itself it takes bfloat16 where the CPU has it: two decimal digits of alpha, and other mattes than
            # onnxruntime's.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self._declared = {port.get_any_name(): _shape(port.partial_shape) for port in self._network.inputs}
        # A tensor may carry several names; the one in model.toml is the one to answer to.
        self._outputs = [
            model.output if model.output in port.get_names() else port.get_any_name() for port in self._network.outputs
        ]
        check_names(model, self._declared, self._outputs)
        self._compiled: OrderedDict[tuple[tuple[int, ...], ...], Any] = OrderedDict()

    def run(self, inputs: "Mapping[str, NDArray[np.float32]]") -> "dict[str, NDArray[np.float32]]":
        """See `Engine.run`. The first run of a size compiles the network for it (0.3 s on two cores)."""
        if self._network is None:
            raise EngineError("The OpenVINO engine is closed.", "Open a new one.")
        check_inputs(inputs, self._declared, self.name)
        try:
            request = self._request({name: array.shape for name, array in inputs.items()})
            # Inputs are lent for the length of the run; outputs are copies, since the request writes its own again.
            outputs = request.infer(dict(inputs), share_inputs=True, share_outputs=False)
        except Exception as error:
            raise EngineError(f"OpenVINO failed while running the network: {_words(error)}") from error
        return dict(zip(self._outputs, outputs.values(), strict=True))

    def reset(self) -> None:
        """See `Engine.reset`."""

    def close(self) -> None:
        """See `Engine.close`."""
        self._compiled.clear()
        self._network = self._core = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _request(self, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        """An inference request of the network compiled for these shapes; the `KEPT_SIZES` used last are kept."""
        key = tuple(shapes[name] for name in self._declared)
        if key not in self._compiled:
            self._network.reshape({name: list(shape) for name, shape in shapes.items()})
            self._compiled[key] = self._core.compile_model(self._network, "CPU", self._settings).create_infer_request()
            if len(self._compiled) > KEPT_SIZES:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]


def import_openvino() -> Any:
    """The module openvino, kept from reporting to its maker.

    `import openvino` also imports its model converter, which reports that import over the network and keeps a client id
    in the user's home. The converter does without where the reporting package is missing, so that one is hidden
    meanwhile.
    """
    reporter = "openvino_telemetry"
    hide = "openvino" not in sys.modules and reporter not in sys.modules
    if hide:
        sys.modules[reporter] = None  # type: ignore[assignment]
    try:
        import openvino
    except ImportError as error:
        raise EngineError(f"openvino cannot be imported: {error}.", 'pip install "humanseg[openvino]"') from error
    finally:
        if hide:
            del sys.modules[reporter]
    return openvino


def _shape(shape: Any) -> tuple[int | None, ...]:
    """A declared shape: None where the network leaves a size free."""
    return tuple(size.get_length() if size.is_static else None for size in shape)


def _words(error: Exception) -> str:
    """The library's message on one line, ended by a full stop."""
    return " ".join(str(error).split()).rstrip(".") + "."

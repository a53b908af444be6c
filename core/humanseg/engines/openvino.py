"""Networks by OpenVINO: an extra, usually the fastest on Intel and AMD CPUs, and the way to Intel's GPUs and NPUs."""

import hashlib
import json
import logging
import sys
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from humanseg.engines.engine import UnavailableError, check_inputs, check_names, cpu_title
from humanseg.engines.plan_cache import FORMAT, PlanCache, user_folder
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

KEPT_SIZES = 2
"""For how many input sizes the compiled network is kept: a camera turned, and turned back, compiles once each way."""

CACHE_LIMIT = 128 << 20
"""Bytes that compiled networks may take in the user's cache folder: ours takes 8 MB for each size."""

DEVICES = {"openvino": "CPU", "openvino-gpu": "GPU", "openvino-npu": "NPU"}
"""OpenVINO's word for where an engine computes, by the engine's name."""


class OpenvinoEngine:
    """One network in one of OpenVINO's plugins, compiled for each input size. One thread only, as every engine."""

    def __init__(
        self, model: ModelSpec, threads: int, name: str = "openvino", *, cache: PlanCache | None = None
    ) -> None:
        """Read the network; compiling waits for the first run, which tells the size.

        Args:
            model: The model folder.
            threads: CPU threads; of no concern to the other devices.
            name: A key of `DEVICES`.
            cache: Where networks compiled for the CPU are kept; None is the user's cache folder.

        Raises:
            UnavailableError: openvino is not installed, or this machine has no such device.
            EngineError: it cannot read the network.
        """
        self.name = name
        self._place = DEVICES[name]
        self._core = core()
        devices = list(self._core.available_devices)
        if not any(device.split(".")[0] == self._place for device in devices):
            problem = f"OpenVINO finds no {self._place} on this machine; it has {', '.join(devices)}."
            raise UnavailableError(problem, "Install Intel's driver for it, or use another engine.")
        path = model.cpu_path if self._place == "CPU" else model.path
        try:
            self._network: Any = self._core.read_model(str(path))
        except Exception as error:
            problem = f"OpenVINO cannot load {path}: {_words(error)}"
            raise EngineError(problem, "Export the model again, or try another engine.") from error
        # As it was read: what happens to the file while the engine is open does not matter.
        self._digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._cache = cache or PlanCache(user_folder("openvino"), limit=CACHE_LIMIT)
        self.device = cpu_title(model, threads)
        self._settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self._place != "CPU":
            self.device = f"{self._core.get_property(self._place, 'FULL_DEVICE_NAME')} ({self._place})"
        else:
            self._settings |= {
                "INFERENCE_NUM_THREADS": threads,
                # Threads that are tied to cores wait for whatever else runs there, such as the call that the picture
                # goes to: once, 95 of 100 frames took up to 964 ms so, and 29 ms free to move (benchmarks/threads.py).
                "ENABLE_CPU_PINNING": False,
                # Left to itself it takes bfloat16 where the CPU has it: two decimal digits of alpha, and other mattes
                # than onnxruntime's. What the file itself has in 8 bits stays so.
                "INFERENCE_PRECISION_HINT": "f32",
            }
        self._declared = {port.get_any_name(): _shape(port.partial_shape) for port in self._network.inputs}
        # A tensor may carry several names; the one in model.toml is the one to answer to.
        self._outputs = [
            model.output if model.output in port.get_names() else port.get_any_name() for port in self._network.outputs
        ]
        check_names(model, path, self._declared, self._outputs)
        self._compiled: OrderedDict[tuple[tuple[int, ...], ...], Any] = OrderedDict()

    def run(self, inputs: "Mapping[str, NDArray[np.float32]]") -> "dict[str, NDArray[np.float32]]":
        """See `Engine.run`. The first run of a size compiles the network for it, or loads what was compiled before."""
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
        self._network = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _request(self, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        """An inference request of the network compiled for these shapes; the `KEPT_SIZES` used last are kept."""
        key = tuple(shapes[name] for name in self._declared)
        if key not in self._compiled:
            self._compiled[key] = self._compile(shapes).create_infer_request()
            if len(self._compiled) > KEPT_SIZES:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]

    def _compile(self, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        """The network for these shapes: on a CPU as it was kept, in a third of the time, or kept from now on."""
        key = self._key(shapes) if self._place == "CPU" else None
        kept = self._cache.load(key) if key else None
        if key and kept is not None:
            try:
                return self._core.import_model(kept, self._place, self._settings)
            except RuntimeError as error:
                logger.warning("A kept network does not load and is compiled again: %s", _words(error))
                self._cache.discard(key)
        self._network.reshape({name: list(shape) for name, shape in shapes.items()})
        compiled = self._core.compile_model(self._network, self._place, self._settings)
        if key:
            self._cache.store(key, compiled.export_model().getvalue())
        return compiled

    def _key(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
        """Everything that the network compiled for these shapes depends on, in words."""
        processor = [self._core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
        return {
            "format": str(FORMAT),
            "network": self._digest,
            "library": f"openvino {import_openvino().get_version()}",
            "processor": json.dumps(processor),
            "shapes": json.dumps(dict(shapes)),
            "settings": json.dumps(self._settings),
        }


def core() -> Any:
    """OpenVINO's `Core`: one for the process, kept to its end.

    Each `Core` gives the thread that makes it a signal stack of its own, and frees that when it goes, also while it is
    in use: with two of them closed in the order they were opened, the next Ctrl-C ended the process in a segmentation
    fault (OpenVINO 2026.4, class SigAltStackSetup of its CPU plugin).

    Raises:
        UnavailableError: openvino is not installed.
    """
    library = import_openvino()
    with _making:
        return _core_of(library)


_making = Lock()


@cache
def _core_of(library: Any) -> Any:
    return library.Core()


def import_openvino() -> Any:
    """The module openvino, without its model converter.

    `import openvino` also imports that, which takes longer than all the rest, reports the import over the network and
    keeps a client id in the user's home. So it is hidden meanwhile. Whoever wants it in the same process imports
    `openvino.tools.ovc`: `openvino.convert_model` is not there.
    """
    converter = "openvino.tools.ovc"
    hide = "openvino" not in sys.modules and converter not in sys.modules
    if hide:
        sys.modules[converter] = None  # type: ignore[assignment]
    try:
        import openvino
    except ImportError as error:
        raise UnavailableError(f"openvino cannot be imported: {error}.", 'pip install "humanseg[openvino]"') from error
    finally:
        if hide:
            del sys.modules[converter]
    return openvino


def _shape(shape: Any) -> tuple[int | None, ...]:
    """A declared shape: None where the network leaves a size free."""
    return tuple(size.get_length() if size.is_static else None for size in shape)


def _words(error: Exception) -> str:
    """The library's message on one line, ended by a full stop."""
    return " ".join(str(error).split()).rstrip(".") + "."

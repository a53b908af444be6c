"""One plan, ready to run on one GPU: its buffers, its stream, and the CUDA graph of copies and network."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from humanseg.engines.tensorrt.cuda import Cuda, view
from humanseg.engines.tensorrt.library import Library
from humanseg.engines.tensorrt.log import bridge, words
from humanseg.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Tensor:
    """An input or output: its place on the GPU and its twin in pinned memory."""

    device: int
    host: int
    count: int
    array: "NDArray[Any]"


class Session:
    """Runs one plan. Made on any thread, then used by one at a time.

    `run` is one launch: copies in, network, copies out and the carrying over of state are one CUDA graph.
    Where capturing fails, the same steps are enqueued one by one.
    """

    def __init__(
        self,
        library: Library,
        cuda: Cuda,
        plan: bytes,
        *,
        carried: Mapping[str, str] | None = None,
        resident: Collection[str] = (),
        compiled: bytes | None = None,
    ) -> None:
        """Load a plan and run it once, which also compiles what TensorRT for RTX compiles on the user's GPU.

        Args:
            library: The library that built the plan.
            cuda: The runtime.
            plan: What `build_plan` gave, on this machine: a plan is code.
            carried: Outputs that are the next run's inputs and never leave the GPU: output name to input name.
            resident: Inputs that seldom change: only `put` copies them.
            compiled: What `compiled` gave for this plan in an earlier process.

        Raises:
            EngineError: the plan does not fit this library or GPU, is damaged, or does not run.
        """
        self._library, self._cuda = library, cuda
        self._carried, self._resident = dict(carried or {}), frozenset(resident)
        self._handles: list[tuple[str, Any]] = []
        self._tensors: dict[str, _Tensor] = {}
        self._runtime: Any = None
        self._engine: Any = None
        self._context: Any = None
        self._graph: Any = None
        self._jit: Any = None
        self._closed = False
        self.inputs: dict[str, NDArray[Any]] = {}
        """Pinned arrays to write before `run` (or to hand to `put`), by name."""
        self.outputs: dict[str, NDArray[Any]] = {}
        """Pinned arrays to read after `run`; the next run writes them again."""
        cuda.use()
        try:
            self._open(plan, compiled)
        except BaseException:
            self.close()
            raise

    @property
    def captured(self) -> bool:
        """Whether a run is one launch."""
        return self._graph is not None

    def put(self, name: str, array: "NDArray[Any]") -> None:
        """Copy a resident input to the GPU, where it stays.

        Raises:
            EngineError: the copy failed.
            ValueError: the array does not fit.
        """
        tensor = self._tensors[name]
        if array.shape != tensor.array.shape or array.dtype != tensor.array.dtype:
            raise ValueError(f"{name} is {tensor.array.dtype} of shape {tensor.array.shape}.")
        np.copyto(tensor.array, array)
        self._cuda.use()
        self._cuda.copy_in(tensor.device, tensor.host, tensor.count, self._stream)
        self._cuda.wait(self._event, self._stream)

    def run(self) -> None:
        """Run the plan once, from `inputs` to `outputs`, and wait for it.

        Raises:
            EngineError: it failed; the session is of no more use.
        """
        if self._closed:
            raise EngineError("The GPU session is closed.", "Open a new one.")
        self._cuda.use()  # the thread may be another than the one that made it
        if self._graph is not None:
            self._cuda.launch(self._graph, self._stream)
        else:
            self._enqueue()
        self._cuda.wait(self._event, self._stream)

    def reset(self) -> None:
        """Forget the carried state: it is zeros again.

        Raises:
            EngineError: the GPU failed.
        """
        self._cuda.use()
        for name in self._carried.values():
            self._cuda.zero(self._tensors[name].device, self._tensors[name].count, self._stream)
        self._cuda.wait(self._event, self._stream)

    def compiled(self) -> bytes | None:
        """What was compiled for this GPU, to start quicker next time; None if the library keeps nothing of the kind."""
        data = self._jit.serialize() if self._jit is not None else None
        return None if data is None else bytes(data)

    def close(self) -> None:
        """Release everything. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self.inputs, self.outputs = {}, {}
        # In the order that the library wants: what runs before what it runs on.
        self._context = self._engine = self._runtime = self._jit = self._graph = None
        for release, handle in reversed(self._handles):
            self._cuda.free(release, handle)
        self._handles.clear()
        self._tensors.clear()

    def _open(self, plan: bytes, compiled: bytes | None) -> None:
        trt = self._library.module
        log = bridge(trt)
        with log.collecting() as errors:
            runtime = trt.Runtime(log)
            engine = runtime.deserialize_cuda_engine(plan)
            if engine is None:
                raise EngineError(f"{self._library.title} cannot load a plan: {words(errors)}")
            context = self._make_context(engine, compiled)
            if context is None:
                raise EngineError(f"{self._library.title} cannot run a plan: {words(errors)}")
        self._runtime, self._engine, self._context = runtime, engine, context
        self._stream = self._keep("cudaStreamDestroy", self._cuda.make_stream())
        self._event = self._keep("cudaEventDestroy", self._cuda.make_event())
        kinds = {trt.DataType.UINT8: np.uint8, trt.DataType.FLOAT: np.float32, trt.DataType.HALF: np.float16}
        for index in range(engine.num_io_tensors):
            name = engine.get_tensor_name(index)
            tensor = self._allocate(
                tuple(engine.get_tensor_shape(name)), np.dtype(kinds[engine.get_tensor_dtype(name)])
            )
            self._tensors[name] = tensor
            if not context.set_tensor_address(name, tensor.device):
                raise EngineError(f"{self._library.title} refuses the buffer of {name}.")
            into = self.inputs if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT else self.outputs
            into[name] = tensor.array
            self._cuda.zero(tensor.device, tensor.count, self._stream)
        for output, name in self._carried.items():
            del self.outputs[output], self.inputs[name]
        # Once as it is: what is allocated or compiled at the first run cannot be captured.
        self._enqueue()
        self._cuda.wait(self._event, self._stream)
        self._capture()
        self.reset()

    def _make_context(self, engine: Any, compiled: bytes | None) -> Any:
        if self._library.name != "tensorrt_rtx":
            return engine.create_execution_context()
        config = engine.create_runtime_config()
        self._jit = config.create_runtime_cache()
        if compiled and not self._jit.deserialize(compiled):
            logger.info("What was compiled for the GPU earlier does not fit any more; it is compiled again.")
        config.set_runtime_cache(self._jit)
        return engine.create_execution_context(config)

    def _allocate(self, shape: tuple[int, ...], dtype: "np.dtype[Any]") -> _Tensor:
        count = int(np.prod(shape)) * dtype.itemsize
        device = self._keep("cudaFree", self._cuda.allocate(count))
        host = self._keep("cudaFreeHost", self._cuda.allocate_host(count))
        array = view(host, shape, dtype)
        array.fill(0)
        return _Tensor(device, host, count, array)

    def _keep(self, release: str, handle: Any) -> Any:
        self._handles.append((release, handle))
        return handle

    def _enqueue(self) -> None:
        for name in self.inputs:
            if name not in self._resident:
                tensor = self._tensors[name]
                self._cuda.copy_in(tensor.device, tensor.host, tensor.count, self._stream)
        with bridge(self._library.module).collecting() as errors:
            if not self._context.execute_async_v3(int(self._stream)):
                raise EngineError(f"{self._library.title} failed while running the network: {words(errors)}")
        for name in self.outputs:
            tensor = self._tensors[name]
            self._cuda.copy_out(tensor.host, tensor.device, tensor.count, self._stream)
        for output, name in self._carried.items():
            source, to = self._tensors[output], self._tensors[name]
            self._cuda.copy_within(to.device, source.device, to.count, self._stream)

    def _capture(self) -> None:
        if self._library.name == "tensorrt_rtx" and not self._context.is_stream_capturable(int(self._stream)):
            logger.info("This plan cannot be captured into a CUDA graph; its steps are enqueued one by one.")
            return
        try:
            graph = self._cuda.capture(self._stream, self._enqueue)
        except EngineError as error:
            logger.info("No CUDA graph, steps are enqueued one by one: %s", error.problem)
            return
        self._graph = self._keep("cudaGraphExecDestroy", graph)

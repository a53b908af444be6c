"""What is needed of the CUDA runtime, by NVIDIA's own bindings: every failing call becomes an `EngineError`."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from humanseg.engines.driver import NO_DRIVER
from humanseg.engines.engine import UnavailableError
from humanseg.engines.tensorrt.library import INSTALL
from humanseg.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Device:
    """A GPU, as far as a plan depends on it."""

    name: str
    capability: tuple[int, int]
    processors: int
    """Streaming multiprocessors."""

    memory: int
    """Bytes in all."""


class Cuda:
    """The CUDA runtime on the first visible GPU (`CUDA_VISIBLE_DEVICES` chooses another).

    Addresses are plain integers. Handles of streams, events and graphs are what the bindings gave.
    """

    def __init__(self, runtime: Any = None) -> None:
        """Import the bindings; no driver is touched yet.

        Args:
            runtime: The module `cuda.bindings.runtime`; None imports it.

        Raises:
            UnavailableError: cuda-bindings is not installed.
        """
        if runtime is None:
            try:
                from cuda.bindings import runtime as bindings
            except ImportError as error:
                raise UnavailableError(f"cuda-bindings cannot be imported: {error}.", INSTALL) from error
            runtime = bindings
        self._runtime: Any = runtime

    def device(self) -> Device:
        """The GPU that is used.

        Raises:
            UnavailableError: there is no driver, or no GPU.
        """
        if self._call("cudaGetDeviceCount") < 1:
            raise UnavailableError("There is no NVIDIA GPU.", NO_DRIVER)
        found = self._call("cudaGetDeviceProperties", 0)
        name = found.name.decode(errors="replace") if isinstance(found.name, bytes) else str(found.name)
        return Device(
            name.rstrip("\0"), (found.major, found.minor), found.multiProcessorCount, int(found.totalGlobalMem)
        )

    def driver_version(self) -> tuple[int, int]:
        """The newest CUDA that the driver knows, (0, 0) without a driver."""
        number = self._call("cudaDriverGetVersion")
        return number // 1000, number % 1000 // 10

    def use(self) -> None:
        """Make the calling thread use the GPU."""
        self._call("cudaSetDevice", 0)

    def make_stream(self) -> Any:
        """A stream that does not wait for the default one."""
        return self._call("cudaStreamCreateWithFlags", self._runtime.cudaStreamNonBlocking)

    def make_event(self) -> Any:
        """An event to wait for asleep, not spinning: the core belongs to the call."""
        flags = self._runtime.cudaEventBlockingSync | self._runtime.cudaEventDisableTiming
        return self._call("cudaEventCreateWithFlags", flags)

    def allocate(self, count: int) -> int:
        """So many bytes on the GPU."""
        return int(self._call("cudaMalloc", count))

    def allocate_host(self, count: int) -> int:
        """So many bytes in memory that the GPU reads and writes by itself (pinned)."""
        return int(self._call("cudaHostAlloc", count, self._runtime.cudaHostAllocDefault))

    def copy_in(self, device: int, host: int, count: int, stream: Any) -> None:
        """Enqueue a copy to the GPU."""
        self._copy(device, host, count, self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice, stream)

    def copy_out(self, host: int, device: int, count: int, stream: Any) -> None:
        """Enqueue a copy from the GPU."""
        self._copy(host, device, count, self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost, stream)

    def copy_within(self, to: int, source: int, count: int, stream: Any) -> None:
        """Enqueue a copy on the GPU."""
        self._copy(to, source, count, self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToDevice, stream)

    def zero(self, device: int, count: int, stream: Any) -> None:
        """Enqueue filling with zeros."""
        self._call("cudaMemsetAsync", device, 0, count, stream)

    def wait(self, event: Any, stream: Any) -> None:
        """Sleep until all that was enqueued is done."""
        self._call("cudaEventRecord", event, stream)
        self._call("cudaEventSynchronize", event)

    def capture(self, stream: Any, enqueue: Callable[[], None]) -> Any:
        """What `enqueue` enqueues, as one graph that can be launched; nothing of it is done yet.

        Raises:
            EngineError: something in it cannot be captured. The stream can be used as before.
        """
        # Only this thread is kept from calls that do not go with capturing.
        self._call(
            "cudaStreamBeginCapture", stream, self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        )
        try:
            enqueue()
        except BaseException:
            error, graph = self._runtime.cudaStreamEndCapture(stream)
            if error == self._runtime.cudaError_t.cudaSuccess:
                self._runtime.cudaGraphDestroy(graph)
            self._runtime.cudaGetLastError()  # or the next call would be blamed for it
            raise
        executable = None
        try:
            graph = self._call("cudaStreamEndCapture", stream)
            try:
                executable = self._call("cudaGraphInstantiate", graph, 0)
            finally:
                self._call("cudaGraphDestroy", graph)
            self._call("cudaGraphUpload", executable, stream)
        except EngineError:
            if executable is not None:
                self._runtime.cudaGraphExecDestroy(executable)
            self._runtime.cudaGetLastError()
            raise
        return executable

    def launch(self, executable: Any, stream: Any) -> None:
        """Enqueue a captured graph."""
        self._call("cudaGraphLaunch", executable, stream)

    def free(self, release: str, handle: Any) -> None:
        """Release something; on a GPU that was lost this fails, and there is nothing to be done about it."""
        getattr(self._runtime, release)(handle)

    def _copy(self, to: int, source: int, count: int, kind: Any, stream: Any) -> None:
        self._call("cudaMemcpyAsync", to, source, count, kind, stream)

    def _call(self, function: str, *arguments: Any) -> Any:
        error, *values = getattr(self._runtime, function)(*arguments)
        errors = self._runtime.cudaError_t
        if error == errors.cudaSuccess:
            return values[0] if values else None
        if error in (errors.cudaErrorInsufficientDriver, errors.cudaErrorNoDevice):
            what = "driver" if error == errors.cudaErrorInsufficientDriver else "GPU"
            raise UnavailableError(f"There is no NVIDIA {what} (or it is too old for CUDA 13).", NO_DRIVER)
        text = self._runtime.cudaGetErrorString(error)[1]
        said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        raise EngineError(f"{function} failed on the GPU: {said}.")


def view(address: int, shape: tuple[int, ...], dtype: "np.dtype[Any]") -> "NDArray[Any]":
    """An array over memory that somebody else owns and keeps."""
    count = int(np.prod(shape)) * dtype.itemsize
    data = (ctypes.c_uint8 * count).from_address(address)
    return np.ctypeslib.as_array(data).view(dtype).reshape(shape)

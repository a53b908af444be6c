"""NVIDIA's own bindings, on a machine without a driver: every call is made for real and must end in words."""

import inspect
import sys
from typing import Any

import numpy as np
import pytest

from humanseg.engines.tensorrt.cuda import Cuda, view
from humanseg.engines.tensorrt.engine import TensorrtEngine
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

runtime = pytest.importorskip("cuda.bindings.runtime")
without_gpu = pytest.mark.skipif(
    runtime.cudaGetDeviceCount()[0] == runtime.cudaError_t.cudaSuccess, reason="there is a GPU"
)
CALLS: dict[str, tuple[Any, ...]] = {
    "device": (),
    "use": (),
    "make_stream": (),
    "make_event": (),
    "allocate": (16,),
    "allocate_host": (16,),
    "copy_in": (16, 16, 16, 0),
    "copy_out": (16, 16, 16, 0),
    "copy_within": (16, 16, 16, 0),
    "zero": (16, 16, 0),
    "wait": (0, 0),
    "capture": (0, lambda: None),
    "launch": (0, 0),
}


def test_every_function_is_called_here() -> None:
    functions = {name for name, _ in inspect.getmembers(Cuda, inspect.isfunction) if not name.startswith("_")}
    assert functions == {*CALLS, "driver_version", "free"}


@without_gpu
@pytest.mark.parametrize("name", CALLS)
def test_without_a_driver_every_call_says_so(name: str) -> None:
    with pytest.raises(EngineError, match=r"no NVIDIA (driver|GPU)") as caught:
        getattr(Cuda(), name)(*CALLS[name])
    assert "driver" in caught.value.hint


@without_gpu
def test_without_a_driver_the_rest_is_quiet() -> None:
    assert Cuda().driver_version() == (0, 0)
    for release in ("cudaFree", "cudaFreeHost", "cudaStreamDestroy", "cudaEventDestroy", "cudaGraphExecDestroy"):
        Cuda().free(release, 0)


@without_gpu
def test_the_engine_says_that_there_is_no_driver_before_it_does_anything_else(red: ModelSpec) -> None:
    with pytest.raises(EngineError, match="no NVIDIA driver"):
        TensorrtEngine(red)


def test_without_the_bindings_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(EngineError, match="cuda-bindings cannot be imported") as caught:
        Cuda()
    assert caught.value.hint == 'pip install "humanseg[nvidia]"'


def test_a_call_that_fails_is_told_with_its_name_and_the_runtimes_words(gpu: Any) -> None:
    real = Cuda(runtime)
    real._runtime = type("Failing", (), {"__getattr__": lambda self, name: getattr(runtime, name)})()
    real._runtime.cudaMalloc = lambda count: (runtime.cudaError_t.cudaErrorMemoryAllocation, None)
    with pytest.raises(EngineError, match="cudaMalloc failed on the GPU: out of memory"):
        real.allocate(16)


def test_a_view_is_the_memory_itself() -> None:
    data = np.zeros(24, np.uint8)
    array = view(data.ctypes.data, (2, 3), np.dtype(np.float32))
    array[1, 2] = 1
    assert data.view(np.float32).tolist() == [0, 0, 0, 0, 0, 1]

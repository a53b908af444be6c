"""A GPU made of ordinary memory: as strict as the real one about names, addresses and order, and true in its pixels.

Its plans hold the ONNX graph itself, which onnxruntime computes on the "device" buffers. Whatever it refuses, the real
one would refuse, crash on, or answer with nonsense.
"""

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

from humanseg.engines.plan_cache import PlanCache
from humanseg.engines.tensorrt.cuda import Cuda
from humanseg.engines.tensorrt.library import Library
from humanseg.models import ModelSpec

CUDA_ERRORS = {"cudaSuccess": 0, "cudaErrorInsufficientDriver": 35, "cudaErrorNoDevice": 100, "cudaErrorLost": 719}


class Handle:
    """What the bindings give for a stream, an event or a graph: no number, but it turns into one."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __int__(self) -> int:
        return self.number


class FakeRuntime:
    """`cuda.bindings.runtime` in ordinary memory. Every call answers with a tuple that begins with its error."""

    cudaError_t = SimpleNamespace(**CUDA_ERRORS)  # noqa: N815 NVIDIA's names
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2, cudaMemcpyDeviceToDevice=3)  # noqa: N815
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)  # noqa: N815
    cudaStreamNonBlocking, cudaHostAllocDefault = 1, 0  # noqa: N815
    cudaEventBlockingSync, cudaEventDisableTiming = 1, 2  # noqa: N815

    def __init__(self) -> None:
        self.memory: dict[int, tuple[Any, int, str]] = {}
        self.handles: dict[int, str] = {}
        self.recording: list[Callable[[], bool]] | None = None
        self.graphs: dict[int, list[Callable[[], bool]]] = {}
        self.calls: list[str] = []
        self.failing: dict[str, int] = {}
        """Function to the error that it gives; "lost" is kept by all of them, as after a GPU fell off the bus."""
        self.lost = False

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if not name.startswith("cuda") or not callable(found):
            return found

        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append(name)
            error = CUDA_ERRORS["cudaErrorLost"] if self.lost and "ErrorString" not in name else self.failing.get(name)
            if error and name == "cudaStreamEndCapture":
                self.recording = None  # a void capture has ended all the same
            return (error, None) if error else (0, *found(*arguments))

        return call

    def cudaGetDeviceCount(self) -> tuple[int]:  # noqa: N802
        return (1,)

    def cudaGetDeviceProperties(self, device: int) -> tuple[Any]:  # noqa: N802
        assert device == 0
        return (SimpleNamespace(name=b"Fake 9000", major=8, minor=9, multiProcessorCount=24, totalGlobalMem=8 << 30),)

    def cudaSetDevice(self, device: int) -> tuple[()]:  # noqa: N802
        assert device == 0
        return ()

    def cudaGetErrorString(self, error: int) -> tuple[bytes]:  # noqa: N802
        return (f"error {error}".encode(),)

    def cudaGetLastError(self) -> tuple[()]:  # noqa: N802
        return ()

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[Handle]:  # noqa: N802
        assert flags == 1
        return (self._handle("stream"),)

    def cudaEventCreateWithFlags(self, flags: int) -> tuple[Handle]:  # noqa: N802
        assert flags == 3
        return (self._handle("event"),)

    def cudaStreamDestroy(self, stream: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles.pop(int(stream)) == "stream"
        return ()

    def cudaEventDestroy(self, event: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles.pop(int(event)) == "event"
        return ()

    def cudaMalloc(self, count: int) -> tuple[int]:  # noqa: N802
        return (self._allocate(count, "device"),)

    def cudaHostAlloc(self, count: int, flags: int) -> tuple[int]:  # noqa: N802
        return (self._allocate(count, "host"),)

    def cudaFree(self, address: int) -> tuple[()]:  # noqa: N802
        assert self.memory.pop(address)[2] == "device"
        return ()

    def cudaFreeHost(self, address: int) -> tuple[()]:  # noqa: N802
        assert self.memory.pop(address)[2] == "host"
        return ()

    def cudaMemcpyAsync(self, to: int, source: int, count: int, kind: int, stream: Handle) -> tuple[()]:  # noqa: N802
        wanted = {1: ("device", "host"), 2: ("host", "device"), 3: ("device", "device")}[kind]
        for address, place in zip((to, source), wanted, strict=True):
            assert self.memory[address][1:] == (count, place), "another place or size than was allocated"
        self.enqueue(stream, lambda: ctypes.memmove(to, source, count) is not None)
        return ()

    def cudaMemsetAsync(self, address: int, value: int, count: int, stream: Handle) -> tuple[()]:  # noqa: N802
        assert self.memory[address][1] == count
        self.enqueue(stream, lambda: ctypes.memset(address, value, count) is not None)
        return ()

    def cudaStreamBeginCapture(self, stream: Handle, mode: int) -> tuple[()]:  # noqa: N802
        assert (self.handles[int(stream)], mode, self.recording) == ("stream", 1, None)
        self.recording = []
        return ()

    def cudaStreamEndCapture(self, stream: Handle) -> tuple[Handle]:  # noqa: N802
        assert self.recording is not None
        graph = self._handle("graph")
        self.graphs[int(graph)], self.recording = self.recording, None
        return (graph,)

    def cudaGraphInstantiate(self, graph: Handle, flags: int) -> tuple[Handle]:  # noqa: N802
        executable = self._handle("executable")
        self.graphs[int(executable)] = self.graphs[int(graph)]
        return (executable,)

    def cudaGraphUpload(self, executable: Handle, stream: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles[int(executable)] == "executable"
        return ()

    def cudaGraphDestroy(self, graph: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles.pop(int(graph)) == "graph"
        return ()

    def cudaGraphExecDestroy(self, executable: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles.pop(int(executable)) == "executable"
        return ()

    def cudaGraphLaunch(self, executable: Handle, stream: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles[int(executable)] == "executable"
        assert all(step() for step in self.graphs[int(executable)])
        return ()

    def cudaEventRecord(self, event: Handle, stream: Handle) -> tuple[()]:  # noqa: N802
        assert self.recording is None, "an event under capture"
        return ()

    def cudaEventSynchronize(self, event: Handle) -> tuple[()]:  # noqa: N802
        assert self.handles[int(event)] == "event"
        return ()

    def cudaDriverGetVersion(self) -> tuple[int]:  # noqa: N802
        return (13000,)

    def enqueue(self, stream: Handle | int, step: Callable[[], bool]) -> bool:
        """Note a step under capture, else do it."""
        assert self.handles[int(stream)] == "stream"
        if self.recording is None:
            return step()
        self.recording.append(step)
        return True

    def _handle(self, kind: str) -> Handle:
        number = 1 + max([0, *self.handles])
        self.handles[number] = kind
        return Handle(number)

    def _allocate(self, count: int, place: str) -> int:
        data = (ctypes.c_uint8 * count)(*([0xA5] * min(count, 64)))  # not zeros: nobody may count on that
        self.memory[ctypes.addressof(data)] = (data, count, place)
        return ctypes.addressof(data)


class Dims(tuple[int, ...]):
    """A shape."""


class FakeContext:
    def __init__(self, engine: "FakeEngine") -> None:
        self._engine, self._addresses = engine, {}  # type: ignore[var-annotated]

    def set_tensor_address(self, name: str, memory: int) -> bool:
        assert type(memory) is int
        known = self._engine._gpu.memory.get(memory)
        self._addresses[self._engine._tensors[name][0]] = memory
        return known is not None and known[2] == "device"

    def is_stream_capturable(self, stream: int) -> bool:
        return self._engine._trt.capturable

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert type(stream_handle) is int
        assert set(self._addresses) == set(self._engine._tensors), "a tensor without an address"
        trt = self._engine._trt
        if self._engine._gpu.recording is not None and trt.fails_under_capture:
            return False
        return self._engine._gpu.enqueue(stream_handle, self._run)

    def _run(self) -> bool:
        trt, session = self._engine._trt, self._engine._session
        trt.runs += 1
        if trt.fails_at_run is not None and trt.runs >= trt.fails_at_run:
            trt.say(trt.ILogger.Severity.ERROR, "enqueueV3: Error Code 1: Cuda Runtime (an illegal memory access)")
            self._engine._gpu.lost = True
            return True  # as the real one: it was enqueued; the error comes with the next call
        arrays = {name: self._engine._array(name, address) for name, address in self._addresses.items()}
        names = [output.name for output in session.get_outputs()]
        results = session.run(names, {entry.name: arrays[entry.name].copy() for entry in session.get_inputs()})
        for name, result in zip(names, results, strict=True):
            arrays[name][...] = result * trt.distort if trt.distort is not None else result
        return True


class FakeEngine:
    """An engine whose plan is an ONNX graph."""

    def __init__(self, trt: "FakeTrt", graph: bytes) -> None:
        self._trt, self._gpu = trt, trt.gpu
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self._tensors = {entry.name: (entry.name, entry, entry in inputs) for entry in (*inputs, *outputs)}

    @property
    def num_io_tensors(self) -> int:
        return len(self._tensors)

    def get_tensor_name(self, index: int) -> str:
        return str(list(self._tensors)[index])

    def get_tensor_mode(self, name: str) -> object:
        return self._trt.TensorIOMode.INPUT if self._tensors[name][2] else "output"

    def get_tensor_shape(self, name: str) -> Dims:
        return Dims(self._tensors[name][1].shape)

    def get_tensor_dtype(self, name: str) -> int:
        return {"tensor(uint8)": 5, "tensor(float)": 0, "tensor(float16)": 1}[self._tensors[name][1].type]

    def create_runtime_config(self) -> Any:
        return SimpleNamespace(create_runtime_cache=lambda: FakeJit(self._trt), set_runtime_cache=lambda cache: True)

    def create_execution_context(self, runtime_config: Any = None) -> FakeContext:
        return FakeContext(self)

    parts = (FakeContext,)

    def _array(self, name: str, address: int) -> np.ndarray:
        kind = {5: np.uint8, 0: np.float32, 1: np.float16}[self.get_tensor_dtype(name)]
        count = int(np.prod(self.get_tensor_shape(name))) * np.dtype(kind).itemsize
        assert self._gpu.memory[address][1] == count
        data = np.ctypeslib.as_array((ctypes.c_uint8 * count).from_address(address))
        return data.view(kind).reshape(self.get_tensor_shape(name))


class FakeJit:
    def __init__(self, trt: "FakeTrt") -> None:
        self._trt = trt

    def serialize(self) -> bytes:
        return b"compiled for " + self._trt.__version__.encode()

    def deserialize(self, blob: bytes) -> bool:
        self._trt.compiled_loaded += blob == self.serialize()
        return blob == self.serialize()


FakeEngine.parts = (FakeContext, FakeJit)  # type: ignore[assignment]


class FakeTrt:
    """The module `tensorrt_rtx`, or `tensorrt`."""

    DataType = SimpleNamespace(UINT8=5, FLOAT=0, HALF=1)
    TensorIOMode = SimpleNamespace(INPUT=1, OUTPUT=2)
    MemoryPoolType = SimpleNamespace(WORKSPACE=0)
    BuilderFlag = SimpleNamespace(REQUIRE_USER_ALLOCATION=28, TF32=6)
    NetworkDefinitionCreationFlag = SimpleNamespace(STRONGLY_TYPED=0)
    ComputeCapability = SimpleNamespace(SM75=75, SM89=89, SM120=120)

    class ILogger:
        Severity = SimpleNamespace(INTERNAL_ERROR=0, ERROR=1, WARNING=2, INFO=3, VERBOSE=4)

        def __init__(self) -> None: ...

    class IProgressMonitor:
        def __init__(self) -> None: ...

    def __init__(self, gpu: FakeRuntime, name: str = "tensorrt_rtx", version: str = "1.7.1.116") -> None:
        self.__name__, self.__version__, self.gpu = name, version, gpu
        self.capturable, self.fails_under_capture = True, False
        self.fails_at_build, self.fails_at_load = False, False
        self.fails_at_run: int | None = None
        self.distort: float | None = None
        self.builds = self.runs = self.compiled_loaded = 0
        self.on_step: Callable[[int], None] | None = None
        self.logger: Any = None

    def say(self, severity: int, text: str) -> None:
        self.logger.log(severity, text)

    def Builder(self, logger: Any) -> Any:  # noqa: N802 NVIDIA's name
        self.logger = logger
        return SimpleNamespace(
            create_network=lambda flags: SimpleNamespace(graph=b"", num_inputs=0, num_outputs=0, flags=flags),
            create_builder_config=lambda: SimpleNamespace(
                set_memory_pool_limit=lambda pool, pool_size: None,
                set_flag=lambda flag: None,
                clear_flag=lambda flag: None,
                set_compute_capability=lambda capability, index: True,
            ),
            build_serialized_network=self._build,
        )

    def OnnxParser(self, network: Any, logger: Any) -> Any:  # noqa: N802
        def parse(model: bytes) -> bool:
            network.graph = model
            network.num_inputs = network.num_outputs = 1
            return True

        return SimpleNamespace(parse=parse, num_errors=0)

    def Runtime(self, logger: Any) -> Any:  # noqa: N802
        self.logger = logger
        return SimpleNamespace(deserialize_cuda_engine=self._load)

    def _build(self, network: Any, config: Any) -> bytes | None:
        self.builds += 1
        monitor = config.progress_monitor
        monitor.phase_start("Building", None, 4)
        for step in range(4):
            if self.on_step:
                self.on_step(step)
            if not monitor.step_complete("Building", step):
                self.say(1, "Error Code 7: BuildCanceled")
                return None
        monitor.phase_finish("Building")
        if self.fails_at_build:
            self.say(1, "Error Code 10: no implementation for node")
            return None
        digest = hashlib.sha256(network.graph).digest()
        return bytes(b"plan " + self.__version__.encode().ljust(16) + digest + network.graph)

    def _build_for_test(self, graph: bytes) -> bytes:
        return b"plan " + self.__version__.encode().ljust(16) + hashlib.sha256(graph).digest() + graph

    def _load(self, plan: bytes) -> FakeEngine | None:
        head, graph = plan[:21], plan[53:]
        if head != b"plan " + self.__version__.encode().ljust(16):
            self.say(1, "Version tag does not match.")
            return None
        if self.fails_at_load or hashlib.sha256(graph).digest() != plan[21:53]:
            self.say(1, "Serialization assertion header.magicTag == kEXPECTED_MAGIC_TAG failed.")
            return None
        return FakeEngine(self, graph)


class Gpu:
    """A fake GPU with a fake library for it, and a folder for plans."""

    SUM = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 20]> net (float[1,4] x, float[1,4] before, uint8[4] scene) '
        "=> (float[1,4] y, float[1,4] after) "
        "{ z = Cast<to=1>(scene) a = Add(x, before) after = Identity(a) y = Add(a, z) }"
    ).SerializeToString()
    """Adds up what it is shown: state from run to run, and a scene that stays."""

    def __init__(self, folder: Path) -> None:
        self.runtime = FakeRuntime()
        self.trt = FakeTrt(self.runtime)
        self.cuda = Cuda(self.runtime)
        self.library = Library("tensorrt_rtx", "1.7.1.116", self.trt)
        self.cache = PlanCache(folder / "plans")


@pytest.fixture
def gpu(tmp_path: Path) -> Iterator[Gpu]:
    """A fake GPU; whatever was taken of it must have been given back in the end."""
    gpu = Gpu(tmp_path)
    yield gpu
    if not gpu.runtime.lost:
        assert (gpu.runtime.memory, gpu.runtime.handles) == ({}, {})


def tiny(body: str, inputs: str, outputs: str = "float[1,1,H,W] alpha") -> bytes:
    """A small ONNX file from its text."""
    text = f'<ir_version: 10, opset_import: ["" : 20]> net ({inputs}) => ({outputs}) <int64[1] zero = {{0}}> {{{body}}}'
    return bytes(onnx.parser.parse_model(text).SerializeToString())


RED = "alpha = Gather<axis=1>(frame, zero)"


@pytest.fixture
def red(tmp_path: Path) -> ModelSpec:
    """A model whose alpha is the red channel."""
    return write_spec(tmp_path, tiny(RED, "float[1,3,H,W] frame"))


def write_spec(folder: Path, data: bytes) -> ModelSpec:
    (folder / "model.onnx").write_bytes(data)
    return ModelSpec(
        folder=folder, format=1, name="test", file="model.onnx", sha256=hashlib.sha256(data).hexdigest(), pixels=1024,
        multiple=32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), input="frame", output="alpha",
    )  # fmt: skip


@pytest.fixture
def make_spec(tmp_path: Path) -> Callable[[str, str], ModelSpec]:
    """Writes a model from the text of its network."""
    return lambda body, inputs: write_spec(tmp_path, tiny(body, inputs))

"""NVIDIA's own parser and builder, which need no GPU: every network that ships is read and built as for a user."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import helper

from humanseg import assets
from humanseg.engines.graphs.network import typed_network
from humanseg.engines.tensorrt.build import BuildCancelledError, build_plan
from humanseg.engines.tensorrt.cuda import Cuda
from humanseg.engines.tensorrt.library import Library, import_library
from humanseg.engines.tensorrt.log import bridge
from humanseg.engines.tensorrt.session import Session
from humanseg.errors import EngineError
from humanseg.models import find_model

trt = pytest.importorskip("tensorrt_rtx")
FOLDERS = list(assets.models().values())


@pytest.fixture(scope="module")
def library() -> Library:
    return import_library()


def graph_of(folder: Path, size: tuple[int, int] = (320, 192)) -> bytes:
    data = find_model(folder).path.read_bytes()
    shapes = {
        entry.name: (1, entry.type.tensor_type.shape.dim[1].dim_value, size[1], size[0])
        for entry in onnx.load_model_from_string(data).graph.input
    }
    return bytes(typed_network(data, shapes).SerializeToString(deterministic=True))


def written(body: str, inputs: str = "float[1,3,8,8] frame", outputs: str = "float[1,3,8,8] alpha") -> bytes:
    text = f'<ir_version: 10, opset_import: ["" : 20]> net ({inputs}) => ({outputs}) {{{body}}}'
    return bytes(onnx.parser.parse_model(text).SerializeToString())


def test_the_library_that_is_installed_is_the_one_that_is_meant(library: Library) -> None:
    assert (library.name, library.module) == ("tensorrt_rtx", trt)
    assert library.title == f"TensorRT for RTX {trt.__version__}"
    assert import_library((8, 9)).name == "tensorrt_rtx"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_packaged_network_is_read_in_half_precision(folder: Path) -> None:
    logger = bridge(trt)
    network = trt.Builder(logger).create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(graph_of(folder))
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    kinds = Counter((layer.type, layer.get_output(0).dtype) for layer in layers)
    assert {kind for kind, _ in kinds.items() if kind[0] == trt.LayerType.CONVOLUTION} == {
        (trt.LayerType.CONVOLUTION, trt.DataType.HALF)
    }
    assert kinds[trt.LayerType.CONVOLUTION, trt.DataType.HALF] > 50
    assert sum(count for (_, dtype), count in kinds.items() if dtype == trt.DataType.FLOAT) <= 4, "only the ends"
    (output,) = [network.get_output(index) for index in range(network.num_outputs)]
    assert (output.name, output.dtype, tuple(output.shape)) == ("alpha", trt.DataType.FLOAT, (1, 1, 192, 320))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_packaged_network_is_built_twice_to_the_same_bytes(folder: Path, library: Library) -> None:
    graph = graph_of(folder)
    shares: list[float] = []
    first = build_plan(graph, library, progress=shares.append)
    assert build_plan(graph_of(folder), library) == first
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] == 1
    assert len(shares) > 20
    assert len(first) > 1_000_000
    small = build_plan(graph, library, capability=(8, 9))
    assert small != first, "for one kind of GPU"


def test_a_build_leaves_python_running_and_is_given_up_when_asked(library: Library) -> None:
    stop = threading.Event()
    seen: list[float] = []

    def progress(share: float) -> None:
        seen.append(share)
        stop.set()

    with pytest.raises(BuildCancelledError):
        build_plan(graph_of(FOLDERS[0]), library, progress=progress, cancelled=stop)
    assert len(seen) == 1, "given up at the next step"


def test_a_progress_bar_that_breaks_does_not_end_the_build(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    def broken(share: float) -> None:
        raise RuntimeError("no window any more")

    assert build_plan(written("alpha = Relu(frame)"), library, progress=broken)
    assert caplog.text.count("cannot be shown") == 1


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (b"", "cannot read the graph"),
        (b"no network", "cannot read the graph"),
        (written("h = Cast<to=10>(frame) alpha = Add(frame, h)"), "cannot (read|build) the graph: .*(type|Half|half)"),
        (
            written("s = Constant<value_floats=[1.0,1.0,0.5,0.5]>() "
                    "alpha = Resize<mode=\"linear\", antialias=1>(frame, , s)"),
            "cannot read the graph: .*[Aa]ntialias",
        ),
        (written("alpha = Transpose<perm=[0,2,3,1]>(frame)", "uint8[1,3,8,8] frame", "uint8[1,8,8,3] alpha"), "cannot"),
        (written("alpha = Relu(frame)", "float[1,3,H,W] frame", "float[1,3,H,W] alpha"), "cannot build the graph"),
        (written("alpha = Unknown(frame)"), "cannot read the graph"),
    ],
    ids=["empty", "garbage", "mixed types", "antialias", "uint8 inside", "free sizes", "unknown operator"],
)  # fmt: skip
def test_a_graph_that_cannot_be_built_is_refused_in_readable_words(library: Library, graph: bytes, words: str) -> None:
    with pytest.raises(EngineError, match=words) as caught:
        build_plan(graph, library)
    assert "gave no reason" not in caught.value.problem
    assert caught.value.problem.startswith("TensorRT for RTX 1.")


def test_bytes_of_uint8_are_only_cast_at_the_ends_and_that_builds(library: Library) -> None:
    body = "x = Cast<to=1>(frame) y = Mul(x, x) alpha = Cast<to=2>(y)"
    assert build_plan(written(body, "uint8[1,8,8,3] frame", "uint8[1,8,8,3] alpha"), library)


NO_GPU = Cuda()._runtime.cudaGetDeviceCount()[0] != Cuda()._runtime.cudaError_t.cudaSuccess


@pytest.mark.skipif(not NO_GPU, reason="there is a GPU")
@pytest.mark.parametrize("plan", [b"", b"garbage" * 100, "real"])
def test_without_a_driver_a_session_says_so(library: Library, plan: Any) -> None:
    if plan == "real":
        plan = build_plan(written("alpha = Relu(frame)"), library)
    with pytest.raises(EngineError, match="no NVIDIA driver") as caught:
        Session(library, Cuda(), plan)
    assert "driver" in caught.value.hint


@pytest.mark.skipif(not NO_GPU, reason="there is a GPU")
@pytest.mark.parametrize("plan", [b"", b"garbage" * 100])
def test_a_plan_that_is_garbage_is_told_in_the_librarys_words(library: Library, plan: bytes, gpu: Any) -> None:
    """Real library, memory of the fake GPU: it gets as far as the library lets it."""
    with pytest.raises(EngineError, match=r"TensorRT for RTX .* cannot load a plan: .{20,}"):
        Session(library, gpu.cuda, plan)


def test_the_names_of_numpy_and_onnx_types_are_those_of_the_library() -> None:
    for name, kind in (("UINT8", np.uint8), ("FLOAT", np.float32), ("HALF", np.float16)):
        assert trt.nptype(getattr(trt.DataType, name)) == kind
        assert helper.np_dtype_to_tensor_dtype(np.dtype(kind)) in (2, 1, 10)

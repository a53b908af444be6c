"""Planes from the graph of the whole frame: swscale's of the CPU path's pictures, in a graph that NVIDIA builds."""

from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.image import ImageBackground
from humanseg.engines.graphs.planes import planar
from humanseg.engines.graphs.whole_frame import FrameShape, carried, whole_frame
from humanseg.engines.graphs.writer import FLOAT, UINT8, GraphWriter
from humanseg.engines.tensorrt.build import build_plan
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.engines.tensorrt.library import import_library
from humanseg.errors import EngineError
from humanseg.frames import Colour, Frame, PlanarFrame, PlaneWeights
from humanseg.matting import Matter, open_matter
from humanseg.matting.options import MattingOptions
from humanseg.models import ModelSpec, find_model
from humanseg.pipeline.gpu_frames import GpuPlanes, open_gpu_planes
from humanseg.pipeline.planes import chroma_in, chroma_of, luma_in, luma_of
from humanseg.pipeline.shown import STRIDE, check_planes
from humanseg.pipeline.whole_frame import frame_shape
from humanseg.sinks.colour import FromRgb, plane_weights
from humanseg.sources.demo import DemoSource

MATRICES = (1, 4, 5, 6, 7, 9)
RANDOM = np.random.default_rng(0)
BLUR, PICTURE = parse_background("blur"), ImageBackground(RANDOM.integers(0, 256, (300, 500, 3), np.uint8))
GREEN = Compositor(parse_background("#00b140"))
SIZE = (160, 96)


def weights_of(matrix: int, size: tuple[int, int] = SIZE) -> PlaneWeights:
    weights = plane_weights(Colour(matrix=matrix), size, "yuv420p")
    assert weights is not None
    return weights


def by_swscale(rgb: NDArray[np.uint8], matrix: int) -> NDArray[np.uint8]:
    """What the encoder is given today: (3H/2)xW."""
    height, width = rgb.shape[:2]
    return np.asarray(FromRgb(Colour(matrix=matrix), (width, height), "yuv420p")(rgb).to_ndarray(), np.uint8)


def colourful(size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Noise, the eight corners of the colours in stripes of one pixel, and soft spots."""
    width, height = size
    noise = RANDOM.integers(0, 256, (height, width, 3), np.uint8)
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    corners = np.stack([(column + row) % 2, column // 2 % 2, row // 3 % 2], axis=-1).astype(np.uint8) * 255
    soft = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    return [noise, np.ascontiguousarray(corners), np.asarray(soft, np.uint8)]


def session_of(graph: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("size", [(96, 64), (2, 8), (6, 14), (130, 38)])
@pytest.mark.parametrize("matrix", MATRICES)
def test_each_matrix_gives_swscales_numbers_to_the_very_edge(size: tuple[int, int], matrix: int) -> None:
    width, height = size
    graph = GraphWriter()
    planes = planar(graph, graph.input("rgb", FLOAT, (1, 3, height, width)), size, weights_of(matrix, size))
    graph.output(planes, "planes", UINT8, (1, height * 3 // 2, width), "Cast", to=UINT8)
    session = session_of(graph.finish("planes"))
    for rgb in colourful(size):
        want = by_swscale(rgb, matrix).astype(np.int16)
        got = session.run(["planes"], {"rgb": rgb.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
        assert (got.dtype, got.shape) == (np.uint8, want.shape)
        assert np.abs(got - want).max() <= 1
        # The numbers of SMPTE 240M (7) are a little off in swscale.
        assert np.mean(got != want) < (0.01 if matrix == 7 else 0.001)
        assert 16 <= got.min() <= got.max() <= 240
        # What the checks compare with is the same again.
        weights = weights_of(matrix, size)
        np.testing.assert_array_equal(luma_of(rgb, weights, 2), luma_in(got, 2))
        np.testing.assert_array_equal(chroma_of(rgb, weights, 2), chroma_in(got, 2))


CASES = [
    ((1280, 720), BLUR, MattingOptions(), 1),
    ((640, 360), PICTURE, MattingOptions(), 6),
    ((360, 640), parse_background("#00b140"), MattingOptions(refine=False, smoothing=0), 6),
    ((162, 122), BLUR, MattingOptions(), 9),
]


@pytest.mark.parametrize(("size", "background", "options", "matrix"), CASES, ids=lambda value: str(value)[:20])
def test_its_planes_are_those_of_the_cpu_path(size: Any, background: Any, options: MattingOptions, matrix: int) -> None:
    model = find_model().full_precision
    compositor = Compositor(background)
    shape = frame_shape(model, compositor, size, options)
    assert shape is not None
    shape = replace(shape, planes=weights_of(matrix, size))
    session = session_of(whole_frame(model.path.read_bytes(), model, shape))
    outputs = [entry.name for entry in session.get_outputs()]
    assert "composite" not in outputs
    memory = carried(model, shape)
    inputs = {entry.name: np.zeros(entry.shape, np.float32) for entry in session.get_inputs()}
    with open_matter(model, "onnxruntime", threads=1, options=options) as matter:
        for frame in list(DemoSource(size=size, seconds=0.2))[2:5]:
            want = by_swscale(compositor.composite(frame, matter.matte(frame)).rgb, matrix)
            inputs["frame"] = frame.rgb[None]
            if shape.blur is None:
                inputs["background"] = background.render(frame, None)[None]
            found = dict(zip(outputs, session.run(outputs, inputs), strict=True))
            inputs |= {name: found[output] for output, name in memory.items()}
            apart = np.abs(found["planes"][0].astype(np.int16) - want)
            assert np.mean(apart > 2) < 0.001, f"{np.mean(apart > 2):.4%} of the numbers are more than 2 apart"
            assert apart.mean() < 0.3
    assert np.mean(np.abs(by_swscale(frame.rgb, matrix).astype(np.int16) - want)) > 1, "something was done"


@pytest.fixture(scope="module")
def packaged() -> ModelSpec:
    return find_model().full_precision


def shape_of(model: ModelSpec, background: Any, size: tuple[int, int] = (640, 360)) -> FrameShape:
    shape = frame_shape(model, Compositor(background), size)
    assert shape is not None
    return replace(shape, planes=weights_of(6, size))


@pytest.mark.parametrize("background", [BLUR, PICTURE], ids=["blur", "picture"])
def test_the_builder_takes_it_and_gives_the_same_bytes_twice(packaged: ModelSpec, background: Any) -> None:
    pytest.importorskip("tensorrt_rtx")
    graphs = [
        whole_frame(packaged.path.read_bytes(), packaged, shape_of(packaged, background)).SerializeToString(
            deterministic=True
        )
        for _ in range(2)
    ]
    plans = [build_plan(graph, import_library()) for graph in graphs]
    assert plans[0] == plans[1]
    assert len(plans[0]) > 1_000_000


def test_it_holds_to_what_the_builder_takes(packaged: ModelSpec) -> None:
    graph = whole_frame(packaged.path.read_bytes(), packaged, shape_of(packaged, BLUR, (1280, 720)))
    known = onnx.shape_inference.infer_shapes(graph, strict_mode=True).graph
    kinds = {
        entry.name: entry.type.tensor_type for entry in (*known.value_info, *graph.graph.input, *graph.graph.output)
    }
    for node in graph.graph.node:
        assert all(dim.dim_value > 0 for dim in kinds[node.output[0]].shape.dim), "static"
        types = {kinds[name].elem_type for name in (*node.input, *node.output) if name in kinds}
        assert UINT8 not in types or node.op_type == "Cast"
        assert node.op_type != "Conv" or types == {onnx.TensorProto.FLOAT16}
    written = {entry.name: [dim.dim_value for dim in kinds[entry.name].shape.dim] for entry in graph.graph.output}
    assert written["planes"] == [1, 1080, 1280]


def test_an_odd_side_has_no_planes(packaged: ModelSpec) -> None:
    with pytest.raises(ValueError, match="641x360 have no chroma"):
        whole_frame(packaged.path.read_bytes(), packaged, replace(shape_of(packaged, BLUR), size=(641, 360)))


def shown(size: tuple[int, int] = SIZE) -> list[Frame]:
    return list(DemoSource(size=size, seconds=0.2))


def test_a_picture_that_shows_the_room_is_refused() -> None:
    frame, weights = shown((320, 180))[0], weights_of(6)
    alpha = np.zeros((180, 320), np.float32)
    alpha[60:, 100:200] = 1
    seen = alpha[::STRIDE, ::STRIDE]
    with pytest.raises(EngineError, match="shows the room"):
        check_planes(frame.rgb, seen, by_swscale(frame.rgb, 6), weights)
    half = frame.rgb.copy()
    half[:70] = (0, 177, 64)
    with pytest.raises(EngineError, match="shows the room"):
        check_planes(frame.rgb, seen, by_swscale(half, 6), weights)
    grey = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY)
    check_planes(frame.rgb, seen, by_swscale(np.dstack([grey] * 3), 6), weights)  # as bright, but of other colours
    half[:130] = (0, 177, 64)
    check_planes(frame.rgb, seen, by_swscale(half, 6), weights)
    with pytest.raises(EngineError, match="the whole frame for the person"):
        check_planes(frame.rgb, np.ones_like(seen), by_swscale(half, 6), weights)
    plain = np.full_like(frame.rgb, 90)
    check_planes(plain, seen, by_swscale(plain, 6), weights)  # there is nothing in it to be seen


@pytest.fixture
def matter() -> Any:
    # Without memory, so that a frame has one right answer whoever made the frame before.
    with open_matter(
        find_model().full_precision, "onnxruntime", threads=1, options=MattingOptions(smoothing=0)
    ) as opened:
        yield opened


@pytest.fixture
def whole(gpu: Any, matter: Matter) -> Any:
    notices: list[str] = []
    opener = partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)
    made = GpuPlanes(matter, weights_of(1), opener, on_notice=notices.append)
    yield made, notices
    made.close()


def test_frames_come_in_planes_and_are_the_cpus(whole: Any, matter: Matter) -> None:
    planes, notices = whole
    planes.prepare(SIZE, GREEN)
    for frame in shown():
        done = planes.composite(frame, GREEN)
        assert isinstance(done, PlanarFrame)
        assert (done.index, done.time, done.duration, done.born) == (
            frame.index, frame.time, frame.duration, frame.born,
        )  # fmt: skip
        assert (done.size, done.rgb.size, done.planes.flags.writeable) == (SIZE, 0, False)
        want = by_swscale(GREEN.composite(frame, matter.matte(frame)).rgb, 1)
        assert np.mean(np.abs(done.planes.astype(np.int16) - want) > 2) < 0.001
    assert notices == ["Whole frames now run on Fake 9000 (TensorRT for RTX 1.7.1.116, FP16)."]


RIGHT = weights_of(1)


WRONG = {"chroma": replace(RIGHT, cb=RIGHT.cr, cr=RIGHT.cb), "luma": replace(RIGHT, y=weights_of(6).y)}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_planes_that_are_not_the_cpus_are_not_trusted(whole: Any, wrong: PlaneWeights) -> None:
    """The right picture in other colours, as another matrix gives them: the numbers are off by little."""
    planes, notices = whole
    make = planes._opener
    planes._opener = lambda model, shape, **more: make(model, replace(shape, planes=wrong), **more)
    planes.prepare(SIZE, GREEN)
    assert planes.composite(shown()[0], GREEN) is None
    assert len(notices) == 1
    assert "away from the CPU's" in notices[0]


@pytest.mark.parametrize("fault", ["NaN", "everybody", "room", "lost"])
def test_planes_that_could_show_the_room_are_never_given(
    gpu: Any, whole: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes, notices = whole
    planes.prepare(SIZE, GREEN)
    assert planes.composite(shown()[0], GREEN) is not None
    session = planes._engine._session
    launch = session.run

    def run_wrongly() -> None:
        launch()
        if fault == "room":
            session.outputs["planes"][0] = by_swscale(session.inputs["frame"][0], 1)
        elif fault == "lost":
            raise EngineError("The GPU is lost.")
        else:
            session.outputs["mean" if fault == "NaN" else "alpha"].fill(np.nan if fault == "NaN" else 255)

    monkeypatch.setattr(session, "run", run_wrongly)
    assert [planes.composite(frame, GREEN) for frame in shown()] == [None] * len(shown())
    words = {"NaN": "NaN", "everybody": "the whole frame for the person", "room": "shows the room", "lost": "is lost"}
    assert len(notices) == 2
    assert words[fault] in notices[1]


@pytest.mark.parametrize(("name", "there"), [("onnxruntime", False), ("tensorrt", True)])
def test_planes_go_with_the_engine(name: str, there: bool, matter: Matter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matter.engine, "name", name)
    assert (open_gpu_planes(matter, weights_of(1)) is not None) == there

"""The graph of the whole frame gives the CPU path's pixels, and is one that NVIDIA's builder takes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from humanseg.compositing import Background, Compositor, parse_background
from humanseg.compositing.image import ImageBackground
from humanseg.engines.graphs.resize import area_weights, box_weights, gauss_weights
from humanseg.engines.graphs.whole_frame import FrameShape, carried, whole_frame
from humanseg.engines.onnx import OnnxEngine
from humanseg.engines.tensorrt.build import build_plan
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.engines.tensorrt.library import import_library
from humanseg.errors import EngineError
from humanseg.frames import Frame
from humanseg.matting import Matter, open_matter
from humanseg.matting.options import MattingOptions
from humanseg.models import ModelSpec, find_model
from humanseg.pipeline.whole_frame import frame_shape
from humanseg.sources.demo import DemoSource

PICTURE = np.random.default_rng(0).integers(0, 256, (300, 500, 3), np.uint8)
BACKGROUNDS: dict[str, Background] = {
    "blur": parse_background("blur"),
    "blur:0": parse_background("blur:0"),
    "blur:1": parse_background("blur:1"),
    "#00b140": parse_background("#00b140"),
    "picture": ImageBackground(PICTURE),
}
PLAIN = MattingOptions(refine=False, smoothing=0)
CASES = [
    ((1280, 720), "blur", MattingOptions()),
    ((640, 360), "picture", MattingOptions(smoothing=0)),
    ((640, 360), "blur:0", MattingOptions(refine=False)),
    ((640, 360), "blur:1", PLAIN),
    ((641, 361), "blur", MattingOptions(smoothing=0.3)),
    ((360, 640), "#00b140", MattingOptions(smoothing=1)),
    ((160, 120), "blur", MattingOptions()),  # smaller than the network's view of it
]


@pytest.fixture(scope="module")
def packaged() -> ModelSpec:
    return find_model().full_precision


def shape_of(
    model: ModelSpec, background: Background, size: tuple[int, int], options: MattingOptions | None = None
) -> FrameShape:
    shape = frame_shape(model, Compositor(background), size, options)
    assert shape is not None
    return shape


def frames(size: tuple[int, int], count: int = 1) -> list[Frame]:
    return list(DemoSource(size=size, seconds=0.2))[5 - count : 5]


def scenes(size: tuple[int, int]) -> list[Frame]:
    """Two frames, noise over the second, a cut to the picture, and the same again."""
    shown = [frame.rgb for frame in frames(size, 2)]
    noise = np.random.default_rng(5).normal(0, 6, shown[1].shape)
    noisy = np.clip(shown[1] + noise, 0, 255).astype(np.uint8)
    other = cv2.resize(PICTURE[:9, :16], size, interpolation=cv2.INTER_LINEAR)
    return [Frame(rgb=np.asarray(rgb, np.uint8)) for rgb in (*shown, noisy, other, other)]


def expected(
    model: ModelSpec, background: Background, shown: list[Frame], options: MattingOptions | None = None
) -> list[np.ndarray]:
    compositor = Compositor(background)
    with open_matter(model, "onnxruntime", threads=1, options=options) as matter:
        return [compositor.composite(frame, matter.matte(frame)).rgb for frame in shown]


def assert_same(got: np.ndarray, want: np.ndarray) -> None:
    apart = np.abs(got.astype(np.int16) - want)
    assert got.dtype == np.uint8
    assert np.mean(apart > 2) < 0.001, f"{np.mean(apart > 2):.4%} of the pixels are more than 2 apart"
    assert apart.mean() < 0.5


@pytest.mark.parametrize(("size", "words", "options"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_its_pixels_are_those_of_the_cpu_path(
    packaged: ModelSpec, size: tuple[int, int], words: str, options: MattingOptions
) -> None:
    background = BACKGROUNDS[words]
    shape = shape_of(packaged, background, size, options)
    graph = whole_frame(packaged.path.read_bytes(), packaged, shape).SerializeToString()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    outputs = [entry.name for entry in session.get_outputs()]
    memory = carried(packaged, shape)
    assert bool(memory) == bool(options.smoothing)
    inputs = {entry.name: np.zeros(entry.shape, np.float32) for entry in session.get_inputs()}
    shown = scenes(size)
    for frame, want in zip(shown, expected(packaged, background, shown, options), strict=True):
        inputs["frame"] = frame.rgb[None]
        if shape.blur is None:
            inputs["background"] = background.render(frame, None)[None]  # type: ignore[arg-type]
        found = dict(zip(outputs, session.run(outputs, inputs), strict=True))
        inputs |= {name: found[output] for output, name in memory.items()}
        assert_same(found["composite"][0], want)
    assert np.abs(want.astype(np.int16) - frame.rgb).mean() > 1, "something was done"


@pytest.mark.parametrize("words", ["blur", "picture"])
def test_the_builder_takes_it_and_gives_the_same_bytes_twice(packaged: ModelSpec, words: str) -> None:
    pytest.importorskip("tensorrt_rtx")
    shape = shape_of(packaged, BACKGROUNDS[words], (640, 360))
    data = packaged.path.read_bytes()
    plans = [
        build_plan(whole_frame(data, packaged, shape).SerializeToString(deterministic=True), import_library())
        for _ in range(2)
    ]
    assert plans[0] == plans[1]
    assert len(plans[0]) > 1_000_000


def test_it_holds_to_what_the_builder_takes(packaged: ModelSpec) -> None:
    """Rules that were found out one by one: uint8 is only cast, nothing is anti-aliased, convolutions are halved."""
    for words in ("blur", "picture"):
        graph = whole_frame(packaged.path.read_bytes(), packaged, shape_of(packaged, BACKGROUNDS[words], (1280, 720)))
        assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", 20)]
        kinds = {
            entry.name: entry.type.tensor_type for entry in onnx.shape_inference.infer_shapes(graph).graph.value_info
        }
        kinds |= {entry.name: entry.type.tensor_type for entry in (*graph.graph.input, *graph.graph.output)}
        for node in graph.graph.node:
            assert all(dim.dim_value > 0 for dim in kinds[node.output[0]].shape.dim), "static"
            if any(
                kinds[name].elem_type == onnx.TensorProto.UINT8 for name in (*node.input, *node.output) if name in kinds
            ):
                assert node.op_type == "Cast"
            if node.op_type == "Conv":
                assert kinds[node.output[0]].elem_type == onnx.TensorProto.FLOAT16
            if node.op_type == "Resize":
                assert not any(entry.name == "antialias" and entry.i for entry in node.attribute)


def test_frames_run_on_the_gpu_and_a_background_stays_there(gpu: Any, packaged: ModelSpec) -> None:
    background = BACKGROUNDS["picture"]
    shown = frames((160, 96), 2)
    shape = shape_of(packaged, background, (160, 96))
    with FrameEngine(packaged, shape, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache) as engine:
        assert engine.captured
        behind = background.render(shown[0], None)  # type: ignore[arg-type]
        engine.put_background(behind)
        for frame, want in zip(shown, expected(packaged, background, shown), strict=True):
            assert_same(engine.run(frame.rgb), want)
        with pytest.raises(ValueError, match=r"uint8 of shape \(96, 160, 3\)"):
            engine.run(shown[0].rgb[:90])
    with pytest.raises(EngineError, match="closed"):
        engine.run(shown[0].rgb)


def test_the_alpha_before_is_carried_on_the_gpu(gpu: Any, make_spec: Callable[[str, str], ModelSpec]) -> None:
    model = make_spec(
        "red = Gather<axis=1>(frame, zero) less = Mul(red, half) more = Mul(previous, half) alpha = Add(less, more)",
        "float[1,3,H,W] frame, float[1,1,H,W] previous",
    )
    model = replace(model, previous="previous")
    network = onnx.load(model.path)
    network.graph.initializer.append(onnx.numpy_helper.from_array(np.array(0.5, np.float32), "half"))
    onnx.save(network, model.path)
    shape = FrameShape(size=(64, 32), network=(64, 32), blur=None)
    white = np.full((32, 64, 3), 255, np.uint8)
    with FrameEngine(model, shape, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache) as engine:
        for _ in range(2):
            seen = [int(engine.run(white)[0, 0, 0]) for _ in range(3)]
            np.testing.assert_allclose(seen, [127.5, 191.25, 223.1], atol=1)
            engine.reset()
        with pytest.raises(ValueError, match="background is uint8"):
            engine.put_background(white[:10])


def test_after_a_cut_the_network_is_shown_nothing_of_before(
    gpu: Any, make_spec: Callable[[str, str], ModelSpec]
) -> None:
    body = "red = Gather<axis=1>(frame, zero) alpha = Max(red, previous)"
    described = make_spec(body, "float[1,3,H,W] frame, float[1,1,H,W] previous")
    model = replace(described, previous="previous", pixels=2048)
    left = np.zeros((32, 64, 3), np.uint8)
    left[:, :32] = 200
    shown = [Frame(rgb=rgb) for rgb in (left, left, 200 - left, 200 - left, left)]
    background = BACKGROUNDS["#00b140"]
    compositor = Compositor(background)
    shape = shape_of(model, background, (64, 32))
    with (
        Matter(model, OnnxEngine(model, 1)) as matter,
        FrameEngine(model, shape, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache) as engine,
    ):
        engine.put_background(background.render(shown[0], None))  # type: ignore[arg-type]
        for frame in shown:
            got = engine.run(frame.rgb)
            assert_same(got, compositor.composite(frame, matter.matte(frame)).rgb)
            assert got[16, 16].tolist() != got[16, 48].tolist(), "what was there before the cut is gone"


def test_a_network_with_other_inputs_than_its_description_is_refused(
    gpu: Any, make_spec: Callable[[str, str], ModelSpec]
) -> None:
    model = make_spec("a = Add(x, y) r = Gather<axis=1>(frame, zero) alpha = Add(a, r)",
                      "float[1,3,H,W] frame, float[1,1,H,W] x, float[1,1,H,W] y")  # fmt: skip
    shape = FrameShape(size=(64, 32), network=(64, 32), blur=None)
    with pytest.raises(EngineError, match="the network takes"):
        FrameEngine(model, shape, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)


def test_what_the_graph_does_not_know_has_none(packaged: ModelSpec) -> None:
    class Odd(ImageBackground):
        """Some other background."""

    known = Compositor(BACKGROUNDS["blur"])
    for odd in (Compositor(Odd(PICTURE)), Compositor(BACKGROUNDS["blur"], light_wrap=0.5)):
        assert frame_shape(packaged, odd, (640, 360)) is None
    odd_options = [
        MattingOptions(threshold=0.5), MattingOptions(shift=0.01), MattingOptions(feather=0.01),
        MattingOptions(look_ahead=1),
    ]  # fmt: skip
    for options in odd_options:
        assert frame_shape(packaged, known, (640, 360), options) is None
    plain = frame_shape(packaged, Compositor(BACKGROUNDS["blur"], decontaminate=False), (640, 360))
    assert plain is not None
    assert plain.foreground is None


@pytest.mark.parametrize(("source", "target"), [(720, 192), (1280, 320), (1080, 192), (641, 320), (5, 5), (7, 1)])
def test_averaging_by_area_is_what_opencv_does(source: int, target: int) -> None:
    line = np.random.default_rng(1).random((source, 3)).astype(np.float32)
    want = cv2.resize(line, (3, target), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(area_weights(source, target) @ line, want, atol=1e-5)


@pytest.mark.parametrize(("size", "sigma"), [(270, 3.2), (480, 9.7), (180, 9.0), (9, 2.0), (2, 3.0), (1, 1.0)])
def test_blurring_is_what_opencv_does_to_the_very_edge(size: int, sigma: float) -> None:
    column = np.random.default_rng(2).random((size, 1)).astype(np.float32)
    want = cv2.GaussianBlur(column, (0, 0), sigma)
    np.testing.assert_allclose((gauss_weights(size, sigma) @ column), want, atol=1e-5)


@pytest.mark.parametrize(("size", "radius", "repeat"), [(192, 5, True), (192, 1, False), (6, 5, True), (2, 1, False)])
def test_means_are_what_opencv_does_to_the_very_edge(size: int, radius: int, repeat: bool) -> None:
    column = np.random.default_rng(2).random((size, 1)).astype(np.float32)
    border = cv2.BORDER_REFLECT if repeat else cv2.BORDER_REFLECT_101
    want = cv2.blur(column, (1, 2 * radius + 1), borderType=border)
    np.testing.assert_allclose(box_weights(size, radius, repeat=repeat) @ column, want, atol=1e-6)

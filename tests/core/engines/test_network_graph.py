"""The network at one size in half precision: the same network, only typed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx.parser
import onnxruntime
import pytest
from onnx import numpy_helper

from humanseg import assets
from humanseg.engines.graphs.network import fix_sizes, fold_normalisation, typed_network
from humanseg.matting.preprocess import to_tensor
from humanseg.models import find_model
from humanseg.sources.demo import DemoSource

if TYPE_CHECKING:
    from humanseg.frames import Frame

BLOCK = """
    a = Conv<kernel_shape=[3,3], pads=[1,1,1,1], strides=[2,2]>(frame, w0)
    b = BatchNormalization(a, scale, bias, mean, variance)
    c = Relu(b)
    size = Shape<start=2, end=4>(frame)
    all = Concat<axis=0>(ones, size)
    d = Resize<mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric">(c, , , all)
    logits = Conv<kernel_shape=[1,1]>(d, w1)
    alpha = Sigmoid(logits)
"""
HEAD = '<ir_version: 10, opset_import: ["" : 20]> net (float[1,3,H,W] frame) => (float[1,1,h,w] alpha) '


def network(body: str = BLOCK) -> onnx.ModelProto:
    model = onnx.parser.parse_model(HEAD + "{" + body + "}")
    random = np.random.default_rng(1)
    weights = {
        "w0": random.normal(0, 0.4, (8, 3, 3, 3)), "w1": random.normal(0, 0.4, (1, 8, 1, 1)),
        "scale": random.uniform(0.5, 2, 8), "bias": random.normal(0, 1, 8), "mean": random.normal(0, 1, 8),
        "variance": random.uniform(0.5, 2, 8),
    }  # fmt: skip
    for name, values in weights.items():
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 8]), "ones"))
    return model


def run(model: bytes | onnx.ModelProto, **inputs: np.ndarray) -> Any:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]).run(None, inputs)[0]


def picture(width: int = 64, height: int = 32) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 1, (1, 3, height, width)).astype(np.float32)


def test_sizes_become_constant_and_nothing_that_computed_them_is_left() -> None:
    fixed = fix_sizes(network(), {"frame": (1, 3, 32, 64)})
    assert {node.op_type for node in fixed.graph.node} == {"Conv", "BatchNormalization", "Relu", "Resize", "Sigmoid"}
    assert "ones" not in {entry.name for entry in fixed.graph.initializer}
    np.testing.assert_array_equal(run(fixed, frame=picture()), run(network(), frame=picture()))
    assert [size.dim_value for size in fixed.graph.output[0].type.tensor_type.shape.dim] == [1, 1, 32, 64]


@pytest.mark.parametrize("offset", ["", ", bias"])
def test_a_normalisation_after_a_convolution_goes_into_its_weights(offset: str) -> None:
    whole = network(BLOCK.replace("(frame, w0)", f"(frame, w0{offset})"))
    folded = fix_sizes(whole, {"frame": (1, 3, 32, 64)})
    fold_normalisation(folded)
    assert "BatchNormalization" not in {node.op_type for node in folded.graph.node}
    np.testing.assert_allclose(run(folded, frame=picture()), run(whole, frame=picture()), atol=1e-5)


def test_one_whose_convolution_is_used_twice_stays() -> None:
    twice = network(BLOCK.replace("c = Relu(b)", "e = Relu(b) c = Add(e, a)"))
    fixed = fix_sizes(twice, {"frame": (1, 3, 32, 64)})
    fold_normalisation(fixed)
    np.testing.assert_allclose(run(fixed, frame=picture()), run(twice, frame=picture()), atol=1e-5)


def test_computing_is_in_half_precision_between_float_ends() -> None:
    typed = typed_network(network().SerializeToString(), {"frame": (1, 3, 32, 64)})
    kinds = {entry.name: entry.type.tensor_type.elem_type for entry in typed.graph.value_info}
    for node in typed.graph.node:
        if node.op_type not in ("Cast", "Sigmoid"):
            assert kinds[node.output[0]] == onnx.TensorProto.FLOAT16, node.op_type
    assert (typed.graph.node[-1].op_type, typed.graph.node[-2].op_type) == ("Sigmoid", "Cast"), "the sigmoid is float"
    alpha, expected = run(typed, frame=picture()), run(network(), frame=picture())
    assert alpha.dtype == np.float32
    assert 0 < np.abs(alpha - expected).max() < 0.01


def test_one_that_is_in_half_precision_keeps_its_types() -> None:
    shapes = {"frame": (1, 3, 32, 64)}
    typed = typed_network(network().SerializeToString(), shapes)
    again = typed_network(typed.SerializeToString(), shapes)
    assert [node.op_type for node in again.graph.node] == [node.op_type for node in typed.graph.node]
    np.testing.assert_array_equal(run(again, frame=picture()), run(typed, frame=picture()))


@pytest.mark.parametrize(
    ("data", "shapes", "words"),
    [
        (b"no network", {"frame": (1, 3, 32, 64)}, "protobuf|pars"),
        (network().SerializeToString(), {"picture": (1, 3, 32, 64)}, "the network takes .'frame'"),
        (network().SerializeToString(), {"frame": (1, 4, 32, 64)}, "frame is 3 there, not 4"),
        (network().SerializeToString(), {"frame": (3, 32, 64)}, "4 dimensions, not 3"),
        (network("alpha = Cast<to=1>(frame)").SerializeToString(), {"frame": (1, 3, 32, 64)}, "has Cast"),
        (
            network(
                "a = NonZero(frame) b = Cast<to=1>(a) axes = Constant<value_ints=[0,1]>() alpha = Unsqueeze(b, axes)"
            ).SerializeToString(),
            {"frame": (1, 3, 32, 64)},
            "the size of the output alpha",
        ),
    ],
)
def test_what_cannot_be_fixed_or_halved_is_refused(data: bytes, shapes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        typed_network(data, shapes)


@pytest.mark.parametrize("folder", assets.models().values(), ids=lambda folder: folder.name)
def test_the_packaged_networks_give_the_same_alpha_of_frames_of_the_demo(folder: Path) -> None:
    """Half precision ends at 65504; an activation beyond that would show as a hole, or as NaN."""
    model = find_model(folder)
    data = model.path.read_bytes()
    others = {
        entry.name: (1, entry.type.tensor_type.shape.dim[1].dim_value, 192, 320)
        for entry in onnx.load_model_from_string(data).graph.input
    }
    typed = typed_network(data, others).SerializeToString()
    frames: list[Frame] = list(DemoSource(size=(640, 360), seconds=0.1))
    for frame in frames[::2]:
        tensor = to_tensor(frame.rgb, (320, 192), model.mean, model.std)
        inputs = {
            name: tensor if name == model.input else np.zeros(shape, np.float32) for name, shape in others.items()
        }
        alpha, expected = run(typed, **inputs), run(data, **inputs)
        assert np.isfinite(alpha).all()
        assert np.ptp(expected) > 0.9
        assert np.abs(alpha - expected).mean() < 0.002
        assert np.abs(alpha - expected).max() < 0.05

"""A graph of integers rearranged for CPUs: the same alpha, and no other graph is touched."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from humanseg.engines.onnx import import_onnxruntime
from humanseg.models import find_model
from humanseg_train import quantising, rearranging
from humanseg_train.networks.rounding import INPUT_LEVELS, WEIGHT_LEVELS
from humanseg_train.quantising import to_int8
from humanseg_train.rearranging import rearrange

STEP = 1 / 32
"""Of inputs and of weights: a power of two, so that every engine computes every sum without an error."""

PLAIN = "<kernel_shape=[3, 3], pads=[1, 1, 1, 1]>"
NEAREST = '<mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric">'
LINEAR = '<mode="linear">'

DOUBLING = f"large = Resize {NEAREST} (small, none, doubled)"
UPPER = f"seen = Conv {PLAIN} (large, seen_weight, seen_bias)"
ENDS = (
    f"first = Conv {PLAIN} (kept, first_weight, first_bias)",
    f"second = Conv {PLAIN} (looked, second_weight)",
    "logit = Add (first, second)",
    "alpha = Sigmoid (logit)",
)
NETWORK = (
    "deep = Conv <kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]> (frame, deep_weight)",
    "small = Relu (deep)",
    DOUBLING,
    UPPER,
    "kept = Relu (seen)",
    f"look = Conv {PLAIN} (frame, look_weight)",
    "looked = Relu (look)",
    *ENDS,
)
"""A decoder's last stage and a look at the frame, as `DetailedNetwork` has them."""

SHAPES = {"deep": (8, 3), "seen": (6, 8), "look": (5, 3), "first": (1, 6), "second": (1, 5)}
"""Outputs and inputs of the convolutions; weights are named as those are that batch normalisation was folded into."""


def build(*lines: str, channels: int = 1, **shapes: tuple[int, int]) -> onnx.ModelProto:
    """A float32 model of these lines; its weights are whole numbers of `STEP` whose largest is `WEIGHT_LEVELS`."""
    random = np.random.default_rng(3)
    body = "\n".join(lines)
    model = onnx.parser.parse_model(
        f"""<ir_version: 10, opset_import: ["": 20]> net (float[1, 3, "32*h", "32*w"] frame)
        => (float[1, {channels}, "32*h", "32*w"] alpha) {{ {body} }}"""
    )
    for name, (outputs, inputs) in (SHAPES | shapes).items():
        values = random.integers(-20, 21, (outputs, inputs, 3, 3))
        if name == "seen":  # four of these together are no more than the largest alone, so that nothing is rounded
            values //= 2
            values[:, 0] = 0
        values[:, 0, 2, 1] = WEIGHT_LEVELS
        constants = {f"{name}_weight": values * STEP, f"{name}_bias": random.integers(-99, 100, outputs) * STEP**2}
        for key, tensor in constants.items():
            model.graph.initializer.append(onnx.numpy_helper.from_array(tensor.astype(np.float32), key))
    for name, scales in (("doubled", (1, 1, 2, 2)), ("fourfold", (1, 1, 4, 4))):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(scales, np.float32), name))
    for node in model.graph.node:
        node.name = f"node_{node.output[0]}"
        node.input[:] = ["" if name == "none" else name for name in node.input]
    return model


def in_integers(model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> onnx.ModelProto:
    """The model in 8 bits, not rearranged yet: every input counts in whole `STEP`, below 0 too."""
    monkeypatch.setattr(quantising, "rearrange", lambda _: None)
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    low = -100 * STEP
    return onnx.shape_inference.infer_shapes(
        to_int8(model, dict.fromkeys(convolutions, (low, low + INPUT_LEVELS * STEP)))
    )


def alpha(model: onnx.ModelProto, capfd: pytest.CaptureFixture[str]) -> NDArray[np.float32]:
    """What a model gives for one drawn frame; the runtime must have nothing to say about it."""
    frame = np.random.default_rng(7).normal(0, 1, (1, 3, 32, 64)).astype(np.float32)
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(["alpha"], {"frame": frame})[0]
    assert not capfd.readouterr().err
    assert found.shape == (1, 1, 32, 64)
    assert found.std() > 0.1, "a frame that says something"
    return found


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize(
    "lines",
    [
        NETWORK,
        [*NETWORK[:5], f"logit = Conv {PLAIN} (kept, first_weight, first_bias)", ENDS[-1]],
        [*NETWORK[:5], f"logit = Conv {PLAIN} (kept, first_weight)", ENDS[-1]],
    ],
    ids=["two heads", "one head", "no bias"],
)
def test_heads_computed_by_squares_give_the_same_alpha_to_the_bit(
    lines: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = in_integers(build(*lines), monkeypatch)
    after = onnx.ModelProto.FromString(before.SerializeToString())
    monkeypatch.setattr(rearranging, "_doublings", lambda _: {})
    rearrange(after)
    assert kinds(after)[-2:] == ["Sigmoid", "DepthToSpace"]
    assert after.graph.output == before.graph.output
    onnx.checker.check_model(after, full_check=True)
    assert np.array_equal(alpha(after, capfd), alpha(before, capfd))


def test_weights_for_a_doubled_picture_are_summed_for_the_one_before() -> None:
    torch.manual_seed(5)
    picture, weights = torch.randn(2, 3, 6, 10, dtype=torch.float64), torch.randn(4, 3, 3, 3, dtype=torch.float64)
    large = torch.nn.functional.interpolate(picture, scale_factor=2, mode="nearest")
    wanted = torch.nn.functional.conv2d(large, weights, padding=1)
    summed = torch.from_numpy(rearranging.doubled(weights.numpy()))
    found = torch.nn.functional.conv_transpose2d(picture, summed, stride=2, padding=1)
    assert torch.allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize(("weights", "bound"), [("seen_weight", 0.0), ("rounded_weight", 0.02)])
def test_a_doubled_picture_is_not_made_and_alpha_moves_only_by_what_is_rounded(
    weights: str, bound: float, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [line.replace("seen_weight", weights) for line in NETWORK]
    before = in_integers(build(*lines, rounded=(6, 8)), monkeypatch)
    after = onnx.ModelProto.FromString(before.SerializeToString())
    rearrange(after)
    assert "Resize" not in kinds(after)
    assert kinds(after).count("ConvTranspose") == 1
    onnx.checker.check_model(after, full_check=True)
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in after.graph.initializer}
    summed = stored["seen_4x4_int8"]
    assert summed.dtype == np.int8
    assert summed.shape == (8, 6, 4, 4)
    assert (np.abs(summed).max(axis=(0, 2, 3)) == WEIGHT_LEVELS).all(), "each channel has its own scale"
    made = {name for node in after.graph.node for name in node.output}
    assert made > {value.name for value in after.graph.value_info} > {"small", "kept"}, "what is gone has no size left"
    assert np.abs(alpha(after, capfd) - alpha(before, capfd)).mean() <= bound


def test_an_export_is_rearranged() -> None:
    model = to_int8(build(*NETWORK), {"node_seen": (0.0, 8.0), "node_first": (0.0, 8.0), "node_second": (0.0, 8.0)})
    assert {"DepthToSpace", "ConvTranspose"} <= set(kinds(model))


OTHERS: dict[str, Callable[[], onnx.ModelProto]] = {
    "alpha enlarged at the end (FPN, DeepLabV3+)": lambda: build(
        *NETWORK[:2],
        f"deep_logit = Conv {PLAIN} (small, coarse_weight)",
        f"logit = Resize {LINEAR} (deep_logit, none, doubled)",
        ENDS[-1],
        coarse=(1, 8),
    ),
    "several classes": lambda: build(
        *NETWORK[5:7],
        f"seen = Conv {PLAIN} (looked, classes_weight)",
        "alpha = Softmax <axis=1> (seen)",
        channels=3,
        classes=(3, 5),
    ),
    "sub-pixels at the end": lambda: build(
        *NETWORK[:2],
        f"four = Conv {PLAIN} (small, quarters_weight)",
        "logit = DepthToSpace <blocksize=2> (four)",
        ENDS[-1],
        quarters=(4, 8),
    ),
    "a skip beside the doubled picture": lambda: build(
        *NETWORK[:3],
        "both = Concat <axis=1> (large, frame)",
        f"alpha = Conv {PLAIN} (both, skipped_weight)",
        skipped=(1, 11),
    ),
    "doubled smoothly": lambda: build(
        *NETWORK[:2],
        f"large = Resize {LINEAR} (small, none, doubled)",
        f"alpha = Conv {PLAIN} (large, seen_weight)",
        channels=6,
    ),
    "enlarged four times": lambda: build(
        NETWORK[0].replace("strides=[2, 2]", "strides=[4, 4]"),
        NETWORK[1],
        DOUBLING.replace("doubled", "fourfold"),
        f"alpha = Conv {PLAIN} (large, seen_weight)",
        channels=6,
    ),
    "the doubled picture is taken twice": lambda: build(
        *NETWORK[:3],
        f"once = Conv {PLAIN} (large, seen_weight)",
        f"again = Conv {PLAIN} (large, seen_weight)",
        "alpha = Mul (once, again)",
        channels=6,
    ),
    "several channels, each an alpha": lambda: build(
        *NETWORK[5:7],
        f"seen = Conv {PLAIN} (looked, classes_weight)",
        "alpha = Sigmoid (seen)",
        channels=3,
        classes=(3, 5),
    ),
    "a gate inside": lambda: build(
        *NETWORK[5:7], f"logit = Conv {PLAIN} (looked, second_weight)", "gate = Sigmoid (logit)", "alpha = Sqrt (gate)"
    ),
    "a logit that more is made of": lambda: build(
        *NETWORK[5:7], f"logit = Conv {PLAIN} (looked, second_weight)", ENDS[-1], "more = Relu (logit)"
    ),
    "a logit of more than heads": lambda: build(
        *NETWORK[5:7],
        f"first = Conv {PLAIN} (looked, second_weight)",
        "more = ReduceMean <keepdims=1> (looked)",
        "logit = Add (first, more)",
        ENDS[-1],
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_graph_without_these_places_stays_as_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = in_integers(OTHERS[name](), monkeypatch)
    onnx.checker.check_model(model, full_check=True)
    before = model.SerializeToString()
    rearrange(model)
    assert model.SerializeToString() == before


def test_a_graph_in_full_precision_stays_as_it_is() -> None:
    model = build(*NETWORK)
    before = model.SerializeToString()
    rearrange(model)
    assert model.SerializeToString() == before


def test_the_packaged_model_is_rearranged_already() -> None:
    spec = find_model()
    model = onnx.load(spec.folder / spec.int8_file)
    assert kinds(model)[-1] == "DepthToSpace"
    assert "ConvTranspose" in kinds(model)
    before = model.SerializeToString()
    rearrange(model)
    assert model.SerializeToString() == before

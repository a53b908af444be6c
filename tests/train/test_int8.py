"""A network trained as 8-bit integers will compute it, and the file of integers that comes of it."""

import dataclasses
import json
import tomllib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import humanseg
from humanseg import settings
from humanseg.engines.onnx import import_onnxruntime
from humanseg.errors import ModelError
from humanseg_train import exporting, quantising
from humanseg_train.exporting import export
from humanseg_train.fitting import fit
from humanseg_train.networks.build import build_network
from humanseg_train.networks.deployed import AlphaNetwork, load_network, write_onnx
from humanseg_train.networks.rounding import (
    WEIGHT_LEVELS,
    RoundedConv2d,
    input_ranges,
    round_convolutions,
    stop_rounding,
)
from humanseg_train.rearranging import rearrange
from humanseg_train.recipe import Network, Recipe

SLIM = Network(encoder_weights="none", decoder_channels=(16, 8, 8, 8, 8))


@pytest.fixture(scope="module")
def int8_checkpoint(tmp_path_factory: pytest.TempPathFactory, people: Path, checkpoint: Path) -> Path:
    """A short run in rounded numbers that goes on from the session's checkpoint."""
    table = {
        "name": "tiny",
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {"decoder_channels": [16, 8, 8, 8, 8], "int8": True, "start": str(checkpoint)},
        "schedule": {"epochs": 1, "samples_per_epoch": 24, "batch": 4, "workers": 0, "threads": 1},
    }
    return fit(settings.build(Recipe, table), tmp_path_factory.mktemp("run") / "int8")


def test_a_rounded_convolution_sees_few_values_and_passes_gradients() -> None:
    plain = torch.nn.Conv2d(3, 4, 3, padding=1)
    frame = (torch.rand(2, 3, 16, 16) * 3 - 1).requires_grad_()
    layer = RoundedConv2d(plain).train()
    found = layer(frame)
    assert not torch.equal(found, plain(frame))
    assert torch.allclose(found, plain(frame), atol=0.1)
    found.sum().backward()
    assert frame.grad is not None
    assert layer.weight.grad is not None
    inside = (frame > layer.low + 0.02) & (frame < layer.high - 0.02)
    straight = torch.nn.functional.conv_transpose2d(torch.ones(1, 4, 16, 16), layer.weight.detach(), padding=1)
    assert torch.allclose(frame.grad[inside], straight.expand_as(frame)[inside], atol=0.1), "as if it were not rounded"
    assert torch.equal(layer.eval()(torch.zeros(1, 3, 8, 8)), plain(torch.zeros(1, 3, 8, 8))), (
        "0 stays 0, as padding is"
    )
    beyond = layer(torch.full((1, 3, 8, 8), 50.0))
    assert torch.allclose(beyond, layer(torch.full((1, 3, 8, 8), 3.0)), atol=0.1), "what integers cannot hold is cut"


def test_extremes_are_followed_in_training_only() -> None:
    layer = RoundedConv2d(torch.nn.Conv2d(1, 1, 1))
    layer.eval()(torch.full((1, 1, 2, 2), 9.0))
    assert float(layer.high) == 0
    layer.train()(torch.tensor([[[[-1.0, 5.0]]]]))
    assert (float(layer.low), float(layer.high)) == (-1, 5)
    layer(torch.tensor([[[[2.0, 105.0]]]]))
    assert float(layer.low) == pytest.approx(-0.94)
    assert float(layer.high) == pytest.approx(7.0)


def test_gates_and_depthwise_convolutions_stay_and_the_rest_is_rounded() -> None:
    network = build_network(SLIM)
    before = {name: layer for name, layer in network.named_modules() if isinstance(layer, torch.nn.Conv2d)}
    expected = network.eval()(frame := torch.randn(1, 3, 64, 96))
    round_convolutions(network, 3)
    for name, layer in network.named_modules():
        if isinstance(layer, torch.nn.Conv2d):
            assert isinstance(layer, RoundedConv2d) == (".se." not in name and before[name].groups == 1), name
            assert layer.weight is before[name].weight
    stop_rounding(network)
    assert torch.equal(network(frame), expected)


def test_a_run_without_the_alpha_before_starts_from_one_with_it(tmp_path: Path) -> None:
    donor = build_network(dataclasses.replace(SLIM, previous=True, detail=4)).eval()
    state = {f"network.{name}": tensor for name, tensor in donor.state_dict().items()}
    torch.save({"recipe": {}, "state_dict": state}, tmp_path / "best.ckpt")
    start = dataclasses.replace(SLIM, detail=4, int8=True, start=str(tmp_path / "best.ckpt"))
    receiver = build_network(start).eval()
    stop_rounding(receiver)
    frame = torch.randn(1, 3, 64, 64)
    assert torch.allclose(receiver(frame), donor(torch.cat([frame, torch.zeros(1, 1, 64, 64)], dim=1)), atol=1e-5)


def in_integers(network: AlphaNetwork, folder: Path, frame: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Alpha of one frame as training rounds it, in full precision, and as the file of integers gives it.

    Both files are left in the folder.
    """
    with torch.inference_mode():
        rounded = network.eval()(frame).numpy()
        stop_rounding(network)
        full = network(frame).numpy()
    write_onnx(network, folder / "full.onnx", folder / "int8.onnx")
    return rounded, full, alpha_of(folder / "int8.onnx", frame)


def alpha_of(file: Path, frame: torch.Tensor) -> np.ndarray:
    session = import_onnxruntime().InferenceSession(file, providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {"frame": frame.numpy()})[0]
    return found


def test_the_file_of_integers_computes_what_training_saw(tmp_path: Path) -> None:
    torch.manual_seed(1)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 1, 3, padding=1),
    )
    round_convolutions(layers, 3)
    network = AlphaNetwork(layers).train()
    for _ in range(4):
        network(torch.randn(4, 3, 32, 32))
    rounded, full, found = in_integers(network, tmp_path, torch.randn(1, 3, 64, 96))
    model = onnx.load(tmp_path / "int8.onnx")
    weights = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    integers = [value for value in weights if value.dtype == np.int8 and value.ndim == 4]
    assert len(integers) == 2
    assert all(np.abs(value).max() == WEIGHT_LEVELS for value in integers)
    # A value half way between two integers may fall to either; that is all that may differ.
    assert np.abs(found - rounded).mean() < 0.02 * np.abs(full - rounded).mean()


def test_what_two_convolutions_take_is_not_laid_beside_anything_for_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rearranged(model: onnx.ModelProto) -> None:
        onnx.save(model, tmp_path / "as_it_was.onnx")
        rearrange(model)

    monkeypatch.setattr(quantising, "rearrange", rearranged)
    torch.manual_seed(2)
    layers = build_network(dataclasses.replace(SLIM, detail=4))
    torch.nn.init.normal_(layers.get_parameter("detail.3.weight"), std=0.2)  # it starts at 0, where nothing would show
    round_convolutions(layers, 3)
    network = AlphaNetwork(layers).train()
    for _ in range(3):
        network(torch.randn(2, 3, 64, 64))
    rounded, full, found = in_integers(network, tmp_path, frame := torch.randn(1, 3, 64, 96))
    joints = [
        sum(
            node.op_type == "Concat" and "cat" in node.name.split("_") for node in onnx.load(tmp_path / name).graph.node
        )
        for name in ("full.onnx", "int8.onnx")
    ]
    assert joints == [5, 4], "the skips of the decoder stay, the frame's does not"
    kinds = [node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node]
    assert kinds[-1] == "DepthToSpace", "what torch writes is rearranged, too"
    assert "ConvTranspose" in kinds
    before, rounding = alpha_of(tmp_path / "as_it_was.onnx", frame), np.abs(full - rounded).mean()
    assert np.abs(before - rounded).mean() < rounding
    assert np.abs(before - full).mean() < 2 * rounding
    # One convolution's weights are rounded once more: that moves alpha by a part of what all rounding does.
    assert np.abs(found - before).mean() < 0.8 * rounding
    assert np.abs(found - rounded).mean() < 1.5 * rounding
    assert np.abs(found - full).mean() < 2 * rounding


def test_an_export_holds_both_precisions_and_engines_on_the_cpu_run_the_integers(
    int8_checkpoint: Path, people: Path, tmp_path: Path
) -> None:
    verification = export(int8_checkpoint, tmp_path / "model", check=people)
    assert not verification.faults
    devices = [check.device for check in verification.checks if check.engine in ("openvino", "onnxruntime")]
    assert len(devices) == 4
    assert sum("INT8" in device for device in devices) == 2
    table = tomllib.loads((tmp_path / "model" / "model.toml").read_text())
    assert table["int8_file"] == "model-int8.onnx"
    with humanseg.open_matter(tmp_path / "model", "onnxruntime") as matter:
        assert "INT8" in matter.engine.device
    integers = [
        tensor
        for tensor in onnx.load(tmp_path / "model" / "model-int8.onnx").graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4
    ]
    assert len(integers) == len(input_ranges(load_network(int8_checkpoint)[0])) > 20
    report = json.loads((tmp_path / "model" / "verify.json").read_text())
    assert report["accepted"]


def test_integers_that_lose_the_picture_are_refused(
    int8_checkpoint: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def narrowed(network: AlphaNetwork, path: Path, int8: Path | None = None) -> None:
        for layer in network.modules():
            if isinstance(layer, RoundedConv2d):
                layer.low.mul_(0.01)
                layer.high.mul_(0.01)
        write_onnx(network, path, int8)

    monkeypatch.setattr(exporting, "write_onnx", narrowed)
    with pytest.raises(ModelError, match=r"differs from torch|loses"):
        export(int8_checkpoint, tmp_path / "model", check=people)
    assert not (tmp_path / "model").exists()

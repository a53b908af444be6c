"""The gate of exports: what it accepts, what it refuses, and what 16 bits need."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

import humanseg
from humanseg.engines.onnx import import_onnxruntime
from humanseg.errors import ModelError
from humanseg.models import find_model
from humanseg_train import exporting
from humanseg_train.cli import main
from humanseg_train.exporting import export
from humanseg_train.half import LOUDEST, fold_batch_norms, loudness, to_half, too_loud
from humanseg_train.trial_build import build_without_gpu
from humanseg_train.verdict import Verification
from humanseg_train.verification import verify


def run(model: onnx.ModelProto, **feeds: np.ndarray) -> np.ndarray:
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, feeds)[0])


def small_network(loud: float = 1.0) -> onnx.ModelProto:
    """Convolution and normalisation, then a normalisation that follows no convolution; `loud` times in between."""
    random = np.random.default_rng(0)

    def norm(name: str, count: int, spread: float = 1.0) -> list[onnx.TensorProto]:
        parts = {"scale": 1.5, "shift": 0.5, "mean": 0.2, "var": 2.0 * spread**2}
        values = {part: random.normal(base, 0.1, count).astype(np.float32) for part, base in parts.items()}
        return [numpy_helper.from_array(value, f"{name}_{part}") for part, value in values.items()]

    weight = numpy_helper.from_array((loud * random.normal(size=(4, 3, 3, 3))).astype(np.float32), "weight")
    nodes = [
        helper.make_node("Conv", ["frame", "weight"], ["convolved"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node(
            "BatchNormalization", ["convolved", *(f"a_{p}" for p in ("scale", "shift", "mean", "var"))], ["a"]
        ),
        helper.make_node("Relu", ["a"], ["lit"], "relu"),
        helper.make_node(
            "BatchNormalization", ["lit", *(f"b_{p}" for p in ("scale", "shift", "mean", "var"))], ["alpha"]
        ),
    ]
    ports = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, channels, 8, 8])
        for name, channels in (("frame", 3), ("alpha", 4))
    ]
    graph = helper.make_graph(nodes, "small", ports[:1], ports[1:], [weight, *norm("a", 4), *norm("b", 4, loud)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def test_folding_leaves_no_normalisation_and_the_same_values() -> None:
    model = small_network()
    frame = np.random.default_rng(1).normal(size=(1, 3, 8, 8)).astype(np.float32)
    expected = run(model, frame=frame)
    assert fold_batch_norms(model) == 2
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu", "Mul", "Add"]
    onnx.checker.check_model(model, full_check=True)
    assert np.allclose(run(model, frame=frame), expected, atol=1e-5)


def test_what_would_overflow_stays_in_32_bits() -> None:
    frame = np.random.default_rng(1).normal(size=(1, 3, 8, 8)).astype(np.float32)
    quiet = small_network()
    assert not too_loud(quiet, loudness(quiet, [{"frame": frame}]))
    model = small_network(loud=5e4)
    fold_batch_norms(model)
    loud = too_loud(model, loudness(model, [{"frame": frame}]))
    assert set(loud) == {"conv", "relu", "alpha_mul"}, "what puts such values out, and what takes them"
    assert min(loud.values()) > LOUDEST
    expected, found = run(model, frame=frame), run(to_half(model, loud), frame=frame)
    assert np.isfinite(found).all()
    assert np.abs(found - expected).max() <= 0.01 * np.abs(expected).max()
    assert not np.allclose(run(to_half(model), frame=frame), expected, rtol=0.05), "all of it in 16 bits overflows"


def test_half_is_typed_throughout_and_accepted(checkpoint: Path, people: Path, tmp_path: Path) -> None:
    verification = export(checkpoint, tmp_path / "half", check=people, precision="fp16")
    model = onnx.load(tmp_path / "half" / "model.onnx")
    assert {port.type.tensor_type.elem_type for port in [*model.graph.input, *model.graph.output]} == {1}
    kinds = {tensor.data_type for tensor in model.graph.initializer if tensor.data_type in (1, 10)}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert not [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    assert verification.precision == "fp16"
    assert verification.loud == {}
    run = {check.engine for check in verification.checks if not check.built_only}
    assert run == {"onnxruntime", "openvino"}
    report = json.loads((tmp_path / "half" / "verify.json").read_text())
    assert report["accepted"]
    assert report["pictures"].startswith("4 photographs of the val split")
    assert "| onnxruntime | CPU" in (tmp_path / "half" / "card.md").read_text()
    frame = np.full((48, 64, 3), 90, np.uint8)
    with humanseg.open_matter(tmp_path / "half") as matter:
        assert matter.alpha(frame).dtype == np.float32


@pytest.mark.parametrize(("change", "words"), [("scale", "differs from torch"), ("nan", "NaN")])
def test_a_changed_network_is_refused(
    exported: Path, checkpoint: Path, people: Path, tmp_path: Path, change: str, words: str
) -> None:
    model = onnx.load(exported / "model.onnx")
    last = [node for node in model.graph.node if node.op_type == "Conv"][-1]
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == last.input[1])
    values = numpy_helper.to_array(tensor) * (1.2 if change == "scale" else np.nan)
    tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))
    folder = tmp_path / "model"
    folder.mkdir()
    onnx.save(model, folder / "model.onnx")
    (folder / "card.md").write_text((exported / "card.md").read_text())
    exporting._write_toml(folder, "changed", previous=False)
    verification = verify(folder, checkpoint, people)
    assert len(verification.faults) == 2
    assert all(words in fault for fault in verification.faults)
    assert main(["verify", str(folder), "--checkpoint", str(checkpoint), "--root", str(people)]) == 1
    card = (folder / "card.md").read_text()
    assert card.count("## Verified") == 1, "the new table stands in place of the old one"
    assert words in card
    assert "## Recipe" in card


def test_without_a_gpu_the_model_is_built_for_one(exported: Path, checkpoint: Path, people: Path) -> None:
    pytest.importorskip("tensorrt_rtx")
    verification = verify(exported, checkpoint, people)
    if "tensorrt" not in verification.absent:
        pytest.skip("there is a GPU: the model is run on it")
    (check,) = [check for check in verification.checks if check.built_only]
    assert (check.engine, check.fault) == ("tensorrt, 384x224", "")
    assert "| - | - | - | builds; not run |" in (exported / "card.md").read_text()


def test_what_tensorrt_cannot_build_is_refused(exported: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx")
    model = onnx.load(exported / "model.onnx")
    model.graph.output[0].name = "odd"
    model.graph.node.append(helper.make_node("Bernoulli", ["alpha"], ["odd"], "chance"))
    onnx.save(model, tmp_path / "model.onnx")
    exporting._write_toml(tmp_path, "odd", previous=False)
    (check,) = build_without_gpu(find_model(tmp_path))
    assert "cannot read the graph" in check.fault
    assert Verification(precision="fp32", pictures="none", checks=(check,), absent={}).faults


def test_a_small_loss_of_iou_is_refused_too(
    checkpoint: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alpha within its tolerance does not excuse a worse IoU; here even none at all is too much."""
    monkeypatch.setattr("humanseg_train.verification.MAX_IOU_DROP", -1.0)
    with pytest.raises(ModelError, match="mean IoU against torch"):
        export(checkpoint, tmp_path / "model", check=people)
    assert not list(tmp_path.iterdir())


def test_verify_accepts_what_export_wrote(exported: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (exported / "card.md").read_text()
    assert main(["verify", str(exported), "--checkpoint", str(checkpoint)]) == 0
    assert "accepted" in capsys.readouterr().out
    after = (exported / "card.md").read_text()
    assert before.split("## Verified")[0] == after.split("## Verified")[0]
    assert torch.is_inference_mode_enabled() is False

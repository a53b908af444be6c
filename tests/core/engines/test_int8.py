"""Models with a second network in 8-bit integers: engines on the CPU run it, say so, and nobody else does."""

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest

from humanseg.cli import bench, doctor
from humanseg.cli.figures import Report
from humanseg.engines import CPU_ENGINES, open_engine
from humanseg.engines.openvino import OpenvinoEngine
from humanseg.engines.tensorrt import TensorrtEngine
from humanseg.errors import EngineError, ModelError
from humanseg.models import find_model

HEAD = '<ir_version: 10, opset_import: ["" : 20]> net (float[1,3,H,W] frame) => (float[1,1,H,W] alpha) '

QUANTISED = (
    HEAD
    + "<float step = {0.0078125}, int8 middle = {0}, float[1] weight_step = {0.0078125}, int8[1] weight_middle = {0}>"
    """{
    q = QuantizeLinear(frame, step, middle)
    x = DequantizeLinear(q, step, middle)
    w = DequantizeLinear<axis=0>(weights, weight_step, weight_middle)
    y = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w)
    alpha = Clip(y, low, high)
}"""
)
"""A convolution of 8-bit numbers with 8-bit weights: half the red channel, with red in steps of 1/128."""


def quantised() -> bytes:
    network = onnx.parser.parse_model(QUANTISED)
    weights = np.zeros((1, 3, 3, 3), np.int8)
    weights[0, 0, 1, 1] = 64
    for name, values in (("weights", weights), ("low", np.float32(0)), ("high", np.float32(1))):
        network.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(values), name))
    onnx.checker.check_model(network, full_check=True)
    return bytes(network.SerializeToString())


@pytest.fixture
def folder(red_model: Path, tmp_path: Path) -> Path:
    """The model of the red channel, and for CPUs half of it."""
    made = tmp_path / "both"
    made.mkdir()
    (made / "model.onnx").write_bytes((red_model / "model.onnx").read_bytes())
    (made / "small.onnx").write_bytes(quantised())
    digest = hashlib.sha256(quantised()).hexdigest()
    more = f'int8_file = "small.onnx"\nint8_sha256 = "{digest}"\n'
    (made / "model.toml").write_text((red_model / "model.toml").read_text() + more)
    return made


@pytest.fixture(params=CPU_ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


def frame() -> np.ndarray:
    return np.random.default_rng(3).random((1, 3, 32, 64), np.float32) * np.float32(0.9)


def test_the_cpu_runs_the_network_in_8_bits_and_says_so(name: str, folder: Path) -> None:
    with open_engine(name, find_model(folder), threads=2) as engine:
        alpha = engine.run({"frame": frame()})["alpha"]
        assert engine.device == "CPU (2 threads, INT8)"
    np.testing.assert_allclose(alpha, np.round(frame()[:, :1] * 128) / 256, atol=1e-6)
    with open_engine("auto", find_model(folder)) as engine:
        assert "INT8" in engine.device


def test_openvino_multiplies_in_8_bits_beside_float32(folder: Path) -> None:
    """The demand for float32, which keeps bfloat16 away, must not turn the 8 bits back."""
    pytest.importorskip("openvino")
    with open_engine("openvino", find_model(folder), threads=1) as engine:
        assert isinstance(engine, OpenvinoEngine)
        engine.run({"frame": frame()})
        ((_, request),) = engine._compiled.items()
        ops = request.get_compiled_model().get_runtime_model().get_ops()
        kinds = {op.get_rt_info()["layerType"]: op.get_rt_info()["runtimePrecision"] for op in ops}
    assert kinds["Convolution"] in ("i8", "u8"), kinds


def test_the_other_network_is_at_hand_for_comparison(name: str, folder: Path) -> None:
    with open_engine(name, find_model(folder).full_precision, threads=2) as engine:
        np.testing.assert_array_equal(engine.run({"frame": frame()})["alpha"], frame()[:, :1])
        assert engine.device == "CPU (2 threads)"


def test_a_gpu_runs_the_network_of_full_precision(gpu: Any, folder: Path) -> None:
    with TensorrtEngine(find_model(folder), library=gpu.library, cuda=gpu.cuda, cache=gpu.cache) as engine:
        np.testing.assert_allclose(engine.run({"frame": frame()})["alpha"], frame()[:, :1], atol=1e-3)
        assert "INT8" not in engine.device


def test_both_files_are_verified(folder: Path) -> None:
    (folder / "small.onnx").write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"small\.onnx is not the file"):
        find_model(folder)
    (folder / "small.onnx").unlink()
    with pytest.raises(ModelError, match=r"has no small\.onnx"):
        find_model(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"int8_sha256": ""}, "int8_sha256 must be 64"),
        ({"int8_file": ""}, "int8_file is ''"),
        ({"int8_file": "../small.onnx"}, "file name inside the folder"),
    ],
)
def test_a_file_goes_with_its_checksum(folder: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(find_model(folder), **changes)


def test_a_network_in_8_bits_with_other_names_is_named_by_its_file(name: str, folder: Path) -> None:
    spec = find_model(folder)
    with pytest.raises(EngineError, match=r"small\.onnx has no output 'matte'"):
        open_engine(name, replace(spec, output="matte"))


def test_the_benchmark_measures_both_and_tells_them_apart(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--models", str(folder), "--engines", "onnxruntime", "onnxruntime-fp32", "--sizes", "64x64"]
    words += ["--backgrounds", "#00b140", "--rounds", "1", "--json", str(tmp_path / "a.json")]
    assert bench.main(words) == 0
    shown = capsys.readouterr().out
    assert "| onnxruntime INT8 | 64x64 |" in shown
    assert "| onnxruntime-fp32 | 64x64 |" in shown
    assert ["INT8" in result.device for result in Report.read(tmp_path / "a.json").results] == [True, False]
    both, _ = bench._engines((), str(folder))
    assert {"onnxruntime", "onnxruntime-fp32"} < set(both)


def test_the_doctor_says_that_cpus_have_a_network_of_their_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("humanseg.models.find_model", lambda: find_model(folder))
    doctor.main(["--json"])
    shown = capsys.readouterr().out
    assert "red, for CPUs also in INT8" in shown
    assert "INT8)" in shown

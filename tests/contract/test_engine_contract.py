"""What every engine promises, held by every engine."""

import hashlib
import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from humanseg.engines import AUTO_ORDER, CPU_ENGINES, GPU_ENGINES, NAMES, Engine, UnavailableError, open_engine
from humanseg.engines.engine import default_threads
from humanseg.engines.onnx import OnnxEngine
from humanseg.engines.openvino import KEPT_SIZES, OpenvinoEngine
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

RED = "alpha = Gather<axis=1>(frame, zero)"
"""The first channel as it is: what comes out is known to the bit."""

SMALL = """
    a = Conv<kernel_shape=[3,3], pads=[1,1,1,1], strides=[2,2]>(frame, w0)
    b = Relu(a)
    c = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(b, w1)
    d = Resize<mode="linear", coordinate_transformation_mode="half_pixel">(c, , scales)
    alpha = Sigmoid(d)
"""
"""A network in little: stride, rectifier, upsampling, sigmoid, random weights."""


def model(folder: Path, body: str, *, inputs: str = "float[1,3,H,W] frame", **fields: str) -> ModelSpec:
    text = f'<ir_version: 8, opset_import: ["" : 17]> net ({inputs}) => (float[1,1,H,W] alpha) <int64[1] zero = {{0}}> '
    network = onnx.parser.parse_model(text + "{" + body + "}")
    random = np.random.default_rng(1)
    weights = {
        "w0": random.normal(0, 0.4, (8, 3, 3, 3)),
        "w1": random.normal(0, 0.4, (1, 8, 3, 3)),
        "scales": np.array([1, 1, 2, 2]),
    }
    for name, values in weights.items():
        if name in body:
            network.graph.initializer.append(onnx.numpy_helper.from_array(values.astype(np.float32), name))
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(network, folder / "model.onnx")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    names = {"input": "frame", "output": "alpha"} | fields
    return ModelSpec(
        folder=folder, format=1, name="test", file="model.onnx", sha256=digest, pixels=1024, multiple=32,
        mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), input=names["input"], output=names["output"],
    )  # fmt: skip


def tensor(width: int = 64, height: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, height, width), np.float32)


@pytest.fixture(params=CPU_ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


def test_it_computes_the_network_and_says_what_it_is(name: str, tmp_path: Path) -> None:
    with open_engine(name, model(tmp_path, RED), threads=2) as engine:
        outputs = engine.run({"frame": tensor()})
        assert list(outputs) == ["alpha"]
        assert outputs["alpha"].dtype == np.float32
        np.testing.assert_array_equal(outputs["alpha"], tensor()[:, :1])
        assert (engine.name, engine.device) == (name, "CPU (2 threads)")


def test_outputs_are_the_callers_to_keep_and_inputs_are_only_read(name: str, tmp_path: Path) -> None:
    first, second = tensor(seed=1), tensor(seed=2)
    kept = first.copy()
    first.flags.writeable = False
    with open_engine(name, model(tmp_path, RED)) as engine:
        alpha = engine.run({"frame": first})["alpha"]
        engine.run({"frame": second})
        alpha[0, 0, 0, 0] += 0  # writeable
    np.testing.assert_array_equal(alpha, kept[:, :1])
    np.testing.assert_array_equal(first, kept)


def test_sizes_may_change_from_run_to_run(name: str, tmp_path: Path) -> None:
    with open_engine(name, model(tmp_path, RED)) as engine:
        for width, height in ((32, 64), (64, 32), (32, 96), (64, 32), (32, 32)):
            frame = tensor(width, height)
            np.testing.assert_array_equal(engine.run({"frame": frame})["alpha"], frame[:, :1])
        if isinstance(engine, OpenvinoEngine):
            assert list(engine._compiled) == [((1, 3, 32, 64),), ((1, 3, 32, 32),)], "the two used last, not made last"
            assert len(engine._compiled) == KEPT_SIZES


def test_reset_changes_nothing_for_a_network_that_keeps_nothing(name: str, tmp_path: Path) -> None:
    with open_engine(name, model(tmp_path, SMALL)) as engine:
        before = engine.run({"frame": tensor()})["alpha"]
        engine.reset()
        np.testing.assert_array_equal(engine.run({"frame": tensor()})["alpha"], before)


def test_all_engines_agree(tmp_path: Path) -> None:
    spec = model(tmp_path, SMALL)
    engines: list[Engine] = [open_engine(name, spec) for name in CPU_ENGINES if importlib.util.find_spec(name)]
    for width, height in ((64, 32), (320, 192)):
        alphas = [engine.run({"frame": tensor(width, height)})["alpha"] for engine in engines]
        assert np.ptp(alphas[0]) > 0.1, "not a constant"
        for alpha in alphas[1:]:
            np.testing.assert_allclose(alpha, alphas[0], atol=1e-4)
    for engine in engines:
        engine.close()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "inputs"),
        ({"image": tensor()}, "image"),
        ({"frame": tensor(), "more": tensor()}, "more"),
        ({"frame": tensor()[0]}, "3x32x64"),
        ({"frame": tensor()[:, :2]}, "1x2x32x64"),
        ({"frame": np.concatenate([tensor()] * 2)}, "2x3x32x64"),
        ({"frame": tensor().astype(np.float64)}, "float64"),
    ],
)
def test_wrong_inputs_are_refused_and_the_next_run_works(
    name: str, tmp_path: Path, inputs: dict[str, np.ndarray], words: str
) -> None:
    with open_engine(name, model(tmp_path, RED)) as engine:
        with pytest.raises(EngineError, match=words):
            engine.run(inputs)
        np.testing.assert_array_equal(engine.run({"frame": tensor()})["alpha"], tensor()[:, :1])


def test_a_failure_inside_the_library_is_an_engine_error_with_its_cause(name: str, tmp_path: Path) -> None:
    # The sizes that may be added are only known when it runs.
    spec = model(tmp_path, "w = Gather<axis=1>(other, zero) alpha = Add(frame, w)",
                 inputs="float[1,1,H,W] frame, float[1,3,X,Y] other")  # fmt: skip
    with open_engine(name, spec) as engine:
        with pytest.raises(EngineError, match="failed while running") as caught:
            engine.run({"frame": tensor()[:, :1], "other": tensor(96, 96)})
        assert caught.value.__cause__ is not None


def test_closing_twice_is_once_and_a_closed_engine_says_so(name: str, tmp_path: Path) -> None:
    engine = open_engine(name, model(tmp_path, RED))
    engine.run({"frame": tensor()})
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({"frame": tensor()})
    with open_engine(name, model(tmp_path, RED)) as engine:
        pass
    with pytest.raises(EngineError, match="closed"):
        engine.run({"frame": tensor()})


@pytest.mark.parametrize(("field", "has"), [("input", "frame"), ("output", "alpha")])
def test_a_network_other_than_its_description_is_refused_on_opening(
    name: str, tmp_path: Path, field: str, has: str
) -> None:
    with pytest.raises(EngineError, match=f"no {field} 'wrong'; it has {has}"):
        open_engine(name, model(tmp_path, RED, **{field: "wrong"}))


def test_a_file_that_is_no_network_is_refused_with_the_librarys_words(name: str, tmp_path: Path) -> None:
    spec = model(tmp_path, RED)
    spec.path.write_bytes(b"no network")
    with pytest.raises(EngineError, match=r"cannot load .*model\.onnx") as caught:
        open_engine(name, spec)
    assert caught.value.__cause__ is not None


def test_threads_reach_the_library(name: str, tmp_path: Path) -> None:
    with open_engine(name, model(tmp_path, RED), threads=1) as engine:
        engine.run({"frame": tensor()})
        if isinstance(engine, OpenvinoEngine):
            network = engine._compiled[((1, 3, 32, 64),)].get_compiled_model()
            assert network.get_property("INFERENCE_NUM_THREADS") == 1
            assert network.get_property("INFERENCE_PRECISION_HINT").get_type_name() == "f32"
        else:
            assert isinstance(engine, OnnxEngine)
            assert engine._session.get_session_options().intra_op_num_threads == 1
        assert engine.device == "CPU (1 thread)"
    with pytest.raises(EngineError, match="0 threads"):
        open_engine(name, model(tmp_path, RED), threads=0)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (64, 4)])
def test_a_core_is_left_for_the_call(monkeypatch: pytest.MonkeyPatch, cores: int, threads: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert default_threads() == threads


def test_auto_takes_the_first_that_works_and_says_why_not_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spec = model(tmp_path, RED)
    with open_engine("auto", spec) as engine:
        assert engine.name == next(name for name in CPU_ENGINES if importlib.util.find_spec(name))
    with monkeypatch.context() as patch, caplog.at_level(logging.INFO):
        patch.setitem(sys.modules, "openvino", None)  # what Python itself does for a missing module
        with pytest.raises(EngineError, match="openvino") as caught:
            open_engine("openvino", spec)
        assert caught.value.hint == 'pip install "humanseg[openvino]"'
        with open_engine("auto", spec) as engine:
            assert engine.name == "onnxruntime"
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING], (
            "not installed is no news"
        )
        patch.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(EngineError) as caught:
            open_engine("auto", spec)
        for words in ("openvino: ", "onnxruntime: ", "humanseg[openvino]"):
            assert words in caught.value.hint
    assert "openvino_telemetry" not in sys.modules or sys.modules["openvino_telemetry"] is not None


def test_an_unknown_engine_is_named_with_the_nearest_right_one(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        open_engine("openvin", model(tmp_path, RED))
    assert "Did you mean openvino?" in caught.value.hint
    with pytest.raises(EngineError) as caught:
        open_engine("tpu", model(tmp_path, RED))
    assert ", ".join(NAMES) in caught.value.hint


def test_the_order_names_engines_that_there_are() -> None:
    assert set(AUTO_ORDER) < set(NAMES)
    assert set(CPU_ENGINES) | set(GPU_ENGINES) | {"auto", "openvino-npu"} == set(NAMES)
    assert AUTO_ORDER[-2:] == CPU_ENGINES, "the CPU comes last"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in (*CPU_ENGINES, "auto")])
def test_an_engine_without_its_device_says_what_is_missing_and_what_helps(name: str, tmp_path: Path) -> None:
    """On a machine without GPU or NPU every one of them; elsewhere those that it has are passed by."""
    try:
        open_engine(name, model(tmp_path, RED)).close()
    except EngineError as error:
        caught = error
    else:
        pytest.skip(f"{name} runs here")
    assert isinstance(caught, UnavailableError), caught
    assert caught.problem.endswith(".")
    assert caught.hint


def test_an_onnxruntime_that_cannot_use_its_gpu_is_not_taken_for_one_that_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on with the CPU then, quietly."""
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("it may be able to")
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"), pytest.raises(UnavailableError, match="cannot use"):
        OnnxEngine(model(tmp_path, RED), 1, "onnxruntime-cuda")


def test_a_gpu_that_is_required_is_not_replaced_by_the_cpu(tmp_path: Path) -> None:
    spec = model(tmp_path, RED)
    with pytest.raises(EngineError, match="openvino does not run on a GPU"):
        open_engine("openvino", spec, require_gpu=True)
    try:
        open_engine("auto", spec, require_gpu=True).close()
    except EngineError as error:
        caught = error
    else:
        pytest.skip("there is a GPU")
    assert [name in GPU_ENGINES for name in AUTO_ORDER] == [f"{name}: " in caught.hint for name in AUTO_ORDER]


WATCHED = """
import sys
seen = []
names = ("socket.", "subprocess.", "os.fork", "os.posix_spawn", "os.system", "urllib.", "http.")
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith(names) else None)
from pathlib import Path
import numpy as np
from humanseg.engines import open_engine
from humanseg.models import find_model
with open_engine(sys.argv[1], find_model(Path(sys.argv[2]))) as engine:
    engine.run({"frame": np.zeros((1, 3, 32, 64), np.float32)})
seen += [name for name in sys.modules if name.startswith("openvino_telemetry.")]
print(seen)
"""


def test_no_library_reports_to_its_maker(name: str, tmp_path: Path) -> None:
    """Both report by default: a device id in the user's home, and events over the network."""
    spec = model(tmp_path / "model", RED)
    fields = {field: getattr(spec, field) for field in ("name", "file", "sha256", "input", "output")}
    lines = [f'{field} = "{value}"' for field, value in fields.items()]
    lines += ["format = 1", "pixels = 1024", "multiple = 32", "mean = [0, 0, 0]", "std = [1, 1, 1]"]
    (tmp_path / "model" / "model.toml").write_text("\n".join(lines))
    home = tmp_path / "home"
    home.mkdir()
    # Not the environment of this process: some of these libraries are silent where they see a build server.
    words = {"HOME": str(home), "USERPROFILE": str(home), "PATH": os.environ.get("PATH", "")}
    words |= {key: os.environ[key] for key in ("SYSTEMROOT", "PYTHONPATH") if key in os.environ}
    command = [sys.executable, "-c", WATCHED, name, str(tmp_path / "model")]
    done = subprocess.run(command, env=words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
    assert {path.suffix for path in home.rglob("*") if path.is_file()} <= {".plan"}, "only what was compiled is kept"


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from humanseg.engines import open_engine
from humanseg.models import find_model
model = find_model(Path(sys.argv[2]))
engines = [open_engine(sys.argv[1], model) for _ in range(3)]
for engine in engines:
    engine.close()
del engine, engines
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
os.kill(os.getpid(), signal.SIGINT)
print(len(heard))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
@pytest.mark.parametrize("name", CPU_ENGINES)
def test_ctrl_c_is_heard_after_engines_that_overlapped_are_closed(name: str, red_model: Path) -> None:
    """OpenVINO changes where the process handles signals, and takes the place away with the first engine closed."""
    command = [sys.executable, "-c", INTERRUPTED, name, str(red_model)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr

"""Behind "auto": whatever fails, and whenever, the next frame has its alpha and the user is told once."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from humanseg.engines.engine import Engine, UnavailableError
from humanseg.engines.onnx import OnnxEngine
from humanseg.engines.relay import RelayEngine
from humanseg.engines.tensorrt import TensorrtEngine
from humanseg.errors import EngineError
from humanseg.matting import open_matter
from humanseg.models import ModelSpec


def tensor(seed: int = 0, width: int = 64, height: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, height, width), np.float32)


class Failing:
    """An engine that computes nothing and fails when it is told to."""

    name, device = "failing", "nowhere"

    def __init__(self, at: int, error: Exception | float) -> None:
        self.frame, self.at, self.error, self.closed = 0, at, error, 0

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.frame += 1
        alpha = inputs["frame"][:, :1].copy()
        if self.frame >= self.at:
            if isinstance(self.error, Exception):
                raise self.error
            alpha[0, 0, 3, 3] = self.error
        return {"alpha": alpha}

    def reset(self) -> None: ...

    def close(self) -> None:
        self.closed += 1
        raise RuntimeError("it was broken")

    def __enter__(self) -> "Failing":
        return self

    def __exit__(self, *error: object) -> None: ...


def relay(engines: Mapping[str, Callable[[], Any]], notices: list[str] | None = None) -> RelayEngine:
    told = notices.append if notices is not None else None
    return RelayEngine("test", list(engines), lambda name: engines[name](), on_notice=told)


def check(opened: Engine, seed: int, **size: int) -> None:
    frame = tensor(seed, **size)
    np.testing.assert_allclose(opened.run({"frame": frame})["alpha"], frame[:, :1], atol=1e-3)


@pytest.mark.parametrize("frame", [1, 2, 1000])
@pytest.mark.parametrize(
    "error", [EngineError("device lost"), RuntimeError("a bug"), float("nan"), float("inf")], ids=repr
)
def test_the_frame_at_which_an_engine_fails_comes_from_the_next(
    red: ModelSpec, frame: int, error: Exception | float
) -> None:
    notices: list[str] = []
    failing = Failing(frame, error)
    with relay({"failing": lambda: failing, "onnxruntime": lambda: OnnxEngine(red, 1)}, notices) as opened:
        for seed in range(1, frame):
            check(opened, seed % 5)
            assert (opened.name, notices) == ("failing", [])
        for seed in range(3):
            check(opened, seed)
        assert (opened.name, opened.device) == ("onnxruntime", "CPU (1 thread)")
        assert failing.closed == 1
    assert len(notices) == 1, "told once"
    assert "failing failed, onnxruntime goes on: " in notices[0]
    assert [name for name, _ in opened.choice.passed_over] == ["failing"]


def test_a_matter_passes_on_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing(2, EngineError("device lost"))
    monkeypatch.setattr("humanseg.engines.engine.AUTO_ORDER", ("openvino-npu", "onnxruntime"))
    monkeypatch.setattr("humanseg.engines.openvino.OpenvinoEngine", lambda *wanted: failing)
    notices: list[str] = []
    rgb = np.zeros((60, 80, 3), np.uint8)
    with open_matter(threads=1, on_notice=notices.append) as matter:
        matter.alpha(rgb)
        matter.alpha(rgb)
        assert (matter.engine.name, len(notices)) == ("onnxruntime", 1)
    with pytest.raises(EngineError, match="openvino does not run on a GPU"):
        open_matter(engine="openvino", require_gpu=True)


def test_where_the_last_one_fails_that_is_an_error_with_all_reasons() -> None:
    def missing() -> Engine:
        raise UnavailableError("It is not installed.", "Install it.")

    opened = relay({"missing": missing, "failing": lambda: Failing(2, EngineError("device lost"))})
    check(opened, 0)
    with pytest.raises(EngineError, match="No engine can run the model test") as caught:
        opened.run({"frame": tensor()})
    assert caught.value.hint == "missing: It is not installed. Install it.\nfailing: device lost"
    with pytest.raises(EngineError, match="No engine"):
        relay({"missing": missing})


def test_wrong_inputs_are_the_callers_fault_and_cost_no_engine(red: ModelSpec) -> None:
    with relay({"onnxruntime": lambda: OnnxEngine(red, 1)}) as opened:
        with pytest.raises(EngineError, match="onnxruntime was given the inputs"):
            opened.run({"picture": tensor()})
        check(opened, 1)
        assert opened.choice.passed_over == ()


def gpu_engine(gpu: Any, red: ModelSpec) -> TensorrtEngine:
    return TensorrtEngine(red, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)


def run_until(opened: RelayEngine, done: Callable[[], bool]) -> int:
    """Frames until something is so; every one of them is right."""
    for seed in range(2000):
        if done():
            return seed
        check(opened, seed)
        if opened._build._thread is not None:
            opened._build._thread.join(0.01)
    raise AssertionError("it never came to that")


def test_the_cpu_keeps_the_picture_while_the_gpu_engine_is_built_and_the_swap_is_between_frames(
    gpu: Any, red: ModelSpec
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def step(number: int) -> None:
        started.set()
        assert go_on.wait(10)

    gpu.trt.on_step = step
    notices: list[str] = []
    engines = {"tensorrt": lambda: gpu_engine(gpu, red), "onnxruntime": lambda: OnnxEngine(red, 1)}
    with relay(engines, notices) as opened:
        for seed in range(5):
            check(opened, seed)
            assert opened.name == "onnxruntime"
        assert started.wait(10)
        assert opened.choice.building == "tensorrt"
        assert "tensorrt is built" in str(opened.choice)
        assert notices == []
        go_on.set()
        run_until(opened, lambda: opened.name == "tensorrt")
        assert notices == ["Now running on Fake 9000 (TensorRT for RTX 1.7.1.116, FP16)."]
        assert opened.choice.building is None
        before = gpu.trt.runs
        check(opened, 7)
        assert gpu.trt.runs == before + 1
        # Another size: the CPU again until that is built too, and back.
        check(opened, 8, width=32, height=64)
        assert opened.name == "onnxruntime"
        for seed in range(200):
            check(opened, seed, width=32, height=64)
            if opened._build._thread is not None:
                opened._build._thread.join(0.05)
        assert opened.name == "tensorrt"
        check(opened, 9)
        assert opened.name == "tensorrt", "the first size is kept"


@pytest.mark.parametrize("fault", ["build", "load", "first frame", "disagrees", "nan", "graph"])
def test_a_gpu_engine_that_cannot_be_used_is_told_once_and_the_cpu_stays(
    gpu: Any, red: ModelSpec, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.trt.fails_at_build = fault == "build"
    gpu.trt.fails_at_load = fault == "load"
    gpu.trt.fails_at_run = 1 if fault == "first frame" else None
    gpu.trt.distort = {"disagrees": 0.9, "nan": float("nan")}.get(fault)
    if fault == "graph":
        monkeypatch.setattr("humanseg.engines.graphs.network.halve", lambda network: 1 / 0)
    notices: list[str] = []
    engines = {"tensorrt": lambda: gpu_engine(gpu, red), "onnxruntime": lambda: OnnxEngine(red, 1)}
    with relay(engines, notices) as opened, caplog.at_level(logging.WARNING):
        run_until(opened, lambda: bool(opened.choice.passed_over))
        for seed in range(5):
            check(opened, seed)
        assert opened.name == "onnxruntime"
        assert opened.choice.building is None
    assert len(notices) == 1
    assert notices[0].startswith("The engine tensorrt cannot be used, onnxruntime stays: ")


def test_a_gpu_that_is_lost_in_the_middle_costs_no_frame(gpu: Any, red: ModelSpec) -> None:
    notices: list[str] = []
    engines = {"tensorrt": lambda: gpu_engine(gpu, red), "onnxruntime": lambda: OnnxEngine(red, 1)}
    with relay(engines, notices) as opened:
        run_until(opened, lambda: opened.name == "tensorrt")
        for seed in range(20):
            check(opened, seed)
        gpu.trt.fails_at_run = gpu.trt.runs + 3
        for seed in range(20):
            check(opened, seed)
        assert opened.name == "onnxruntime"
    assert len(notices) == 2
    assert notices[1].startswith("The engine tensorrt failed, onnxruntime goes on: ")


def test_closing_gives_up_a_build_and_leaves_no_thread(gpu: Any, red: ModelSpec) -> None:
    started, go_on = threading.Event(), threading.Event()

    def step(number: int) -> None:
        started.set()
        go_on.wait(10)

    gpu.trt.on_step = step
    opened = relay({"tensorrt": lambda: gpu_engine(gpu, red), "onnxruntime": lambda: OnnxEngine(red, 1)})
    check(opened, 0)
    assert started.wait(10)
    opened._build._cancelled.set()
    go_on.set()
    opened.close()
    opened.close()
    assert "humanseg-engine-build" not in [thread.name for thread in threading.enumerate()]
    assert list(gpu.cache.folder.glob("*.plan")) == []
    with pytest.raises(EngineError, match="closed"):
        opened.run({"frame": tensor()})


def test_where_the_stand_in_fails_too_the_frame_waits_for_the_build(gpu: Any, red: ModelSpec) -> None:
    started, failed = threading.Event(), threading.Event()

    def step(number: int) -> None:
        started.set()
        assert failed.wait(10)
        threading.Event().wait(0.01)  # so that whoever does not wait for this is there before it ends

    class Standing(Failing):
        def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            if self.frame == 1:
                failed.set()
            return super().run(inputs)

    gpu.trt.on_step = step
    with relay({"tensorrt": lambda: gpu_engine(gpu, red), "failing": lambda: Standing(2, EngineError("no"))}) as opened:
        check(opened, 0)
        assert started.wait(10)
        check(opened, 1)
        assert opened.name == "tensorrt"
        assert gpu.trt.builds == 1
        assert len(opened._built._sessions) == 1  # type: ignore[union-attr]


def test_where_only_the_gpu_will_do_the_first_frame_waits_for_it(gpu: Any, red: ModelSpec) -> None:
    with relay({"tensorrt": lambda: gpu_engine(gpu, red)}) as opened:
        check(opened, 0)
        assert (opened.name, opened.choice.building) == ("tensorrt", None)
        gpu.trt.fails_at_run = gpu.trt.runs + 1
        with pytest.raises(EngineError, match="No engine can run"):
            opened.run({"frame": tensor()})

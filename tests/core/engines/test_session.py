"""A session from end to end on a GPU that is as strict as the real one, with true pixels."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from humanseg.engines.tensorrt.build import build_plan
from humanseg.engines.tensorrt.library import Library
from humanseg.engines.tensorrt.session import Session
from humanseg.errors import EngineError


def session(gpu: Any, **more: Any) -> Session:
    plan = build_plan(gpu.SUM, gpu.library, capability=(8, 9))
    return Session(gpu.library, gpu.cuda, plan, carried={"after": "before"}, resident=["scene"], **more)


def step(open_session: Session, value: float) -> float:
    open_session.inputs["x"][:] = value
    open_session.run()
    return float(open_session.outputs["y"][0, 0])


@pytest.mark.parametrize("captured", [True, False])
def test_frames_run_state_is_carried_and_a_resident_input_stays(gpu: Any, captured: bool) -> None:
    gpu.trt.capturable = captured
    opened = session(gpu)
    assert opened.captured is captured
    assert (set(opened.inputs), set(opened.outputs)) == ({"x", "scene"}, {"y"}), "the state never leaves the GPU"
    assert [step(opened, value) for value in (1, 2, 4)] == [1, 3, 7]
    opened.put("scene", np.full(4, 100, np.uint8))
    opened.inputs["scene"][:] = 200  # not put: must not arrive
    assert step(opened, 1) == 108
    opened.reset()
    assert step(opened, 5) == 105
    with pytest.raises(ValueError, match="scene is uint8"):
        opened.put("scene", np.zeros(4, np.float32))
    launches = gpu.runtime.calls.count("cudaGraphLaunch")
    assert launches == (5 if captured else 0), "one launch a frame, and nothing else enqueued"
    opened.close()
    opened.close()
    with pytest.raises(EngineError, match="closed"):
        opened.run()


@pytest.mark.parametrize(
    "fault", ["cudaStreamBeginCapture", "cudaStreamEndCapture", "cudaGraphInstantiate", "cudaGraphUpload", "library"]
)
def test_what_cannot_be_captured_is_enqueued_step_by_step(gpu: Any, fault: str) -> None:
    if fault == "library":
        gpu.trt.fails_under_capture = True
    else:
        gpu.runtime.failing[fault] = 900
    opened = session(gpu)
    assert not opened.captured
    assert [step(opened, value) for value in (1, 2)] == [1, 3]
    opened.close()


@pytest.mark.parametrize("plan", [b"", b"garbage", b"plan 1.0.0.0          "])
def test_a_plan_that_does_not_load_is_an_error_with_the_librarys_words(gpu: Any, plan: bytes) -> None:
    with pytest.raises(EngineError, match="cannot load a plan: Version tag does not match"):
        Session(gpu.library, gpu.cuda, plan)


@pytest.mark.parametrize("fault", ["cudaMalloc", "cudaHostAlloc", "cudaStreamCreateWithFlags", "cudaEventSynchronize"])
def test_a_gpu_that_refuses_on_opening_is_an_error_and_leaves_nothing_behind(gpu: Any, fault: str) -> None:
    gpu.runtime.failing[fault] = 2
    with pytest.raises(EngineError, match=rf"{fault} failed on the GPU: error 2"):
        session(gpu)


def test_a_gpu_that_is_lost_is_an_error_and_can_still_be_closed(gpu: Any) -> None:
    gpu.trt.fails_at_run = 4
    opened = session(gpu)
    assert step(opened, 1) == 1
    assert step(opened, 1) == 2
    with pytest.raises(EngineError, match="failed on the GPU"):
        [step(opened, 1) for _ in range(2)]
    opened.close()


def test_what_was_compiled_for_the_gpu_is_given_and_taken_again(gpu: Any) -> None:
    first = session(gpu)
    compiled = first.compiled()
    first.close()
    session(gpu, compiled=compiled).close()
    assert gpu.trt.compiled_loaded == 1
    session(gpu, compiled=b"of another version").close()
    assert gpu.trt.compiled_loaded == 1


def test_tensorrt_itself_needs_none_of_what_only_the_other_has(gpu: Any) -> None:
    gpu.trt.__name__, gpu.trt.__version__ = "tensorrt", "10.13.0.35"
    gpu.trt.BuilderFlag = SimpleNamespace(TF32=6)
    gpu.trt.ComputeCapability = None
    gpu.library = Library("tensorrt", "10.13.0.35", gpu.trt)
    opened = session(gpu)
    assert (step(opened, 3), opened.compiled()) == (3, None)
    opened.close()

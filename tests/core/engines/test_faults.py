"""Whatever fails on the GPU, and whenever: the picture goes on, never with the room in it, and it is told once."""

import errno
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest

from humanseg.compositing import Compositor, parse_background
from humanseg.engines.onnx import OnnxEngine
from humanseg.engines.plan_cache import PlanCache
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.frames import Frame, StreamInfo
from humanseg.matting import Matter, MattingOptions
from humanseg.models import ModelSpec
from humanseg.pipeline import Pipeline
from humanseg.pipeline.gpu_frames import GpuFrames
from humanseg.pipeline.gpu_turns import BESIDE
from humanseg.sinks.collect import CollectSink

SIZE = (64, 32)
OPTIONS = MattingOptions(refine=False, smoothing=0)
COMPOSITOR = Compositor(parse_background("#00b140"), decontaminate=False)
GREEN = (0, 177, 64)


class Room:
    """Frames with somebody red on the right, and a room on the left of which nothing may be seen."""

    def __init__(self, count: int) -> None:
        self.info = StreamInfo(
            width=SIZE[0], height=SIZE[1], rate=Fraction(30), time_base=Fraction(1, 30), frames=count
        )

    def __iter__(self) -> Iterator[Frame]:
        random = np.random.default_rng(0)
        for index in range(self.info.frames or 0):
            rgb = random.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
            rgb[:, :32, 0], rgb[:, 32:, 0] = 0, 255
            yield Frame(rgb=rgb, index=index, time=Fraction(index, 30))

    def close(self) -> None: ...


def shown(model: ModelSpec, whole: GpuFrames, count: int) -> list[Frame]:
    """The run, in which nothing of the room is seen and no frame is missing."""
    sink = CollectSink()
    with Matter(model, OnnxEngine(model, 1), OPTIONS) as matter:
        whole._matter = matter
        Pipeline(Room(count), matter, COMPOSITOR, [sink], on_fault="slate", whole=whole).run()
    assert [frame.index for frame in sink.frames] == list(range(count))
    for frame, before in zip(sink.frames, Room(count), strict=True):
        assert np.abs(frame.rgb[:, :28].astype(int) - GREEN).max() <= 2, f"the room at {frame.index}"
        assert np.abs(frame.rgb[:, 36:].astype(int) - before.rgb[:, 36:]).max() <= 2, "not a slate either"
    return sink.frames


@pytest.fixture
def whole(gpu: Any, red: ModelSpec) -> Iterator[tuple[Callable[[], GpuFrames], list[str]]]:
    """Makes whole frames on the fake GPU; and what was told."""
    notices: list[str] = []
    made: list[GpuFrames] = []
    opener = partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)

    def make() -> GpuFrames:
        made.append(GpuFrames(Matter(red, OnnxEngine(red, 1), OPTIONS), opener, on_notice=notices.append))
        return made[-1]

    yield make, notices
    for one in made:
        one.close()


@pytest.mark.parametrize("fault", ["build", "load", "memory", "first frame", "frame 1000", "lost at frame 1000"])
def test_after_a_fault_the_cpu_goes_on_and_it_is_told_once(
    gpu: Any, red: ModelSpec, whole: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, notices = whole
    gpu.trt.fails_at_build, gpu.trt.fails_at_load = fault == "build", fault == "load"
    if fault == "memory":
        gpu.runtime.failing["cudaMalloc"] = 2
    frames = make()
    frames.prepare(SIZE, COMPOSITOR)
    count, at = 30, gpu.trt.runs + 1
    if "1000" in fault:
        count, at = 1010, gpu.trt.runs + 1000
    if fault == "lost at frame 1000":
        launches = iter(range(at))
        launch = gpu.cuda.launch

        def lose(*arguments: Any) -> None:
            gpu.runtime.lost |= next(launches, None) is None
            launch(*arguments)

        monkeypatch.setattr(gpu.cuda, "launch", lose)
    elif "frame" in fault:
        gpu.trt.fails_at_run = at
    shown(red, frames, count)
    told = [notice for notice in notices if notice.startswith("The GPU does no whole frames, the CPU goes on: ")]
    assert len(told) == 1
    assert len(notices) == 1 + ("1000" in fault), "and that it ran, if it did"


@pytest.mark.parametrize("fault", ["corrupt", "empty", "version", "full"])
def test_a_cache_in_bad_order_costs_a_build_and_is_not_told(
    gpu: Any, red: ModelSpec, whole: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, notices = whole
    if fault == "full":

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
    first = make()
    first.prepare(SIZE, COMPOSITOR)
    first.close()
    for path in gpu.cache.folder.glob("*.plan"):
        if fault in ("corrupt", "empty"):
            path.write_bytes(b"" if fault == "empty" else path.read_bytes()[:-1] + b"\0")
    if fault == "version":
        gpu.trt.__version__ = "1.7.2.1"  # another library under the name of the same
    frames = make()
    frames.prepare(SIZE, COMPOSITOR)
    shown(red, frames, 5)
    assert gpu.trt.builds == 2
    assert notices == ["Whole frames now run on Fake 9000 (TensorRT for RTX 1.7.1.116, FP16)."]


def test_while_another_process_builds_the_same_the_cpu_gives_the_picture(
    gpu: Any, red: ModelSpec, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, notices = whole
    keys: list[Any] = []
    held = PlanCache.held

    def noted(self: PlanCache, key: Any, cancelled: Any = None) -> Any:
        keys.append(key)
        return held(self, key, cancelled)

    monkeypatch.setattr(PlanCache, "held", noted)
    first = make()
    first.prepare(SIZE, COMPOSITOR)
    first.close()
    frames = make()
    with PlanCache(gpu.cache.folder).held(keys[0]):  # as a process of its own does
        shown(red, frames, 30)
        assert notices == []
    assert frames._build is not None
    frames._build.wait(10)
    shown(red, frames, BESIDE + 5)
    assert notices == ["Whole frames now run on Fake 9000 (TensorRT for RTX 1.7.1.116, FP16)."]
    assert gpu.trt.builds == 1

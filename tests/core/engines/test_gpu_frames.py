"""Whole frames beside the CPU path: who makes a frame changes, its pixels hardly do, and none is lost."""

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.image import ImageBackground
from humanseg.engines.onnx import OnnxEngine
from humanseg.engines.relay import RelayEngine
from humanseg.engines.tensorrt import TensorrtEngine
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.frames import Frame, Matte
from humanseg.matting import Matter, open_matter
from humanseg.matting.options import MattingOptions
from humanseg.models import ModelSpec, find_model
from humanseg.pipeline import Pipeline
from humanseg.pipeline.gpu_frames import GpuFrames, open_gpu_frames
from humanseg.pipeline.gpu_turns import BESIDE
from humanseg.sinks.collect import CollectSink
from humanseg.sources.demo import DemoSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from humanseg.engines import Engine

SIZE = (160, 96)


@pytest.fixture
def matter() -> Any:
    # Without memory, so that a frame has one right answer whoever made the frame before.
    with open_matter(
        find_model().full_precision, "onnxruntime", threads=1, options=MattingOptions(smoothing=0)
    ) as opened:
        yield opened


@pytest.fixture
def opener(gpu: Any) -> Any:
    return partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)


def shown() -> list[Frame]:
    return list(DemoSource(size=SIZE, seconds=0.2))


def until_taken(whole: GpuFrames, frame: Frame, compositor: Compositor) -> Frame:
    """The first composite of the GPU."""
    for _ in range(500):
        done = whole.composite(frame, compositor)
        if done is not None:
            return done
        assert not whole._given_up
        if whole._build is not None:
            whole._build.wait(0.02)
    raise AssertionError("it never took over")


def assert_right(done: Frame | None, frame: Frame, compositor: Compositor, matter: Matter) -> None:
    assert done is not None
    expected = compositor.composite(frame, matter.matte(frame)).rgb
    assert np.mean(np.abs(done.rgb.astype(np.int16) - expected) > 2) < 0.001
    assert (done.index, done.time, done.duration, done.born) == (frame.index, frame.time, frame.duration, frame.born)
    assert not done.rgb.flags.writeable


def test_it_takes_over_when_it_is_built_and_every_pixel_is_right(gpu: Any, opener: Any, matter: Matter) -> None:
    go_on = threading.Event()
    gpu.trt.on_step = lambda step: go_on.wait(10)
    notices: list[str] = []
    whole = GpuFrames(matter, opener, on_notice=notices.append)
    compositor = Compositor(parse_background("blur"))
    frames = shown()
    assert [whole.composite(frame, compositor) for frame in frames] == [None] * len(frames)
    go_on.set()
    until_taken(whole, frames[0], compositor)
    for frame in frames:
        assert_right(whole.composite(frame, compositor), frame, compositor, matter)
    assert notices == ["Whole frames now run on Fake 9000 (TensorRT for RTX 1.7.1.116, FP16)."]
    whole.reset()
    whole.close()
    whole.close()
    assert whole.composite(frames[0], compositor) is None


def test_another_background_is_taken_at_once_and_another_kind_is_built(gpu: Any, opener: Any, matter: Matter) -> None:
    whole = GpuFrames(matter, opener)
    frame = shown()[0]
    for words in ("#00b140", "#b10000"):
        compositor = Compositor(parse_background(words))
        assert_right(until_taken(whole, frame, compositor), frame, compositor, matter)
    compositor = Compositor(ImageBackground(np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8)))
    assert_right(whole.composite(frame, compositor), frame, compositor, matter)
    assert gpu.trt.builds == 1
    blur = Compositor(parse_background("blur"))
    assert whole.composite(frame, blur) is None
    assert_right(until_taken(whole, frame, blur), frame, blur, matter)
    assert gpu.trt.builds == 2
    whole.close()


def test_what_the_graph_does_not_know_is_the_cpus(gpu: Any, opener: Any, matter: Matter) -> None:
    whole = GpuFrames(matter, opener)
    frame = shown()[0]
    compositor = Compositor(parse_background("#00b140"))
    until_taken(whole, frame, compositor)
    matter.options = MattingOptions(smoothing=0, feather=0.02)
    assert whole.composite(frame, compositor) is None
    assert whole.composite(frame, object()) is None
    matter.options = MattingOptions(smoothing=0)
    assert [whole.composite(frame, compositor) for _ in range(BESIDE)] == [None] * BESIDE, "it catches up first"
    assert_right(whole.composite(frame, compositor), frame, compositor, matter)
    assert gpu.trt.builds == 1, "the engine was kept meanwhile"
    whole.close()


@pytest.mark.parametrize("fault", ["build", "load", "disagrees", "lost"])
def test_a_gpu_that_fails_is_given_up_and_told_once_and_the_frame_is_the_cpus(
    gpu: Any, opener: Any, matter: Matter, fault: str
) -> None:
    notices: list[str] = []
    whole = GpuFrames(matter, opener, on_notice=notices.append)
    frame, compositor = shown()[0], Compositor(parse_background("#00b140"))
    gpu.trt.fails_at_build, gpu.trt.fails_at_load = fault == "build", fault == "load"
    gpu.trt.distort = 0.9 if fault == "disagrees" else None
    if fault == "lost":
        until_taken(whole, frame, compositor)
        notices.clear()
        gpu.trt.fails_at_run = gpu.trt.runs + 1
        done = [whole.composite(frame, compositor) for _ in range(5)]
        assert done[-4:] == [None] * 4, "the real one may tell of it one call later"
    else:
        for _ in range(500):
            assert whole.composite(frame, compositor) is None
            if whole._given_up:
                break
            if whole._build is not None:
                whole._build.wait(0.02)
        assert whole.composite(frame, compositor) is None
    assert len(notices) == 1
    assert notices[0].startswith("The GPU does no whole frames, the CPU goes on: ")
    whole.close()


def test_moving_a_slider_during_a_build_never_stops_the_picture(gpu: Any, opener: Any, matter: Matter) -> None:
    started, go_on = threading.Event(), threading.Event()

    def step(number: int) -> None:
        started.set()
        go_on.wait(10)

    gpu.trt.on_step = step
    whole = GpuFrames(matter, opener)
    frame = shown()[0]
    assert whole.composite(frame, Compositor(parse_background("blur:0.1"))) is None
    assert started.wait(10)
    compositor = Compositor(parse_background("blur:0.2"))
    assert whole.composite(frame, compositor) is None, "although the first build is still under way"
    go_on.set()
    assert_right(until_taken(whole, frame, compositor), frame, compositor, matter)
    whole.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "humanseg-frame-build"]


def test_a_pipeline_asks_it_first_and_keeps_the_order() -> None:
    class EverySecond:
        def __init__(self) -> None:
            self.resets = 0

        def composite(self, frame: Frame, compositor: object) -> Frame | None:
            rgb = np.full_like(frame.rgb, 7)
            return Frame(rgb=rgb, index=frame.index, time=frame.time) if frame.index % 2 else None

        def reset(self) -> None:
            self.resets += 1

    class Plain:
        def reset(self) -> None: ...

        def matte(self, frame: Frame) -> Matte:
            return Matte(alpha=np.zeros(frame.rgb.shape[:2], np.float32))

    whole, sink = EverySecond(), CollectSink()
    source = DemoSource(size=SIZE, seconds=0.3)
    Pipeline(source, Plain(), Compositor(parse_background("#090909")), [sink], whole=whole).run()
    assert [(frame.index, int(frame.rgb[0, 0, 0])) for frame in sink.frames] == [
        (index, 7 if index % 2 else 9) for index in range(9)
    ]
    assert whole.resets == 1


@pytest.mark.parametrize(("name", "whole"), [("onnxruntime", False), ("openvino", False), ("tensorrt", True)])
def test_whole_frames_go_with_the_engine(
    name: str, whole: bool, matter: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matter.engine, "name", name)
    assert (open_gpu_frames(matter) is not None) == whole


def test_while_the_engine_is_built_whole_frames_are_too(gpu: Any, red: ModelSpec) -> None:
    made: dict[str, Callable[[], Engine]] = {
        "tensorrt": lambda: TensorrtEngine(red, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache),
        "onnxruntime": lambda: OnnxEngine(red, 1),
    }
    with Matter(red, RelayEngine("red", list(made), lambda name: made[name]())) as matter:
        assert matter.engine.name == "onnxruntime"
        assert open_gpu_frames(matter) is not None
    with Matter(red, RelayEngine("red", ["onnxruntime"], lambda name: made[name]())) as matter:
        assert open_gpu_frames(matter) is None


@pytest.mark.parametrize("fault", ["NaN", "everybody", "room"])
def test_a_picture_that_could_show_the_room_is_never_given(
    gpu: Any, opener: Any, matter: Matter, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody sees a matte beside it, so it is refused here, and the CPU's turn it is."""
    notices: list[str] = []
    whole = GpuFrames(matter, opener, on_notice=notices.append)
    frames, compositor = shown(), Compositor(parse_background("#00b140"))
    until_taken(whole, frames[0], compositor)
    engine = whole._engine
    assert engine is not None
    session, launch = engine._session, engine._session.run

    def run_wrongly() -> None:
        launch()
        if fault == "room":
            session.outputs["composite"][...] = session.inputs["frame"]
        else:
            session.outputs["mean" if fault == "NaN" else "alpha"].fill(np.nan if fault == "NaN" else 255)

    monkeypatch.setattr(session, "run", run_wrongly)
    assert [whole.composite(frame, compositor) for frame in frames] == [None] * len(frames)
    words = {"NaN": "NaN", "everybody": "the whole frame for the person", "room": "shows the room"}[fault]
    assert len(notices) == 2
    assert words in notices[1]
    whole.close()


def test_nobody_sees_the_change_to_the_gpu(gpu: Any, opener: Any) -> None:
    """When it takes over it has seen what the CPU saw: with a smoothed matte, a fresh start would show."""
    frames = list(DemoSource(size=SIZE, seconds=1))
    compositor = Compositor(parse_background("#00b140"))
    fresh, apart = [], []
    with (
        open_matter(find_model().full_precision, "onnxruntime", threads=1) as matter,
        open_matter(find_model().full_precision, "onnxruntime", threads=1) as cpu,
        open_matter(find_model().full_precision, "onnxruntime", threads=1) as forgetful,
    ):
        whole = GpuFrames(matter, opener)
        changed = None
        for number, frame in enumerate(frames):
            done = whole.composite(frame, compositor)
            if whole._build is not None:
                whole._build.wait()
            if done is None:
                matter.matte(frame)
            elif changed is None:
                changed = number
            want = compositor.composite(frame, cpu.matte(frame)).rgb.astype(np.int16)
            forgetful.reset()
            fresh.append(np.mean(np.abs(compositor.composite(frame, forgetful.matte(frame)).rgb - want) > 2))
            apart.append(0.0 if done is None else float(np.mean(np.abs(done.rgb - want) > 2)))
        whole.close()
    assert changed == 1 + BESIDE
    assert max(apart) < 0.002
    assert fresh[changed] > 0.004, "else it says nothing"


def test_a_build_that_is_waited_for_gives_the_first_frame_and_can_be_stopped(
    gpu: Any, opener: Any, matter: Matter
) -> None:
    frame, compositor = shown()[0], Compositor(parse_background("#00b140"))
    wishes: list[threading.Event] = []

    def noting(*shape: Any, cancelled: threading.Event) -> FrameEngine:
        wishes.append(cancelled)
        engine: FrameEngine = opener(*shape, cancelled=cancelled)
        return engine

    whole = GpuFrames(matter, noting)
    whole.prepare(SIZE, compositor)
    assert_right(whole.composite(frame, compositor), frame, compositor, matter)
    stop = threading.Event()

    def step(number: int) -> None:
        stop.set()
        wishes[-1].wait(10)

    gpu.trt.on_step = step
    whole.prepare(SIZE, Compositor(parse_background("blur")), stop)
    assert whole.composite(frame, Compositor(parse_background("blur"))) is None
    whole.close()
    assert gpu.trt.builds == 2

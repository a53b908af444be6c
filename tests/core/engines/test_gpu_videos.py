"""Videos on the GPU: whole frames from the first one on, the same pictures, and none for looks that need the matte."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from humanseg.compositing import Compositor, parse_background
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.frames import Frame
from humanseg.matting import Matter, open_matter
from humanseg.models import find_model
from humanseg.pipeline.gpu_frames import GpuFrames
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
from humanseg.pipeline.whole_looks import WholeLook
from humanseg.sources.video_file import VideoFileSource

CUT = Segments(length=10, warm_up=3)


@pytest.fixture
def clip(media: Any) -> Path:
    return Path(media.clip(frames=25, size=(128, 96)))


@pytest.fixture
def on_gpu(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> list[GpuFrames]:
    """Every matter's whole frames are done on the fake GPU."""
    made: list[GpuFrames] = []
    opener = partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)

    def open_fake(matter: Matter, *, on_notice: Callable[[str], None] | None = None) -> GpuFrames:
        made.append(GpuFrames(matter, opener, on_notice=on_notice))
        return made[-1]

    monkeypatch.setattr("humanseg.pipeline.job_pipeline.open_gpu_frames", open_fake)
    return made


def pictures(path: Path) -> np.ndarray:
    source = VideoFileSource(path)
    try:
        return np.stack([frame.rgb for frame in source]).astype(np.int16)
    finally:
        source.close()


def make(clip: Path, name: str, **more: Any) -> Path:
    output = clip.with_name(name)
    with open_matter(find_model().full_precision, "onnxruntime", threads=1) as matter:
        process_video(
            clip, Output(path=output, codec="ffv1"), background="#00b140", matter=matter, segments=CUT, **more
        )
    return output


def test_every_frame_is_done_whole_and_is_the_cpus(
    clip: Path, gpu: Any, on_gpu: list[GpuFrames], monkeypatch: pytest.MonkeyPatch
) -> None:
    got = pictures(make(clip, "gpu.mkv"))
    # With those before each segment; the first run of an engine, before any frame, is not one of them.
    assert gpu.trt.runs == 1 + 25 + 2 * CUT.warm_up
    assert on_gpu[0]._given_up, "closed"
    monkeypatch.setattr("humanseg.pipeline.job_pipeline.open_gpu_frames", lambda matter, **_: None)
    want = pictures(make(clip, "cpu.mkv"))
    assert len(got) == len(want) == 25
    assert np.mean(np.abs(got - want) > 2) < 0.01  # after the colour's way through the file


def test_a_run_that_goes_on_gives_the_same_pictures(clip: Path, on_gpu: list[GpuFrames]) -> None:
    whole = pictures(make(clip, "whole.mkv"))
    stop = Event()
    make(clip, "parts.mkv", stop=stop, on_progress=lambda progress: stop.set() if progress.frames > 10 else None)
    np.testing.assert_array_equal(pictures(make(clip, "parts.mkv")), whole)


def test_a_gpu_that_fails_in_the_middle_costs_no_frame(clip: Path, gpu: Any, on_gpu: list[GpuFrames]) -> None:
    gpu.trt.fails_at_run = 15
    notices: list[str] = []
    assert len(pictures(make(clip, "gpu.mkv", on_notice=notices.append))) == 25
    assert on_gpu[0]._given_up
    assert len(notices) == 2, "it takes over, and is given up"
    assert "the CPU goes on" in notices[-1]


def test_a_look_that_needs_the_matte_is_made_on_the_cpu(clip: Path, gpu: Any, on_gpu: list[GpuFrames]) -> None:
    outputs = [Output(path=clip.with_name("a.mkv"), look="alpha"), Output(path=clip.with_name("c.mkv"))]
    with open_matter(find_model().full_precision, "onnxruntime", threads=1) as matter:
        process_video(clip, outputs, background="#00b140", matter=matter, segments=CUT)
    assert (gpu.trt.builds, on_gpu) == (0, [])


def test_what_is_remembered_is_forgotten_where_a_warm_up_begins() -> None:
    class Whole:
        def __init__(self) -> None:
            self.seen: list[int | str] = []

        def composite(self, frame: Frame, compositor: object) -> Frame | None:
            self.seen.append(frame.index)
            return None if frame.index == 1 else frame

        def reset(self) -> None:
            self.seen.append("reset")

    whole = Whole()
    look = WholeLook(whole, Compositor(parse_background("blur")))
    rgb = np.zeros((4, 4, 3), np.uint8)
    done = [look.composite(Frame(rgb=rgb, index=index), None) for index in (0, 1, 2, 1, 2, 3)]
    assert whole.seen == [0, 1, 2, "reset", 1, 2, 3]
    assert [frame is None for frame in done] == [False, True, False, True, False, False]
    look.reset()
    assert whole.seen[-1] == "reset"

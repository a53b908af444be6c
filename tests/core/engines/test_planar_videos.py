"""Videos on the GPU whose frames come in planes: encoded as they are, and the pictures are the CPU's."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.frames import PlaneWeights
from humanseg.matting import Matter, open_matter
from humanseg.models import find_model
from humanseg.pipeline.gpu_frames import GpuFrames, GpuPlanes
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
from humanseg.sinks.colour import FromRgb

CUT = Segments(length=10, warm_up=3)
LOSSLESS = {"quality": 0}


@pytest.fixture
def on_gpu(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> list[GpuFrames | GpuPlanes]:
    """Every matter's whole frames are done on the fake GPU."""
    made: list[GpuFrames | GpuPlanes] = []
    opener = partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)

    def frames(matter: Matter, *, on_notice: Callable[[str], None] | None = None) -> GpuFrames:
        made.append(one := GpuFrames(matter, opener, on_notice=on_notice))
        return one

    def planes(matter: Matter, weights: PlaneWeights, *, on_notice: Callable[[str], None] | None = None) -> GpuPlanes:
        made.append(one := GpuPlanes(matter, weights, opener, on_notice=on_notice))
        return one

    monkeypatch.setattr("humanseg.pipeline.job_pipeline.open_gpu_frames", frames)
    monkeypatch.setattr("humanseg.pipeline.job_pipeline.open_gpu_planes", planes)
    return made


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What frames came to the encoder as."""
    seen: list[str] = []
    of_rgb, of_planes = FromRgb.__call__, FromRgb.of_planes

    def note_rgb(self: FromRgb, *given: Any) -> Any:
        seen.append("rgb")
        return of_rgb(self, *given)

    def note_planes(self: FromRgb, planes: NDArray[np.uint8]) -> Any:
        seen.append("planes")
        return of_planes(self, planes)

    monkeypatch.setattr(FromRgb, "__call__", note_rgb)
    monkeypatch.setattr(FromRgb, "of_planes", note_planes)
    return seen


def make(clip: Path, name: str, background: str = "#00b140", output: dict[str, Any] | None = None, **more: Any) -> Path:
    path = clip.parent / name
    with open_matter(find_model().full_precision, "onnxruntime", threads=1) as matter:
        process_video(
            clip,
            Output(path=path, **(LOSSLESS if output is None else output)),
            background=background,
            matter=matter,
            segments=CUT,
            **more,
        )
    return path


def coded(path: Path) -> tuple[NDArray[np.int16], list[Any]]:
    """The numbers in the planes of each picture, and what the stream says of them."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
        said = [context.pix_fmt, context.colorspace, context.color_range, context.color_primaries, context.color_trc]
    return np.stack(frames).astype(np.int16), said


@pytest.mark.parametrize(
    ("size", "background", "encoder"),
    [((128, 96), "#00b140", {}), ((160, 120), "blur", {"colorspace": 1, "color_primaries": 1, "color_trc": 1})],
    ids=["BT.601 unsaid", "BT.709 said"],
)
def test_every_frame_is_encoded_as_it_comes_and_is_the_cpus(
    media: Any, gpu: Any, on_gpu: list[Any], conversions: list[str], monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int], background: str, encoder: dict[str, int],
) -> None:  # fmt: skip
    clip = Path(media.clip(frames=25, size=size, **encoder))
    got, said = coded(make(clip, "gpu.mp4", background))
    assert conversions == ["planes"] * 25
    assert [type(one) for one in on_gpu] == [GpuPlanes]
    assert gpu.trt.runs == 1 + 25 + 2 * CUT.warm_up
    for name in ("open_gpu_frames", "open_gpu_planes"):
        monkeypatch.setattr(f"humanseg.pipeline.job_pipeline.{name}", lambda *_, **__: None)
    want, expected = coded(make(clip, "cpu.mp4", background))
    assert conversions == ["planes"] * 25 + ["rgb"] * 25
    assert said == expected
    assert got.shape == want.shape == (25, size[1] * 3 // 2, size[0])
    apart = np.abs(got - want)
    assert np.mean(apart > 2) < 0.001, f"{np.mean(apart > 2):.4%}"
    assert apart.mean() < 0.3


def test_a_run_that_goes_on_gives_the_same_pictures(media: Any, on_gpu: list[Any], conversions: list[str]) -> None:
    clip = Path(media.clip(frames=25, size=(128, 96)))
    whole = make(clip, "whole.mp4")
    stop = Event()
    make(clip, "parts.mp4", stop=stop, on_progress=lambda progress: stop.set() if progress.frames > 10 else None)
    assert media.same(make(clip, "parts.mp4"), whole)
    assert set(conversions) == {"planes"}


def test_a_gpu_that_fails_in_the_middle_costs_no_frame(
    media: Any, gpu: Any, on_gpu: list[Any], conversions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = Path(media.clip(frames=25, size=(128, 96)))
    gpu.trt.fails_at_run = 18
    notices: list[str] = []
    got, _ = coded(make(clip, "gpu.mp4", on_notice=notices.append))
    assert (conversions.count("planes") + conversions.count("rgb"), len(got)) == (25, 25)
    assert conversions[0] == "planes"
    assert conversions[-1] == "rgb"
    assert len(notices) == 2
    assert "the CPU goes on" in notices[-1]
    for name in ("open_gpu_frames", "open_gpu_planes"):
        monkeypatch.setattr(f"humanseg.pipeline.job_pipeline.{name}", lambda *_, **__: None)
    want, _ = coded(make(clip, "cpu.mp4"))
    assert np.abs(got - want).mean() < 1
    assert np.abs(coded(clip)[0] - got).mean() > 20, "the room is in none of them"


@pytest.mark.parametrize(
    ("size", "name", "output"),
    [
        ((128, 96), "a.mkv", {"codec": "ffv1"}),
        ((128, 96), "a.mov", {"codec": "prores"}),
        ((127, 96), "a.mp4", {}),
        ((128, 96), "a.gif", {}),
        ((128, 96), "p/%05d.png", {}),
    ],
    ids=["4:4:4", "10 bit", "odd", "palette", "pictures"],
)
def test_other_streams_get_rgb(
    media: Any, on_gpu: list[Any], conversions: list[str], size: tuple[int, int], name: str, output: dict[str, Any]
) -> None:
    clip = Path(media.clip(frames=5, size=size, codec="libx264", pixel_format="yuv444p"))
    make(clip, name, output=output)
    assert "planes" not in conversions
    assert [type(one) for one in on_gpu] == [GpuFrames]


def test_a_stream_of_full_range_gets_rgb(media: Any, on_gpu: list[Any], conversions: list[str]) -> None:
    clip = Path(media.clip(frames=5, size=(128, 96), color_range=2, pixel_format="yuvj420p"))
    make(clip, "full.mp4")
    assert conversions == ["rgb"] * 5
    assert [type(one) for one in on_gpu] == [GpuFrames]

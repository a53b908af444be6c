"""What every sink promises, tried on each of them."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import pyvirtualcam

from humanseg.frames import Frame, StreamInfo
from humanseg.sinks import Sink
from humanseg.sinks.collect import CollectSink
from humanseg.sinks.preview import PreviewSink
from humanseg.sinks.recording import RecordingSink
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sinks.virtual_camera import VirtualCameraSink

INFO = StreamInfo(width=64, height=48, rate=Fraction(25), time_base=Fraction(1, 25))
SINKS: dict[str, Callable[[Any], Sink]] = {
    "mp4": lambda media: VideoFileSink(media.folder / "out.mp4"),
    "mov": lambda media: VideoFileSink(media.folder / "out.mov"),
    "mkv": lambda media: VideoFileSink(media.folder / "out.mkv"),
    "webm": lambda media: VideoFileSink(media.folder / "out.webm"),
    "collect": lambda _media: CollectSink(),
    "preview": lambda _media: PreviewSink(),
    "recording": lambda media: RecordingSink(media.folder / "out.mp4"),
    "virtual camera": lambda _media: VirtualCameraSink((64, 48), Fraction(500), backend="memory"),
}


class MemoryCamera:
    """What pyvirtualcam drives, without a device."""

    def __init__(self, **_: Any) -> None: ...

    def close(self) -> None: ...

    def send(self, frame: np.ndarray) -> None: ...

    def device(self) -> str:
        return "memory"

    def native_fourcc(self) -> None: ...


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest, media: Any) -> Iterator[Sink]:
    pyvirtualcam.register_backend("memory", MemoryCamera)
    yield SINKS[request.param](media)
    del pyvirtualcam.camera.BACKENDS["memory"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("humanseg-")]


def frames(count: int) -> list[Frame]:
    made = []
    for index in range(count):
        rgb = np.full((48, 64, 3), 10 * index % 250, np.uint8)
        rgb.flags.writeable = False
        made.append(Frame(rgb=rgb, index=index, time=Fraction(index, 25)))
    return made


def test_takes_frames_and_closes(sink: Sink) -> None:
    sink.open(INFO)
    for frame in frames(8):
        sink.write(frame)
    sink.close()
    sink.close()


def test_says_whether_frames_may_be_dropped(sink: Sink) -> None:
    assert sink.lossless in (True, False)


def test_leaves_frames_as_they_are(sink: Sink) -> None:
    written = frames(8)
    sink.open(INFO)
    for frame in written:
        sink.write(frame)
    sink.close()
    for frame, fresh in zip(written, frames(8), strict=True):
        assert np.array_equal(frame.rgb, fresh.rgb)
        assert not frame.rgb.flags.writeable


@pytest.mark.parametrize("count", [0, 1, 30])
def test_abandoning_leaves_nothing(sink: Sink, media: Any, count: int) -> None:
    sink.open(INFO)
    for frame in frames(count):
        sink.write(frame)
    sink.abandon()
    sink.abandon()
    sink.close()
    assert media.names() == []


def test_ending_without_beginning_is_no_error(sink: Sink, media: Any) -> None:
    sink.close()
    sink.abandon()
    assert media.names() == []


def test_abandoning_after_closing_takes_nothing_back(sink: Sink, media: Any) -> None:
    sink.open(INFO)
    for frame in frames(3):
        sink.write(frame)
    sink.close()
    before = media.names()
    sink.abandon()
    assert media.names() == before
    if isinstance(sink, CollectSink):
        assert len(sink.frames) == 3
    elif sink.lossless:
        assert len(before) == 1
    else:
        assert before == []

"""What every live source promises beside what every source does: its own clock, and an end when it is asked for."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import pytest

from humanseg.sources import Source
from humanseg.sources.camera import Camera, CameraSource
from humanseg.sources.playback import PlaybackSource, open_playback
from humanseg.sources.reconnecting import ReconnectingSource
from humanseg.sources.reel import DemoReel
from humanseg.sources.stream import StreamSource

SIZE = (64, 48)


class EndlessCapture:
    """A camera of a hundred frames a second, as OpenCV would give it."""

    def __init__(self) -> None:
        self.pause = threading.Event()

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def read(self) -> tuple[bool, Any]:
        self.pause.wait(0.01)
        return True, np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)

    def get(self, _what: int, /) -> float:
        return 100.0

    def release(self) -> None: ...


class Motion(BaseHTTPRequestHandler):
    """Motion JPEG without an end."""

    def do_GET(self) -> None:
        data = cv2.imencode(".jpg", np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))[1].tobytes()
        head = b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
        try:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=x")
            self.end_headers()
            while True:
                self.wfile.write(head + data + b"\r\n")
                threading.Event().wait(0.01)
        except OSError:
            return  # the other side has closed

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Motion)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def camera(_media: Any, _address: str) -> Source:
    capture = EndlessCapture()
    return CameraSource(Camera(id="test", name="Test", index=0), open_capture=lambda _camera, _mode: capture)


def stream(_media: Any, address: str) -> Source:
    return StreamSource(address)


def reconnecting(media: Any, address: str) -> Source:
    return ReconnectingSource(lambda: camera(media, address))


def playback(media: Any, _address: str) -> Source:
    return open_playback(media.clip(frames=10, rate=Fraction(100)), loop=True)


def demo(_media: Any, _address: str) -> Source:
    return PlaybackSource(DemoReel(SIZE))


Opener = Callable[[], Source]


@pytest.fixture(params=[camera, stream, reconnecting, playback, demo])
def opened(request: pytest.FixtureRequest, media: Any, address: str) -> Iterator[Opener]:
    yield lambda: request.param(media, address)
    for thread in threading.enumerate():
        if thread.name.startswith("humanseg-"):
            thread.join(10)
            assert not thread.is_alive(), thread.name


def test_frames_are_what_the_info_says_and_times_are_those_of_arrival(opened: Opener) -> None:
    source = opened()
    info = source.info
    assert info.live
    assert info.frames is None
    assert info.rate > 0
    seen = []
    for frame in source:
        assert frame.rgb.shape == (info.height, info.width, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb.flags.c_contiguous
        assert not frame.rgb.flags.writeable
        assert (frame.time / info.time_base).denominator == 1
        assert frame.born <= perf_counter()
        seen.append((frame.index, frame.time, frame.born))
        if len(seen) == 8:
            source.close()
    assert len(seen) == 8
    (_, zero, born), *_ = seen
    assert zero == 0
    for earlier, later in pairwise(seen):
        assert later[0] > earlier[0]
        assert later[1] > earlier[1]
        assert float(later[1]) == pytest.approx(later[2] - born, abs=1e-3)


def test_close_before_the_first_frame(opened: Opener) -> None:
    source = opened()
    source.close()
    source.close()
    assert list(source) == []
    assert source.info.width > 0


def test_it_is_read_once(opened: Opener) -> None:
    source = opened()
    iter(source)
    with pytest.raises(RuntimeError, match="once"):
        iter(source)
    source.close()


def test_another_thread_may_close(opened: Opener) -> None:
    source = opened()
    second = threading.Event()
    indices: list[int] = []

    def read() -> None:
        for frame in source:
            indices.append(frame.index)
            if len(indices) == 2:
                second.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert second.wait(20)
    source.close()
    source.close()
    reader.join(20)
    assert not reader.is_alive()


def test_a_reader_that_gives_up_releases_it(opened: Opener) -> None:
    frames = iter(opened())
    first = next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert first.rgb.any()


def test_a_frame_outlives_its_source(opened: Opener) -> None:
    source = opened()
    frames = []
    for frame in source:
        frames.append((frame, frame.rgb.copy()))
        if len(frames) == 4:
            source.close()
    del source
    for frame, copy in frames:
        np.testing.assert_array_equal(frame.rgb, copy)

"""Network streams against a server of our own, and sources that come back."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

import av
import cv2
import numpy as np
import pytest

import humanseg.sources.stream as module
from humanseg.errors import SourceError
from humanseg.frames import Frame, StreamInfo
from humanseg.sources import CanBeLost, open_source
from humanseg.sources.reconnecting import RETRY_S, ReconnectingSource
from humanseg.sources.stream import StreamSource, is_address

PATIENCE_S = 20


class Server:
    """Motion JPEG over HTTP: pictures of one grey, as fast as 100 a second, until it is stopped."""

    def __init__(self, port: int = 0, *, grey: int = 100, size: tuple[int, int] = (64, 48), most: int = 10**6) -> None:
        stopping = self.stopping = Event()
        silent = self.silent = Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kinds = {"/live": "multipart/x-mixed-replace; boundary=next", "/page": "text/html"}
                if self.path.partition("?")[0] not in kinds:
                    self.send_error({"/secret": 401}.get(self.path, 404))
                    return
                self.send_response(200)
                self.send_header("Content-Type", kinds[self.path.partition("?")[0]])
                self.end_headers()
                if self.path == "/page":
                    self.wfile.write(b"<html><body>" + b"<p>A camera and its picture.</p>" * 2000 + b"</body></html>")
                    return
                picture = np.full((size[1], size[0], 3), grey, np.uint8)
                data = cv2.imencode(".jpg", picture)[1].tobytes()
                for _ in range(most):
                    if stopping.is_set():
                        break
                    if not silent.is_set():
                        self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\n")
                        self.wfile.write(b"Content-Length: %d\r\n\r\n%s\r\n" % (len(data), data))
                    stopping.wait(0.01)

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # the other side has gone

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), name="server")
        self.thread.start()

    def address(self, path: str = "/live") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*words: Any, **settings: Any) -> Server:
        servers.append(Server(*words, **settings))
        return servers[-1]

    yield start
    for server in servers:
        if not server.stopping.is_set():
            server.stop()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    assert not left, left


def test_motion_jpeg_gives_frames_with_times_of_arrival(serve: Callable[..., Server]) -> None:
    source = StreamSource(serve().address())
    assert (source.info.width, source.info.height, source.info.live, source.info.frames) == (64, 48, True, None)
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == 10:
            source.close()
    assert [frame.index for frame in frames] == list(range(10))
    for earlier, later in pairwise(frames):
        assert float(later.time - earlier.time) == pytest.approx(later.born - earlier.born, abs=1e-3)
        assert (later.time / source.info.time_base).denominator == 1
    assert np.abs(frames[0].rgb.astype(int) - 100).max() <= 2
    assert not frames[0].rgb.flags.writeable


def test_a_sender_that_stops_is_an_error_after_its_last_frame(serve: Callable[..., Server]) -> None:
    source = StreamSource(serve(most=5).address())
    frames: list[Frame] = []
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:\d+/live (has ended|broke off)"):
        frames.extend(source)
    assert len(frames) >= 3


def test_a_sender_that_falls_silent_is_told(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.LIMIT_S < 3
    monkeypatch.setattr(module, "LIMIT_S", 0.3)
    server = serve()
    source = StreamSource(server.address())
    frames = iter(source)
    next(frames)
    server.silent.set()
    with pytest.raises(SourceError, match="broke off: no answer"):
        list(frames)


@pytest.mark.parametrize(
    ("path", "problem", "hint"),
    [
        ("/nothing", "404", "part of the address after the host"),
        ("/secret", "401", "name and a password"),
        ("/page", "holds no picture", "not of a page"),
    ],
)
def test_what_is_wrong_with_an_address_is_told(
    serve: Callable[..., Server], path: str, problem: str, hint: str
) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        StreamSource(serve().address(path))
    assert hint in caught.value.hint


def test_no_server_is_told_and_no_secret_is(serve: Callable[..., Server]) -> None:
    server = serve()
    server.stop()
    with pytest.raises(SourceError, match="refused") as caught:
        StreamSource(f"http://me:hunter2@127.0.0.1:{server.port}/live?token=hunter3")
    assert f"http://127.0.0.1:{server.port}/live cannot be opened" in caught.value.problem
    assert "hunter" not in str(caught.value)


@pytest.fixture
def folder_served(tmp_path: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words, directory=str(tmp_path))

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_film_on_a_server_is_played_at_its_own_pace_and_ends(media: Any, folder_served: str) -> None:
    media.clip("clip.mp4", frames=6, rate=100, size=(96, 64), container_options={"movflags": "faststart"})
    began = perf_counter()
    frames = list(StreamSource(f"{folder_served}/clip.mp4"))
    assert len(frames) == 6
    for index, frame in enumerate(frames):
        assert frame.born - began >= index / 100, "too early"


def test_hls_comes_in_pieces_and_is_played_at_its_own_pace(media: Any, folder_served: str) -> None:
    with av.open(
        str(media.folder / "live.m3u8"), "w", format="hls", container_options={"hls_time": "0.1"}
    ) as container:
        stream: Any = container.add_stream("libx264", rate=50, options={"preset": "ultrafast", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(20):
            picture = np.full((48, 64, 3), 10 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    assert len(list(media.folder.glob("*.ts"))) > 1
    began = perf_counter()
    frames = list(StreamSource(f"{folder_served}/live.m3u8"))
    assert [round(float(frame.rgb.mean()) / 10) for frame in frames] == list(range(20))
    for index, frame in enumerate(frames):
        assert frame.born - began >= index / 50, "too early"


def test_addresses_and_paths_are_told_apart() -> None:
    assert is_address("rtsp://host/1")
    assert is_address("HTTP://host")
    assert not is_address("clip.mp4")
    assert not is_address("C:\\clip.mp4")
    assert not is_address("file:///clip.mp4")
    with pytest.raises(SourceError, match="gopher://host/1"):
        open_source("gopher://host/1")


# Coming back


def test_a_stream_comes_back_when_its_sender_is_started_again(serve: Callable[..., Server]) -> None:
    assert RETRY_S <= 1
    first = serve(grey=60)
    told: list[str | None] = []
    lost = Event()

    def on_change(problem: SourceError | None) -> None:
        told.append(problem.problem if problem else None)
        lost.set()

    source = ReconnectingSource(lambda: StreamSource(first.address()), retry_s=0.01, on_change=on_change)
    assert isinstance(source, CanBeLost)
    frames: list[Frame] = []
    states: list[bool] = []
    reader = threading.Thread(target=lambda: frames.extend(_watched(source, states)))
    reader.start()
    while len(states) < 3:
        lost.wait(0.005)
    first.stop()
    assert lost.wait(PATIENCE_S)
    assert source.lost
    assert source.problem is not None
    # In another size: it is fitted into the first.
    second = serve(first.port, grey=180, size=(80, 80))
    at = len(states)
    while len(states) < at + 3:
        lost.wait(0.005)
    source.close()
    reader.join(PATIENCE_S)
    second.stop()
    assert not source.lost
    assert told[0] is not None
    assert told[-1] is None
    assert {frame.rgb.shape for frame in frames} == {(48, 64, 3)}
    greys = [int(frame.rgb[24, 32, 0]) for frame in frames]
    assert abs(greys[0] - 60) <= 2
    assert abs(greys[-1] - 180) <= 2
    assert frames[-1].rgb[24, 0].max() <= 2, "bars, since it has another aspect"
    for earlier, later in pairwise(frames):
        assert later.index > earlier.index
        assert float(later.time - earlier.time) == pytest.approx(later.born - earlier.born, abs=1e-3)
    assert states == [False] * len(states), "there are no frames while it is lost"


def _watched(source: ReconnectingSource, states: list[bool]) -> Iterator[Frame]:
    for frame in source:
        states.append(source.lost)
        yield frame


class Scripted:
    """A live source that gives some frames, then fails, or ends."""

    def __init__(self, count: int, error: SourceError | None = None, problem: SourceError | None = None) -> None:
        self.info = StreamInfo(width=4, height=2, rate=Fraction(30), time_base=Fraction(1, 90_000), live=True)
        self.count, self.error, self.problem = count, error, problem
        self.closed = 0

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.count):
            yield Frame(rgb=np.zeros((2, 4, 3), np.uint8), index=index, time=Fraction(index, 30))
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed += 1


def factory(*results: Any) -> Callable[[], Any]:
    waiting = list(results)

    def opener() -> Any:
        result = waiting.pop(0)
        if isinstance(result, SourceError):
            raise result
        return result

    return opener


def test_it_tries_until_it_can_and_tells_changes_only() -> None:
    gone, busy = SourceError("It was unplugged."), SourceError("It is busy.")
    first, second = Scripted(2, gone), Scripted(3)
    told: list[SourceError | None] = []
    source = ReconnectingSource(factory(first, busy, busy, busy, second), retry_s=0.001, on_change=told.append)
    assert [frame.index for frame in source] == [0, 1, 2, 3, 4]
    assert told == [gone, busy, None]
    assert first.closed
    assert second.closed


def test_what_a_source_says_of_its_own_picture_is_told_too() -> None:
    black = SourceError("The picture is black.")
    told: list[SourceError | None] = []
    source = ReconnectingSource(factory(Scripted(2, problem=black)), on_change=told.append)
    assert len(list(source)) == 2
    assert told == [black]
    assert not source.lost


def test_the_first_opening_is_not_tried_again() -> None:
    with pytest.raises(SourceError, match="busy"):
        ReconnectingSource(factory(SourceError("It is busy.")))


def test_closing_ends_the_tries() -> None:
    lost = Event()
    source = ReconnectingSource(
        factory(Scripted(1, SourceError("gone"))), retry_s=PATIENCE_S, on_change=lambda _problem: lost.set()
    )
    frames: list[Frame] = []
    reader = threading.Thread(target=lambda: frames.extend(source))
    reader.start()
    assert lost.wait(PATIENCE_S)
    source.close()
    reader.join(PATIENCE_S / 2)
    assert not reader.is_alive()
    assert len(frames) == 1


def test_anything_but_a_source_error_is_a_bug_and_ends_it() -> None:
    class Broken(Scripted):
        def __iter__(self) -> Iterator[Frame]:
            raise ZeroDivisionError

    source = ReconnectingSource(factory(Broken(0)))
    with pytest.raises(ZeroDivisionError):
        list(source)


def test_a_path_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        open_source(tmp_path / "clip.mp4")

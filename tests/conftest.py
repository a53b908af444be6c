"""Clips made on the spot, a network whose alpha is the red channel, and a second opinion on files from PyAV."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import onnx
import onnx.parser
import pytest
from numpy.typing import NDArray

from humanseg.frames import Frame, StreamInfo
from humanseg.matting import Matter, MattingOptions, open_matter
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sources.video_file import VideoFileSource

CODECS = {
    ".mp4": "libx264",
    ".mov": "libx264",
    ".mkv": "libx264",
    ".ts": "libx264",
    ".avi": "mpeg4",
    ".webm": "libvpx-vp9",
}
FASTEST = {"libx264": {"preset": "ultrafast"}, "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}


def shade(index: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """HxWx3 uint8: a slope with a bright bar that moves, so that every frame differs from its neighbours."""
    width, height = size
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    rgb = np.stack([column * 200 // width, row * 200 // height, 100 + 0 * row], axis=-1).astype(np.uint8)
    at = index * 5 % width
    rgb[:, at : at + 8] = (230, 220, 210)
    return rgb


class Media:
    """Makes clips in a folder of their own and reads files back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def clip(
        self,
        name: str = "clip.mp4",
        *,
        frames: int = 30,
        size: tuple[int, int] = (64, 48),
        rate: Fraction | int = 30,
        time_base: Fraction = Fraction(1, 30000),
        times: Sequence[int] | None = None,
        last_duration: int | None = None,
        codec: str | None = None,
        pixel_format: str = "yuv420p",
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        sound: Sequence[str] = (),
        sound_start: int = 0,
        sound_seconds: float | None = None,
        matrix: Sequence[int] | None = None,
        picture: Callable[[int, tuple[int, int]], "NDArray[np.uint8] | av.VideoFrame"] = shade,
        **encoder: Any,
    ) -> Path:
        """A clip: `times` in ticks of `time_base` (default: constant rate); `encoder` sets the encoder's attributes."""
        path = self.folder / name
        codec = codec or CODECS[path.suffix]
        step = int(1 / rate / time_base)
        ticks = list(times) if times is not None else [index * step for index in range(frames)]
        ends = [*ticks[1:], ticks[-1] + (last_duration or step)] if ticks else []
        settings = FASTEST.get(codec, {}) | (options or {})
        with av.open(str(path), "w", container_options=container_options or {}) as container:
            stream = cast("av.VideoStream", container.add_stream(codec, rate=rate, options=settings))
            stream.width, stream.height = size
            stream.pix_fmt = pixel_format
            stream.codec_context.time_base = time_base
            for key, value in encoder.items():
                setattr(stream.codec_context, key, value)
            if matrix is not None:
                stream.set_display_matrix(matrix)
            seconds = sound_seconds if sound_seconds is not None else float(ends[-1] * time_base) if ends else 1.0
            sounds = [self._sound(container, kind, number, sound_start, seconds) for number, kind in enumerate(sound)]
            container.start_encoding()
            for packets in sounds:
                container.mux(packets())
            lengths = {pts: end - pts for pts, end in zip(ticks, ends, strict=True)}
            for index, pts in enumerate(ticks):
                drawn = picture(index, size)
                image = drawn if isinstance(drawn, av.VideoFrame) else av.VideoFrame.from_ndarray(drawn, "rgb24")
                image.pts, image.time_base = pts, time_base
                self._mux(container, stream.encode(image), lengths)
            self._mux(container, stream.encode(None), lengths)
        return path

    def cut(self, path: Path, share: float) -> Path:
        """A copy that has only the first part of the bytes."""
        data = path.read_bytes()
        short = path.with_name(f"cut-{path.name}")
        short.write_bytes(data[: int(len(data) * share)])
        return short

    def places(self, path: Path) -> list[tuple[int, int]]:
        """Position and size, in bytes, of every packet of the picture."""
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
            return [(cast("int", packet.pos), packet.size) for packet in packets]

    def times(self, path: Path) -> list[Fraction]:
        """When each frame is shown."""
        with av.open(str(path)) as container:
            return [cast("int", frame.pts) * cast("Fraction", frame.time_base) for frame in container.decode(video=0)]

    def sounds(self, path: Path) -> list[list[tuple[Fraction, bytes]]]:
        """Time and bytes of every packet of each stream of sound."""
        with av.open(str(path)) as container:
            found: dict[int, list[tuple[Fraction, bytes]]] = {stream.index: [] for stream in container.streams.audio}
            for packet in container.demux(tuple(container.streams.audio)) if found else ():
                if packet.pts is not None:
                    found[packet.stream_index].append((packet.pts * packet.time_base, bytes(packet)))
        return list(found.values())

    def digests(self, path: Path) -> list[str]:
        """A hash of each coded picture, its time and its alpha."""
        if path.is_dir():
            return [hashlib.sha256(entry.read_bytes()).hexdigest() for entry in sorted(path.iterdir())]
        with av.open(str(path)) as container:
            return [
                hashlib.sha256(
                    f"{packet.pts} {packet.duration} ".encode()
                    + bytes(packet)
                    + b"".join(bytes(data) for data in packet.iter_sidedata() if "matroska" in data.data_type)
                ).hexdigest()
                for packet in container.demux()
                if packet.size
            ]

    def same(self, one: Path, other: Path) -> bool:
        """Whether two files hold the same pictures at the same times: to the bit, but for H.264 to 12 grey levels.

        On some machines x264 codes the same small pictures otherwise in one run of a thousand, up to 4 grey levels
        apart: also uninterrupted, also alone. A picture that is lost, doubled or of another moment is 200 apart.
        """
        if one.is_dir() or self._codec(one) != "h264":
            return self.digests(one) == self.digests(other)
        (times, pictures), (other_times, others) = self._shown(one), self._shown(other)
        return times == other_times and bool(np.abs(pictures - others).max() <= 12)

    def _codec(self, path: Path) -> str:
        with av.open(str(path)) as container:
            return container.streams.video[0].codec_context.name

    def _shown(self, path: Path) -> tuple[list[int], NDArray[np.int16]]:
        """The time of each picture in ticks, and the pictures, NxHxWx3."""
        with av.open(str(path)) as container:
            frames = list(container.decode(video=0))
        pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in frames]).astype(np.int16)
        return [cast("int", frame.pts) for frame in frames], pictures

    def copy(self, path: Path, output: Path, **settings: Any) -> list[Frame]:
        """Everything from one file to another, untouched; the frames that were copied."""
        source = VideoFileSource(path)
        sink = VideoFileSink(output, **settings)
        sink.open(source.info)
        frames = []
        for frame in source:
            sink.write(frame)
            frames.append(frame)
        sink.close()
        return frames

    def names(self) -> list[str]:
        """What lies in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    @staticmethod
    def info(size: tuple[int, int] = (64, 48), **changes: Any) -> StreamInfo:
        """A stream of 30 frames a second, but for the changes."""
        known: dict[str, Any] = {"rate": Fraction(30), "time_base": Fraction(1, 30)} | changes
        return StreamInfo(width=size[0], height=size[1], **known)

    @staticmethod
    def frame(index: int, size: tuple[int, int] = (64, 48), time: Fraction | None = None, **more: Any) -> Frame:
        """One frame of that stream, in one grey."""
        rgb = np.full((size[1], size[0], 3), 40 + index % 200, np.uint8)
        return Frame(rgb=rgb, index=index, time=Fraction(index, 30) if time is None else time, **more)

    @staticmethod
    def _mux(container: Any, packets: Any, lengths: dict[int, int]) -> None:
        for packet in packets:
            packet.duration = lengths.get(packet.pts, packet.duration)
            container.mux(packet)

    @staticmethod
    def _sound(container: Any, codec: str, number: int, start: int, seconds: float) -> Callable[[], list[Any]]:
        stream = container.add_stream(codec, rate=48000)
        stream.layout = "stereo"
        if codec == "libmp3lame":
            stream.format = "fltp"
        stream.metadata["language"] = ("eng", "deu", "fra")[number]

        def packets() -> list[Any]:
            size = stream.codec_context.frame_size or 1024
            made = []
            for first in range(0, int(seconds * 48000), size):
                wave = np.sin((np.arange(first, first + size)) * (0.05 + 0.02 * number)) * 0.4
                planar = stream.format.is_planar
                samples = np.stack([wave, wave]) if planar else np.repeat(wave, 2)[None]
                if "16" in stream.format.name:
                    samples = samples * 32767
                    kind: Any = np.int16
                else:
                    kind = np.float32
                block = av.AudioFrame.from_ndarray(samples.astype(kind), format=stream.format.name, layout="stereo")
                block.sample_rate, block.pts, block.time_base = 48000, start + first, Fraction(1, 48000)
                made += stream.encode(block)
            return [*made, *stream.encode(None)]

        return packets


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """Makes clips in a temporary folder."""
    return Media(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def a_cache_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is compiled is kept in the user's cache folder: here in one that all tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def no_memory_of_other_tests(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is finished is remembered in the user's state folder: here in one of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def red_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: alpha is the red channel."""
    folder = tmp_path_factory.mktemp("models") / "red"
    folder.mkdir()
    graph = (
        '<ir_version: 8, opset_import: ["" : 17]> red (float[1,3,H,W] frame) => (float[1,1,H,W] alpha) '
        "<int64[1] zero = {0}> {alpha = Gather<axis=1>(frame, zero)}"
    )
    onnx.save(onnx.parser.parse_model(graph), folder / "model.onnx")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    (folder / "model.toml").write_text(
        f'format = 1\nname = "red"\nfile = "model.onnx"\nsha256 = "{digest}"\npixels = 2048\nmultiple = 32\n'
        'mean = [0, 0, 0]\nstd = [1, 1, 1]\ninput = "frame"\noutput = "alpha"\n'
    )
    return folder


@pytest.fixture
def red(red_model: Path) -> Iterator[Matter]:
    """A matter whose alpha is the red channel of the same frame, whatever came before."""
    plain = MattingOptions(refine=False, smoothing=0)
    with open_matter(red_model, "onnxruntime", threads=1, options=plain) as matter:
        yield matter

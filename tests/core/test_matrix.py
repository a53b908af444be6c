"""Every kind of clip into every kind of output, checked by reading back with PyAV alone."""

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from humanseg.compositing import Compositor, parse_background
from humanseg.errors import SinkError
from humanseg.frames import LookName
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
from humanseg.sources.changes import Changes
from humanseg.sources.colour import ToRgb
from humanseg.sources.opening import open_changed

KINDS: dict[str, tuple[str, LookName]] = {
    "mp4": ("out.mp4", "composite"),
    "mov": ("out.mov", "transparent"),
    "webm": ("out.webm", "transparent"),
    "png": ("out/%05d.png", "transparent"),
}
SOUND = {"mp4": "aac", "mov": "aac", "webm": "libopus", "png": "aac"}
MAGENTA = np.array([255, 0, 255])
BT2020 = {"colorspace": 9, "color_range": 1, "color_primaries": 9}
TURNS = {
    "rotated 90": (0, 1, 0, -1, 0),
    "rotated 180": (-1, 0, 0, 0, -1),
    "rotated 270": (0, -1, 0, 1, 0),
}


def half_red(index: int, size: tuple[int, int]) -> Any:
    """Person (red) on the left with a soft edge that moves, room (green) on the right."""
    column = np.tile(np.arange(size[0]), (size[1], 1))
    alpha = np.clip((size[0] / 2 + index - column) / 8, 0, 1)[:, :, None]
    return np.rint(alpha * np.array((250, 70, 50)) + (1 - alpha) * np.array((0, 150, 70))).astype(np.uint8)


def deep(index: int, size: tuple[int, int]) -> Any:
    return av.VideoFrame.from_ndarray(half_red(index, size), "rgb24").reformat(format="yuv420p10le")


def matrix_of(a: int, b: int, u: int, c: int, d: int) -> list[int]:
    return [a << 16, b << 16, u, c << 16, d << 16, 0, 0, 0, 1 << 30]


def cfr(media: Any, sound: str) -> Path:
    made: Path = media.clip(rate=Fraction(30000, 1001), frames=12, size=(64, 48), picture=half_red, sound=[sound])
    return made


def clip(**given: Any) -> Callable[[Any, str], Path]:
    def make(media: Any, sound: str) -> Path:
        settings: dict[str, Any] = {"frames": 12, "size": (64, 48), "picture": half_red, "sound": [sound]} | given
        settings["sound"] = [sound] * len(settings["sound"])
        made: Path = media.clip(settings.pop("name", "clip.mp4"), **settings)
        return made

    return make


def subtitled(media: Any, sound: str) -> Path:
    """A clip with subtitles of the kind that MP4 holds, and chapters and a title."""
    plain = clip()(media, sound)
    path: Path = media.folder / "subtitled.mp4"
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        copies = {stream.index: target.add_stream_from_template(stream, opaque=True) for stream in source.streams}
        text: Any = target.add_mux_stream("mov_text")
        target.metadata["title"] = "A talk"
        packets = [packet for packet in source.demux() if packet.size]
        for packet in packets:
            packet.stream = copies[packet.stream_index]
        words = b"Good morning"
        line: Any = av.Packet(len(words).to_bytes(2, "big") + words)
        line.stream, line.time_base = text, Fraction(1, 1000)
        line.pts = line.dts = 100
        line.duration = 200
        target.set_chapters(
            [{"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}]
        )
        target.start_encoding()
        for packet in [*packets, line]:
            target.mux(packet)
    return path


CLIPS: dict[str, Callable[[Any, str], Path]] = {
    "constant rate": cfr,
    "variable rate": clip(times=[0, 500, 1700, 1800, 6000, 6100, 9000, 9001], last_duration=450),
    **{name: clip(matrix=matrix_of(*turn)) for name, turn in TURNS.items()},
    "rotated 0": clip(matrix=matrix_of(1, 0, 0, 0, 1)),
    "wide pixels": clip(sample_aspect_ratio=Fraction(4, 3)),
    "odd size": clip(name="clip.mkv", codec="ffv1", pixel_format="yuv444p", size=(63, 47)),
    "10-bit HLG": clip(pixel_format="yuv420p10le", picture=deep, color_trc=18, **BT2020),
    "PQ": clip(pixel_format="yuv420p10le", picture=deep, color_trc=16, **BT2020),
    "full range": clip(color_range=2, colorspace=1, color_primaries=1, color_trc=1),
    "interlaced": clip(options={"x264-params": "tff=1", "preset": "ultrafast"}),
    "no sound": clip(sound=[]),
    "two sound tracks": clip(sound=["", ""]),
    "subtitles": subtitled,
    "one frame": clip(frames=1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CLIPS)
def test_what_goes_in_comes_out(name: str, kind: str, media: Any, red: Any, capfd: Any) -> None:
    source = CLIPS[name](media, SOUND[kind])
    file, look = KINDS[kind]
    output = media.folder / "made" / file
    (media.folder / "made").mkdir()
    changes = Changes(deinterlace=name == "interlaced")
    job: dict[str, Any] = {
        "background": "#ff00ff",
        "matter": red,
        "segments": Segments(length=5, warm_up=2),
        "changes": changes,
    }
    if name == "wide pixels" and kind == "webm":
        with pytest.raises(SinkError, match="not square"):
            process_video(source, Output(path=output, look=look, quality=4), **job)
        return
    process_video(source, Output(path=output, look=look, quality=4), **job)
    frames = list(open_changed(source, changes))
    info = open_changed(source, changes).info
    check_pixels(output, kind, frames, red)
    if kind == "png":
        assert sorted(path.name for path in output.parent.iterdir()) == [f"{n + 1:05d}.png" for n in range(len(frames))]
        return
    check_times(output, kind, frames)
    check_sound(output, kind, source, media)
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        picture: Any = next(container.decode(stream))
        assert (picture.width, picture.height) == (info.width, info.height)
        assert "DISPLAYMATRIX" not in picture.side_data
        assert (stream.sample_aspect_ratio or 1) == info.pixel_aspect
        if kind != "mov":  # ProRes names its matrix in any case
            assert picture.colorspace == info.colour.matrix
            assert (picture.color_range == 2) == info.colour.full_range
        assert picture.color_trc == info.colour.transfer
        if name in ("10-bit HLG", "PQ"):
            assert (picture.colorspace, picture.color_primaries, picture.color_trc) == (1, 1, 1)
        texts = [bytes(packet) for packet in container.demux() if packet.stream.type == "subtitle" and packet.size]
        if name == "subtitles" and kind != "webm":
            assert any(b"Good morning" in text for text in texts)
            assert container.chapters()[0]["metadata"]["title"] == "One"
        assert container.metadata.get("title") == ("A talk" if name == "subtitles" else None)


def check_times(output: Path, kind: str, frames: Any) -> None:
    with av.open(str(output)) as container:
        packets: list[Any] = [packet for packet in container.demux(video=0) if packet.size]
    times = [packet.pts * packet.time_base for packet in packets]
    expected = [frame.time for frame in frames]
    if kind == "webm":
        expected = [Fraction(math.floor(time * 1000 + Fraction(1, 2)), 1000) for time in expected]
    assert times == expected
    if kind != "webm" and frames[-1].duration:
        assert packets[-1].duration * packets[-1].time_base == frames[-1].duration


def check_sound(output: Path, kind: str, source: Path, media: Any) -> None:
    made, given = media.sounds(output), media.sounds(source)
    assert [[data for _, data in track] for track in made] == [[data for _, data in track] for track in given]
    for track, original in zip(made, given, strict=True):
        for (time, _), (before, _) in zip(track, original, strict=True):
            assert abs(time - before) <= (Fraction(1, 1000) if kind == "webm" else 0)


def check_pixels(output: Path, kind: str, frames: Any, red: Any) -> None:
    made = list(pictures(output, kind))
    assert len(made) == len(frames)
    compositor = Compositor(parse_background("#ff00ff"))
    for (rgb, alpha), frame in zip(made, frames, strict=True):
        matte = red.matte(frame)
        if kind != "mp4":
            rgb = alpha[:, :, None] * rgb + (1 - alpha[:, :, None]) * MAGENTA
            assert np.abs(alpha - matte.alpha).max() <= (0.06 if kind == "webm" else 0.003)
        difference = np.abs(rgb.astype(float) - compositor.composite(frame, matte).rgb)
        assert difference.mean() <= {"mp4": 3.5, "mov": 1, "webm": 2, "png": 1}[kind]


def pictures(output: Path, kind: str) -> Any:
    if kind == "png":
        for path in sorted(output.parent.iterdir()):
            bgra: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            assert bgra.dtype == np.uint16
            yield bgra[:, :, 2::-1] // 257, bgra[:, :, 3] / 65535
        return
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        decoder: Any = av.CodecContext.create("libvpx-vp9", "r") if kind == "webm" else stream.codec_context
        decoded = [picture for packet in container.demux(stream) for picture in decoder.decode(packet)]
    for picture in decoded:
        alpha = np.ones((picture.height, picture.width))
        if kind != "mp4":
            plane: Any = picture.planes[3]
            bits = picture.format.components[3].bits
            numbers = np.frombuffer(plane, np.uint8 if bits == 8 else np.uint16).reshape(plane.height, -1)
            alpha = numbers[:, : picture.width] / (2**bits - 1)
        yield ToRgb((picture.width, picture.height))(picture), alpha


@pytest.mark.slow
def test_ten_thousand_frames(media: Any, red: Any) -> None:
    source = media.clip(frames=10_000, size=(32, 32), rate=100, picture=lambda index, size: half_red(index % 20, size))
    result = process_video(source, media.folder / "out.mp4", background="#ff00ff", matter=red)
    assert result.frames == 10_000
    assert media.times(media.folder / "out.mp4") == [Fraction(index, 100) for index in range(10_000)]

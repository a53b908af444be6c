"""Animated WebP and GIF, read back with OpenCV and FFmpeg: pictures, durations, transparency, going on."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.codec.codec import UnknownCodecError
from numpy.typing import NDArray

from humanseg.errors import SinkError
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
from humanseg.sinks import coding
from humanseg.sinks.container import FORMATS
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sources.video_file import VideoFileSource

CUT = Segments(length=4, warm_up=2)
SIZE = (64, 48)


def passing(index: int, size: tuple[int, int]) -> Any:
    """A red person who walks through a green room, leaving nothing behind."""
    rgb = np.full((size[1], size[0], 3), (0, 160, 60), np.uint8)
    rgb[8:40, 4 + index * 4 : 16 + index * 4] = (250, 70, 50)
    return rgb


def read(path: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """HxWx4 uint8 RGBA as a viewer shows it, and how long in milliseconds."""
    whole, animation = cv2.imreadanimation(str(path))
    assert whole
    rgba = [cv2.cvtColor(frame, cv2.COLOR_BGRA2RGBA) for frame in animation.frames]
    return rgba, list(animation.durations)  # type: ignore[return-value]


def read_gif(path: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    with av.open(str(path)) as container:
        # The demuxer would show short pictures longer, as some viewers do.
        packets = [packet for packet in container.demux(video=0) if packet.size]
        lengths = [round((packet.duration or 0) * packet.time_base * 1000) for packet in packets]
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgba") for frame in container.decode(video=0)], lengths  # type: ignore[misc]


@pytest.mark.parametrize("name", ["out.webp", "out.gif"])
def test_a_cut_out_stands_alone_in_each_picture(name: str, media: Any, red: Any) -> None:
    clip = media.clip("room.mkv", codec="ffv1", pixel_format="bgr0", frames=10, size=SIZE, picture=passing)
    path = media.folder / name
    result = process_video(clip, Output(path=path, look="transparent"), matter=red, segments=CUT)
    assert result.frames == 10
    pictures, durations = read(path) if name == "out.webp" else read_gif(path)
    assert len(pictures) == 10
    unit = 1 if name == "out.webp" else 10
    ends = np.cumsum(durations)
    assert np.abs(ends - np.arange(1, 11) * 1000 / 30).max() <= unit  # rounded, and never adding up
    for rgba, frame in zip(pictures, VideoFileSource(clip), strict=True):
        alpha = red.matte(frame).alpha
        shown = rgba[:, :, 3] / 255
        assert np.abs(shown - (alpha if name == "out.webp" else alpha >= 0.5)).max() <= 0.01
        sure = alpha > 0.95
        assert sure.any()
        assert np.abs(rgba[sure][:, :3].astype(int) - frame.rgb[sure]).mean() <= 12


@pytest.mark.parametrize("name", ["out.webp", "out.gif"])
def test_a_composite_is_opaque_and_keeps_every_time(name: str, media: Any, red: Any) -> None:
    ticks = [3000, 6000, 12000, 13500, 30000]
    clip = media.clip(times=ticks, last_duration=9000, size=SIZE, picture=passing, sound=["aac"])
    path = media.folder / name
    process_video(clip, path, background="#0000ff", matter=red, segments=CUT)
    pictures, durations = read(path) if name == "out.webp" else read_gif(path)
    assert durations == [100, 200, 50, 550, 300]
    assert all((rgba[:, :, 3] == 255).all() for rgba in pictures)
    assert np.abs(pictures[2][2, 2, :3].astype(int) - (0, 0, 255)).max() <= 20


@pytest.mark.parametrize("name", ["out.webp", "out.gif"])
def test_an_animation_that_was_broken_off_ends_the_same(name: str, media: Any, red: Any) -> None:
    clip = media.clip(frames=11, size=SIZE, picture=passing)

    class Breaks:
        def __init__(self, at: int | None) -> None:
            self.model, self.engine, self.options, self._at = red.model, red.engine, red.options, at

        def reset(self) -> None:
            pass

        def matte(self, frame: Any) -> Any:
            if frame.index == self._at:
                raise RuntimeError("killed")
            return red.matte(frame)

    whole, path = media.folder / f"whole-{name}", media.folder / name
    look: Any = "transparent"
    process_video(clip, Output(path=whole, look=look), matter=Breaks(None), segments=CUT)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="killed"):
        process_video(clip, Output(path=path, look=look), matter=Breaks(10), segments=CUT)  # type: ignore[arg-type]
    assert not path.exists()
    result = process_video(clip, Output(path=path, look=look), matter=Breaks(None), segments=CUT)  # type: ignore[arg-type]
    assert result.made < 11
    assert path.read_bytes() == whole.read_bytes()
    assert media.names() == sorted(["clip.mp4", name, whole.name])


def test_gif_plays_for_ever_and_so_does_webp(media: Any, red: Any) -> None:
    clip = media.clip(frames=3, size=SIZE, picture=passing)
    for name in ("out.gif", "out.webp"):
        process_video(clip, media.folder / name, background="#0000ff", matter=red)
    assert b"NETSCAPE2.0\x03\x01\x00\x00\x00" in (media.folder / "out.gif").read_bytes()
    webp = (media.folder / "out.webp").read_bytes()
    assert int.from_bytes(webp[4:8], "little") == len(webp) - 8
    _, animation = cv2.imreadanimation(str(media.folder / "out.webp"))
    assert animation.loop_count == 0


def test_what_an_animation_cannot_be_is_said_before_any_work(media: Any, red: Any, monkeypatch: Any) -> None:
    fast = media.clip(frames=3, size=SIZE, rate=Fraction(60))
    with pytest.raises(SinkError, match="60 frames a second") as caught:
        process_video(fast, media.folder / "out.gif", matter=red)
    assert "--fps" in caught.value.hint
    with pytest.raises(SinkError, match="16384x16"):
        coding.coding_for(FORMATS[".webp"], media.info((16384, 16)))
    with pytest.raises(SinkError, match="recorded"):
        VideoFileSink(media.folder / "out.gif").open(media.info())

    class Without:
        def __init__(self, name: str, mode: str) -> None:
            raise UnknownCodecError(name)

    monkeypatch.setattr(coding, "Codec", Without)
    for name, encoder in (("out.gif", "gif"), ("out.webp", "libwebp"), ("made/%03d.exr", "exr")):
        with pytest.raises(SinkError, match=f"no encoder {encoder}"):
            process_video(media.clip(frames=2, size=SIZE), media.folder / name, matter=red)
    assert media.names() == ["clip.mp4"]

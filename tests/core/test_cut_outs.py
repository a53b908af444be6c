"""Files with alpha, read back: over magenta they give our own composite, and nothing of the room is in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.looks import look_of, own_colour
from humanseg.errors import SinkError
from humanseg.frames import Frame, LookName, Matte
from humanseg.pipeline.process import Output, process_video
from humanseg.sources.colour import ToRgb
from humanseg.sources.video_file import VideoFileSource

MAGENTA = np.array([255, 0, 255])
SIZE = (96, 64)


def scene(index: int, size: tuple[int, int]) -> Any:
    """A red disc with a soft edge over a green room; the red matter takes red for alpha."""
    width, height = size
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    distance = np.hypot(column - width / 2 - index, row - height / 2)
    alpha = np.clip((height / 3 - distance) / 6 + 0.5, 0, 1)[:, :, None]
    return np.rint(alpha * np.array((255, 60, 40)) + (1 - alpha) * np.array((0, 200, 60))).astype(np.uint8)


def cut_outs(path: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Colour and alpha of each frame, with libvpx for VP9: FFmpeg's own decoder leaves alpha out."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if stream.codec_context.name == "vp9":
            decoder: Any = av.CodecContext.create("libvpx-vp9", "r")
            pictures = [picture for packet in container.demux(stream) for picture in decoder.decode(packet)]
        else:
            pictures = list(container.decode(stream))
    for picture in pictures:
        if picture.format.name == "gbrap16le":
            rgba = picture.to_ndarray()
            yield (rgba[:, :, :3] // 257).astype(np.uint8), rgba[:, :, 3] / 65535
            continue
        assert picture.format.name.startswith("yuva")
        bits = picture.format.components[3].bits
        plane: Any = picture.planes[3]
        numbers = np.frombuffer(plane, np.uint8 if bits == 8 else np.uint16).reshape(plane.height, -1)
        yield ToRgb((picture.width, picture.height))(picture), numbers[:, : picture.width] / (2**bits - 1)


def pictures(folder: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    for path in sorted(folder.iterdir()):
        bgra: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        levels = np.iinfo(bgra.dtype).max
        yield (bgra[:, :, 2::-1] // (levels // 255)).astype(np.uint8), bgra[:, :, 3] / levels


def over_magenta(rgb: NDArray[np.uint8], alpha: NDArray[np.float64]) -> Any:
    return alpha[:, :, None] * rgb + (1 - alpha[:, :, None]) * MAGENTA


@pytest.mark.parametrize(
    ("name", "pixel_format", "tolerance"),
    [
        ("out.mov", "yuva444p12le", 8),  # the 10 bits of ProRes, which FFmpeg decodes to 12
        ("out.mkv", "gbrap16le", 4.6),
        ("out.webm", "yuva420p", 30),  # colours at half the resolution
        ("out/%03d.png", None, 4.6),
        ("out/%03d.webp", None, 4.6),
    ],
)
def test_a_cut_out_over_magenta_is_our_own_composite(
    name: str, pixel_format: str | None, tolerance: float, media: Any, red: Any
) -> None:
    clip = media.clip("room.mkv", codec="ffv1", pixel_format="bgr0", frames=5, size=SIZE, picture=scene)
    output = media.folder / name
    result = process_video(clip, Output(path=output, look="transparent", quality=4), matter=red)
    assert result.frames == 5
    made = list(cut_outs(output) if pixel_format else pictures(output.parent))
    if pixel_format:
        with av.open(str(output)) as container:
            stream = container.streams.video[0]
            wanted = {"yuva420p": "yuv420p", "yuva444p12le": "yuva444p12le"}.get(pixel_format, pixel_format)
            assert stream.codec_context.pix_fmt == wanted
    sources = list(VideoFileSource(clip))
    assert len(made) == len(sources)
    compositor = Compositor(parse_background("#ff00ff"))
    for frame, (rgb, alpha) in zip(sources, made, strict=True):
        matte = red.matte(frame)
        expected = compositor.composite(frame, matte).rgb
        difference = np.abs(over_magenta(rgb, alpha) - expected)
        assert difference.max() <= tolerance
        assert difference.mean() <= tolerance / 5
        assert np.abs(alpha - matte.alpha).max() <= (0.04 if pixel_format == "yuva420p" else 0.0021)


@pytest.mark.parametrize("look", ["composite", "alpha", "foreground", "transparent"])
def test_prores_says_what_its_colours_mean(look: LookName, media: Any, red: Any) -> None:
    tags = {"colorspace": 6, "color_range": 1, "color_primaries": 5, "color_trc": 6}
    clip = media.clip(frames=2, size=SIZE, picture=scene, **tags)
    process_video(clip, Output(path=media.folder / "out.mov", look=look, codec="prores"), matter=red)
    with av.open(str(media.folder / "out.mov")) as container:
        for picture in container.decode(video=0):
            assert picture.colorspace == 6
            assert (picture.color_primaries, picture.color_trc, picture.color_range) == (5, 6, 1)


def test_the_webm_says_that_it_has_alpha(media: Any, red: Any) -> None:
    clip = media.clip(frames=3, size=SIZE, picture=scene)
    process_video(clip, Output(path=media.folder / "out.webm", look="transparent"), matter=red)
    with av.open(str(media.folder / "out.webm")) as container:
        assert container.streams.video[0].metadata["alpha_mode"] == "1"


def test_several_looks_are_made_in_one_pass(media: Any, red: Any) -> None:
    clip = media.clip(frames=4, size=SIZE, picture=scene, sound=["aac"])
    names = {"composite": "c.mp4", "alpha": "a.mp4", "foreground": "f.mov", "transparent": "t.mov"}
    outputs = [Output(path=media.folder / name, look=look) for look, name in names.items()]  # type: ignore[arg-type]
    result = process_video(clip, outputs, background="#ff00ff", matter=red)
    assert result.outputs == tuple(media.folder / name for name in names.values())
    for name in names.values():
        assert media.times(media.folder / name) == media.times(clip)
        assert media.sounds(media.folder / name) == media.sounds(clip)
    grey = list(VideoFileSource(media.folder / "a.mp4"))[2]
    alpha = red.matte(list(VideoFileSource(clip))[2]).alpha
    assert np.abs(grey.rgb / 255 - alpha[:, :, None]).max() < 0.06
    composite = list(VideoFileSource(media.folder / "c.mp4"))[2]
    assert np.abs(composite.rgb[2, 2].astype(int) - MAGENTA).max() <= 4


def matted(alpha: NDArray[np.float32], person: tuple[int, ...], room: tuple[int, ...]) -> tuple[Frame, Matte]:
    share = alpha[:, :, None]
    rgb = np.rint(share * np.array(person) + (1 - share) * np.array(room)).astype(np.uint8)
    return Frame(rgb=rgb), Matte(alpha=alpha)


def ramp() -> NDArray[np.float32]:
    """A person on the left, an edge 20 pixels wide, a room on the right."""
    return np.tile(np.clip((150 - np.arange(300)) / 20 + 0.5, 0, 1), (360, 1)).astype(np.float32)


def test_the_edge_has_the_persons_colour_and_not_the_rooms() -> None:
    frame, matte = matted(ramp(), (200, 120, 90), (0, 255, 0))
    edge = own_colour(frame, matte)[:, 140:160].astype(int)
    assert np.abs(edge - (200, 120, 90)).max() <= 20
    taken = frame.rgb[:, 140:160].astype(int)
    assert np.abs(taken - (200, 120, 90)).max() > 100  # the frame's own edge is half green


def test_where_the_person_is_opaque_the_colour_is_the_frames_own() -> None:
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (40, 60, 3), np.uint8)
    alpha = np.zeros((40, 60), np.float32)
    alpha[10:30, 10:50] = 1
    colour = own_colour(Frame(rgb=rgb), Matte(alpha=alpha))
    assert np.abs(colour[10:30, 10:50].astype(int) - rgb[10:30, 10:50]).max() <= 1


@pytest.mark.parametrize("faint", [0.0, 0.02])
def test_nothing_of_the_room_is_hidden_under_the_alpha(faint: float) -> None:
    rng = np.random.default_rng(5)
    room = rng.integers(100, 256, (360, 300, 3), np.uint8)  # bright and full of detail
    alpha = np.maximum(ramp(), np.float32(faint))
    share = ramp()[:, :, None]
    frame = Frame(rgb=np.rint(share * np.array((90, 30, 30)) + (1 - share) * room).astype(np.uint8))
    names: tuple[LookName, ...] = ("transparent", "foreground")
    for name in names:
        look = look_of(name, parse_background("blur"))
        hidden = look.composite(frame, Matte(alpha=alpha)).rgb[:, 200:].astype(float)
        detail = np.corrcoef(hidden.ravel(), room[:, 200:].ravel())[0, 1] if hidden.std() else 0.0
        assert hidden.max() <= 255 * 16 * faint + 1
        assert faint or not detail


def test_an_estimated_foreground_is_taken_as_it_is() -> None:
    frame, matte = matted(ramp(), (200, 120, 90), (0, 255, 0))
    estimated = np.full(frame.rgb.shape, (10, 20, 30), np.uint8)
    colour = own_colour(frame, Matte(alpha=matte.alpha, foreground=estimated))
    assert (colour[matte.alpha >= 1 / 16] == (10, 20, 30)).all()
    assert not (colour[:, -40:]).any()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (Output(path=Path("out.mp4"), look="transparent"), "cannot be transparent"),
        (Output(path=Path("out.mov"), look="transparent", codec="h264"), "cannot hold transparent video as h264"),
        (Output(path=Path("out.webm"), codec="h264"), "cannot hold video as h264"),
        (Output(path=Path("out/%d-%d.png")), "where the number goes"),
        (Output(path=Path("out/%05d.mp4")), "no kind of picture"),
        (Output(path=Path("%05d.png")), "no folder of its own"),
    ],
)
def test_what_cannot_be_written_is_one_clear_error(
    output: Output, message: str, media: Any, red: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = media.clip(frames=3, size=SIZE)
    monkeypatch.chdir(media.folder)
    with pytest.raises(SinkError, match=message) as caught:
        process_video(clip, output, matter=red)
    assert caught.value.hint
    assert media.names() == ["clip.mp4"]

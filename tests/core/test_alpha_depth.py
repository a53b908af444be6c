"""A smooth alpha, read back: as many levels as the file can hold, each where it belongs."""

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.compositing.looks import own_colour
from humanseg.frames import Frame, LookName, Matte
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.target import Target
from humanseg.sinks import destination
from humanseg.sources.video_file import VideoFileSource

LEVELS = 1001
SIZE = (LEVELS + 1, 16)
RAMP = np.tile(np.append(np.linspace(0, 1, LEVELS), 1), (SIZE[1], 1)).astype(np.float32)


class Ramp:
    """A matter whose every alpha is the ramp; the rest of it is a real one's."""

    def __init__(self, real: Any) -> None:
        self.model, self.engine, self.options = real.model, real.engine, real.options

    def reset(self) -> None: ...

    def matte(self, frame: Frame) -> Matte:
        return Matte(alpha=RAMP)


def colours(index: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Every code of every channel, somewhere."""
    column, row = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    return np.stack([column % 256, (column * 7 + row) % 256, (255 - column) % 256], axis=-1).astype(np.uint8)


@pytest.fixture
def clip(media: Any) -> Path:
    path: Path = media.clip("room.mkv", codec="ffv1", pixel_format="bgr0", frames=2, size=SIZE, picture=colours)
    return path


def planes(path: Path) -> tuple[str, list[NDArray[np.float64]]]:
    """Pixel format and planes, as numbers, of the last picture of a file."""
    with av.open(str(path)) as container:
        picture = list(container.decode(video=0))[-1]
    half = "f16" in picture.format.name
    kind: Any = np.float16 if half else np.uint8 if picture.format.components[0].bits == 8 else np.uint16
    found = []
    for plane in picture.planes:
        buffer: Any = plane
        found.append(np.frombuffer(buffer, kind).reshape(plane.height, -1)[:, : plane.width].astype(float))
    return picture.format.name, found


def alpha_of(path: Path, look: LookName) -> NDArray[np.float64]:
    """The alpha that a file holds, 0 to 1, read as its format defines it."""
    if path.suffix in (".png", ".webp"):
        image: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if look == "alpha" and image.ndim == 3:
            assert (image == image[:, :, :1]).all()
        picture = image if image.ndim == 2 else image[:, :, 3 if look == "transparent" else 0]
        share: NDArray[np.float64] = picture / np.iinfo(image.dtype).max
        return share
    name, found = planes(path)
    numbers = found[-1] if look == "transparent" else found[0]
    if "f16" in name:
        return numbers
    if name in ("gray16le", "gbrap16le"):
        return numbers / 65535
    assert name in ("yuva444p12le", "yuv444p12le")  # FFmpeg decodes the 10 bits of ProRes to 12
    return numbers / 4095 if look == "transparent" else (numbers - 256) / (3760 - 256)


@pytest.mark.parametrize(
    ("name", "look", "levels", "tolerance"),
    [
        ("out.mkv", "transparent", LEVELS, 1 / 65535),
        ("out.mkv", "alpha", LEVELS, 1 / 65535),
        ("out/%d.png", "transparent", LEVELS, 1 / 65535),
        ("out/%d.png", "alpha", LEVELS, 1 / 65535),
        ("out/%d.exr", "transparent", LEVELS, 2**-11),
        ("out/%d.exr", "alpha", LEVELS, 2**-11),
        ("out.mov", "transparent", LEVELS, 1 / 1023),
        ("out.mov", "alpha", 850, 1 / 876),  # the limited range of 10 bits, not without loss
        ("out/%d.webp", "transparent", 256, 1 / 255),
        ("out/%d.webp", "alpha", 256, 1 / 255),
    ],
)
def test_a_smooth_alpha_keeps_what_the_file_can_hold(
    name: str, look: LookName, levels: int, tolerance: float, clip: Path, media: Any, red: Any
) -> None:
    codec = {"out.mov": "prores", "out.mkv": "ffv1"}.get(name)
    process_video(clip, Output(path=media.folder / name, look=look, codec=codec), matter=Ramp(red))  # type: ignore[arg-type]
    made = alpha_of(media.folder / name.replace("%d", "2"), look)
    assert made.shape == RAMP.shape
    assert np.abs(made - RAMP).max() <= tolerance
    found = len(np.unique(made))
    assert found >= levels if codec == "prores" else found == levels


@pytest.mark.parametrize("name", ["out.mkv", "out/%d.png"])
def test_the_colours_beside_a_deep_alpha_are_those_of_8_bits(name: str, clip: Path, media: Any, red: Any) -> None:
    process_video(clip, Output(path=media.folder / name, look="transparent"), matter=Ramp(red))  # type: ignore[arg-type]
    if name == "out.mkv":
        format_name, (green, blue, red_plane, _) = planes(media.folder / name)
        assert format_name == "gbrap16le"
        made = np.stack([red_plane, green, blue], axis=-1)
    else:
        image: Any = cv2.imread(str(media.folder / "out" / "2.png"), cv2.IMREAD_UNCHANGED)
        made = image[:, :, 2::-1].astype(float)
    frame = list(VideoFileSource(clip))[1]
    assert np.array_equal(made, own_colour(frame, Matte(alpha=RAMP)) * 257.0)


def test_a_grey_film_is_read_as_grey(clip: Path, media: Any, red: Any) -> None:
    output = Output(path=media.folder / "out.mkv", look="alpha", codec="ffv1")
    process_video(clip, output, matter=Ramp(red))  # type: ignore[arg-type]
    shown = list(VideoFileSource(media.folder / "out.mkv"))[1].rgb
    assert np.abs(shown - RAMP[:, :, None] * 255).max() <= 0.51


def test_pictures_of_another_depth_are_another_job(clip: Path, media: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(path=media.folder / "out" / "%d.png", look="alpha")
    info = VideoFileSource(clip).info
    deep = Target(output, info, {}).hash
    assert deep == Target(output, info, {}).hash
    monkeypatch.setattr(destination, "depth_of", lambda sequence, **kind: "8")
    assert deep != Target(output, info, {}).hash

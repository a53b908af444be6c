"""EXR pictures, read back with FFmpeg's decoder: linear light, half floats, premultiplied."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.compositing.looks import own_colour
from humanseg.pipeline.process import Output, process_video
from humanseg.sources.video_file import VideoFileSource

SIZE = (62, 48)


def scene(index: int, size: tuple[int, int]) -> Any:
    """A red person with a soft edge in a green room."""
    column = np.tile(np.arange(size[0]), (size[1], 1))
    alpha = np.clip((size[0] / 2 + index - column) / 12, 0, 1)[:, :, None]
    return np.rint(alpha * np.array((255, 90, 30)) + (1 - alpha) * np.array((0, 150, 70))).astype(np.uint8)


def read(path: Path) -> NDArray[np.float64]:
    """HxWxC: red, green, blue and, if there is one, alpha."""
    with av.open(str(path)) as container:
        [frame] = container.decode(video=0)
    assert frame.format.name in ("gbrpf16le", "gbrapf16le")  # half floats
    planes = []
    for plane in frame.planes:
        buffer: Any = plane
        planes.append(np.frombuffer(buffer, np.float16).reshape(frame.height, -1)[:, : frame.width].astype(float))
    green, blue, red, *alpha = planes
    return np.stack([red, green, blue, *alpha], axis=-1)


def linear(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    share = codes / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


@pytest.fixture
def clip(media: Any) -> Path:
    path: Path = media.clip("room.mkv", codec="ffv1", pixel_format="bgr0", frames=3, size=SIZE, picture=scene)
    return path


def test_a_cut_out_is_linear_and_multiplied_with_its_alpha(clip: Path, media: Any, red: Any) -> None:
    process_video(clip, Output(path=media.folder / "made" / "%04d.exr", look="transparent"), matter=red)
    paths = sorted((media.folder / "made").iterdir())
    assert [path.name for path in paths] == ["0001.exr", "0002.exr", "0003.exr"]
    for frame, path in zip(VideoFileSource(clip), paths, strict=True):
        matte = red.matte(frame)
        rgba = read(path)
        assert np.abs(rgba[:, :, 3] - matte.alpha).max() <= 0.0005  # finer than eight bits
        expected = linear(own_colour(frame, matte)) * matte.alpha[:, :, None]
        assert np.abs(rgba[:, :, :3] - expected).max() <= 0.001
        assert (rgba[matte.alpha == 0] == 0).all()


def test_a_composite_has_no_alpha_and_an_alpha_keeps_its_numbers(clip: Path, media: Any, red: Any) -> None:
    outputs = [
        Output(path=media.folder / "composite" / "%d.exr"),
        Output(path=media.folder / "alpha" / "%d.exr", look="alpha"),
    ]
    process_video(clip, outputs, background="#336699", matter=red)
    composite = read(media.folder / "composite" / "2.exr")
    assert composite.shape == (SIZE[1], SIZE[0], 3)
    assert np.abs(composite[-1, -1] - linear(np.array((0x33, 0x66, 0x99), np.uint8))).max() <= 0.001
    alpha = red.matte(list(VideoFileSource(clip))[1]).alpha
    assert np.abs(read(media.folder / "alpha" / "2.exr") - alpha[:, :, None]).max() <= 0.0025

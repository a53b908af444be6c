"""What the network sees: its size, and every number in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humanseg.matting.preprocess import network_size, to_tensor

NO_MEAN, NO_STD = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("frame", "network"),
    [
        ((1280, 720), (320, 192)), ((1920, 1080), (320, 192)), ((720, 1280), (192, 320)), ((640, 480), (288, 224)),
        ((1000, 1000), (256, 256)), ((3440, 1440), (384, 160)), ((320, 192), (320, 192)),
        ((1, 1), (32, 32)), ((100, 100), (96, 96)), ((2, 4000), (32, 1920)), ((100_000, 1), (1920, 32)),
    ],
)  # fmt: skip
def test_the_sizes_of_well_known_frames(frame: tuple[int, int], network: tuple[int, int]) -> None:
    assert network_size(frame, 61440, 32) == network


@settings(deadline=None)  # a busy machine is no failure
@given(
    height=st.integers(64, 4320),
    aspect=st.floats(1 / 3, 3),
    cells=st.integers(40, 400),
    multiple=st.sampled_from([8, 16, 32, 64]),
)
def test_a_large_frame_gets_about_the_budget_at_about_its_aspect(
    height: int, aspect: float, cells: int, multiple: int
) -> None:
    width, pixels = max(1, round(height * aspect)), cells * multiple**2
    wide, high = network_size((width, height), pixels, multiple)
    assert wide % multiple == high % multiple == 0
    assert wide >= multiple
    assert high >= multiple
    if width * height >= pixels and 1 / 3 <= width / height <= 3:
        assert 0.6 <= wide * high / pixels <= 1.4
        assert 0.75 <= (wide / high) / (width / height) <= 1.35


@settings(deadline=None)
@given(width=st.integers(1, 8000), height=st.integers(1, 8000))
def test_no_frame_is_enlarged_by_more_than_the_rounding_nor_costs_more_than_the_budget(width: int, height: int) -> None:
    wide, high = network_size((width, height), 61440, 32)
    assert wide % 32 == high % 32 == 0
    assert 32 <= wide <= max(32, width + 16)
    assert 32 <= high <= max(32, height + 16)
    assert wide * high <= 1.4 * 61440


@settings(deadline=None)
@given(width=st.integers(1, 8000), height=st.integers(1, 8000))
def test_a_turned_frame_gets_the_turned_size(width: int, height: int) -> None:
    assert network_size((width, height), 61440, 32) == network_size((height, width), 61440, 32)[::-1]


def test_each_channel_has_its_own_mean_and_std_and_stays_in_its_place() -> None:
    random = np.random.default_rng(0)
    rgb = random.integers(0, 256, (32, 64, 3), np.uint8)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    tensor = to_tensor(rgb, (64, 32), mean, std)
    expected = ((rgb / 255 - mean) / std).transpose(2, 0, 1)[np.newaxis]
    np.testing.assert_allclose(tensor, expected, atol=2e-6)
    assert tensor.dtype == np.float32
    assert (tensor.shape, tensor.flags.c_contiguous) == ((1, 3, 32, 64), True)


def test_shrinking_averages_whole_areas() -> None:
    """Every pixel counts, or thin things flicker: each output pixel is the mean of its 4x4."""
    rgb = np.random.default_rng(1).integers(0, 256, (128, 256, 3), np.uint8)
    tensor = to_tensor(rgb, (64, 32), NO_MEAN, NO_STD)
    means = rgb.reshape(32, 4, 64, 4, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    np.testing.assert_allclose(tensor[0] * 255, means, atol=1.01)  # it is halved twice, and rounded to uint8 each time


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (31, 7), (33, 500)])
def test_any_frame_can_be_grown_or_squeezed(size: tuple[int, int]) -> None:
    rgb = np.full((size[1], size[0], 3), (255, 0, 51), np.uint8)
    rgb.flags.writeable = False
    tensor = to_tensor(rgb, (64, 32), NO_MEAN, NO_STD)
    np.testing.assert_allclose(tensor[0].mean(axis=(1, 2)), [1, 0, 0.2], atol=1e-6)


def test_views_are_taken_as_they_are_seen() -> None:
    bgr = np.random.default_rng(2).integers(0, 256, (40, 70, 3), np.uint8)
    for view in (bgr[:, :, ::-1], bgr[::-1], bgr[::2, 3:50]):
        expected = to_tensor(np.ascontiguousarray(view), (64, 32), NO_MEAN, NO_STD)
        np.testing.assert_array_equal(to_tensor(view, (64, 32), NO_MEAN, NO_STD), expected)

"""Threshold, shift and feather: their off values, their measures, and what they never do."""

import re

import numpy as np
import pytest

from humanseg.matting import MattingOptions
from humanseg.matting.adjust import adjust

RANDOM = np.random.default_rng(0)
OFF = MattingOptions()
EACH = [
    MattingOptions(threshold=0.02), MattingOptions(threshold=0.5), MattingOptions(threshold=0.98),
    MattingOptions(shift=0.02), MattingOptions(shift=-0.003), MattingOptions(shift=0.00001),
    MattingOptions(feather=0.05), MattingOptions(feather=0.004), MattingOptions(feather=0.00001),
    MattingOptions(threshold=0.5, shift=-0.01, feather=0.02),
]  # fmt: skip


def half(height: int) -> np.ndarray:
    """Person on the left half, the room on the right."""
    alpha = np.zeros((height, 2 * height), np.float32)
    alpha[:, :height] = 1
    return alpha


def width(alpha: np.ndarray) -> float:
    """How far the person reaches in the middle row, in pixels and parts of them."""
    return float(alpha[len(alpha) // 2].sum())


def test_off_gives_the_very_alpha() -> None:
    alpha = RANDOM.random((36, 64), np.float32)
    assert adjust(alpha, OFF) is alpha


def test_a_threshold_parts_alpha_there_with_a_narrow_ramp() -> None:
    alpha = np.linspace(0, 1, 101, dtype=np.float32).reshape(1, -1)
    cut = adjust(alpha, MattingOptions(threshold=0.6))[0]
    np.testing.assert_allclose(cut, np.clip((alpha[0] - 0.55) * 10, 0, 1), atol=1e-5)
    assert cut[60] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("height", [360, 720])
@pytest.mark.parametrize("shift", [-0.02, -0.0055, -0.0004, 0.0004, 0.0055, 0.02])
def test_a_shift_moves_the_outline_by_that_part_of_the_height(height: int, shift: float) -> None:
    moved = adjust(half(height), MattingOptions(shift=shift))
    assert width(moved) - height == pytest.approx(shift * height, abs=1e-3)


def test_a_shift_is_as_far_on_the_diagonal() -> None:
    alpha = np.zeros((400, 400), np.float32)
    rows, columns = np.mgrid[:400, :400]
    alpha[np.hypot(rows - 200, columns - 200) < 100] = 1
    for shift in (0.02, -0.02):
        radii = np.sqrt(adjust(alpha, MattingOptions(shift=shift)).sum() / np.pi)
        assert radii - 100 == pytest.approx(400 * shift, abs=0.8)


@pytest.mark.parametrize("height", [360, 1080])
@pytest.mark.parametrize("feather", [0.005, 0.02, 0.05])
def test_a_feather_softens_inwards_over_that_part_of_the_height(height: int, feather: float) -> None:
    alpha = half(height)
    soft = adjust(alpha, MattingOptions(feather=feather))
    assert (soft <= alpha).all(), "the room would show"
    row = soft[height // 2]
    assert row[: height - round(1.5 * feather * height)].min() > 0.98
    assert row[height - 1] < 0.5
    half_way = np.count_nonzero(row[:height] < 0.5)
    assert half_way == pytest.approx(0.34 * feather * height, abs=1.5)


@pytest.mark.parametrize("options", EACH)
def test_nobody_and_nothing_but_somebody_stay_so(options: MattingOptions) -> None:
    for size in ((360, 640), (1, 1), (2, 500)):
        for value in (0, 1):
            np.testing.assert_allclose(adjust(np.full(size, value, np.float32), options), value, atol=1e-6)


@pytest.mark.parametrize("options", EACH)
@pytest.mark.parametrize("shape", [(90, 160), (1, 1), (3, 2), (2, 500), (91, 33)])
def test_any_alpha_gives_alpha_and_is_only_read(options: MattingOptions, shape: tuple[int, int]) -> None:
    alpha = RANDOM.random(shape, np.float32)
    alpha.flags.writeable = False
    adjusted = adjust(alpha, options)
    assert (adjusted.shape, adjusted.dtype.name) == (shape, "float32")
    assert np.isfinite(adjusted).all()
    assert adjusted.min() >= 0
    assert adjusted.max() <= 1


@pytest.mark.parametrize(
    ("name", "values"),
    [("smoothing", (-0.1, 1.1)), ("threshold", (-0.1, 1)), ("shift", (-0.021, 0.021)), ("feather", (-0.001, 0.051))],
)
def test_options_out_of_range_are_named(name: str, values: tuple[float, ...]) -> None:
    for value in (*values, float("nan")):
        with pytest.raises(ValueError, match=re.escape(f"{name} is {value}; it must be from")):
            MattingOptions(**{name: value})  # type: ignore[arg-type]

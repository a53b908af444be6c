"""The flicker figure: of alpha alone, where the picture stands still."""

import numpy as np
import pytest

from humanseg.matting.flicker import Flicker

ROOM = np.full((90, 160, 3), 120, np.uint8)


def alpha(level: float) -> np.ndarray:
    return np.full((90, 160), level, np.float32)


def test_it_is_the_change_of_alpha_in_thousandths() -> None:
    meter = Flicker()
    for level in (0.5, 0.52, 0.48):
        meter.add(ROOM, alpha(level))
    assert meter.mean == pytest.approx(30.0, rel=1e-4), "20, then 40"


def test_what_moves_does_not_count() -> None:
    meter = Flicker()
    moved = ROOM.copy()
    moved[:, 80:] = 200
    after = alpha(0.5)
    after[:, 90:] = 1.0  # as far from the edge as the blur against noise sees
    meter.add(ROOM, alpha(0.5))
    meter.add(moved, after)
    assert meter.mean == 0.0


def test_only_the_last_frames_count_and_fewer_pixels_say_the_same() -> None:
    recent, sampled = Flicker(frames=2), Flicker(stride=4)
    for k in range(6):
        level = 0.5 + (0.1 * (k % 2) if k < 3 else 0.02 * (k % 2))
        recent.add(ROOM, alpha(level))
        sampled.add(ROOM, alpha(level))
    assert recent.mean == pytest.approx(20.0, rel=1e-4)
    assert sampled.mean == pytest.approx((100 + 100 + 20 + 20 + 20) / 5, rel=1e-4)


def test_another_size_or_clip_begins_anew() -> None:
    meter = Flicker()
    assert meter.mean is None
    meter.add(ROOM, alpha(0.0))
    meter.add(ROOM[:45], alpha(1.0)[:45])
    assert meter.mean is None
    meter.add(ROOM[:45], alpha(0.9)[:45])
    assert meter.mean == pytest.approx(100.0, rel=1e-4)
    meter.reset()
    assert meter.mean is None

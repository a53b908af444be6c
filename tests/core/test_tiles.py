"""Squares of a picture that cover what is marked on a smaller one, and what that one is there."""

import cv2
import numpy as np
import pytest

from humanseg.tiles import enlarged, marked_runs

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("share", [0, 0.002, 0.05, 1])
@pytest.mark.parametrize("reach", [0, 1, 3])
@pytest.mark.parametrize(
    ("shape", "small", "side"),
    [((720, 1280), (180, 320), 48), ((721, 1283), (224, 384), 64), ((97, 33), (97, 33), 16), ((7, 5), (32, 32), 48)],
)
def test_each_square_that_a_mark_touches_is_in_one_part_and_no_other_square(
    shape: tuple[int, int], small: tuple[int, int], side: int, reach: int, share: float
) -> None:
    marks = RANDOM.random(small) < share
    expected = np.zeros(shape, int)
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            # The part of the small picture that the square covers, pixels at its edge as a whole.
            rows, columns = (
                slice(
                    max(0, int(np.floor(start * few / whole)) - reach),
                    int(np.ceil(min(start + side, whole) * few / whole)) + reach,
                )
                for start, few, whole in zip((top, left), small, shape, strict=True)
            )
            expected[top : top + side, left : left + side] = marks[rows, columns].any()
    covered = np.zeros(shape, int)
    runs = marked_runs(marks, shape, side, reach=reach)
    for part in runs:
        covered[part] += 1
    np.testing.assert_array_equal(covered, expected)
    ends = {(rows.start, columns.stop) for rows, columns in runs}
    assert not any((rows.start, columns.start) in ends for rows, columns in runs), "neighbours are one part"


def test_without_a_mark_there_is_nothing_to_do() -> None:
    assert marked_runs(np.zeros((9, 16), bool), (90, 160), 48) == []


@pytest.mark.parametrize("channels", [(), (4,)])
@pytest.mark.parametrize(
    "part", [(slice(0, 48), slice(0, 336)), (slice(672, 721), slice(960, 1283)), (slice(240, 288), slice(480, 528))]
)
def test_a_part_enlarged_is_that_part_of_all_enlarged(part: tuple[slice, slice], channels: tuple[int, ...]) -> None:
    small = RANDOM.random((112, 192, *channels), np.float32)
    whole = cv2.resize(small, (1283, 721), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(enlarged(small, part, (721, 1283)), whole[part], atol=1e-4)

import numpy as np
import pytest
import torch

from humanseg.errors import SettingsError
from humanseg_train import metrics
from humanseg_train.losses import LOSSES, WeightedSum


def square(left: int, top: int, side: int, size: int = 320) -> np.ndarray:
    alpha = np.zeros((size, size), np.float32)
    alpha[top : top + side, left : left + side] = 1
    return alpha


def test_known_overlaps() -> None:
    a, b = square(0, 0, 100), square(50, 0, 100)
    assert metrics.iou(a, b) == pytest.approx(1 / 3)
    assert metrics.dice(a, b) == pytest.approx(1 / 2)
    assert metrics.accuracy(a, b) == pytest.approx(1 - 10_000 / 320**2)
    assert metrics.mae(a, b) == pytest.approx(10_000 / 320**2)


def test_boundary_iou_of_nested_squares() -> None:
    # Bands 3 px wide inside squares of 100 and 98 px, one pixel apart on each side: they share two rings of three.
    rings = [4 * (side - 1) for side in (100, 98, 96, 94)]
    assert metrics.boundary_iou(square(100, 100, 100), square(101, 101, 98)) == pytest.approx(
        sum(rings[1:3]) / sum(rings)
    )


def test_boundary_iou_does_not_depend_on_resolution() -> None:
    small = metrics.boundary_iou(square(100, 100, 100), square(104, 100, 100))
    large = metrics.boundary_iou(square(300, 300, 300, 960), square(312, 300, 300, 960))
    assert large == pytest.approx(small)


def test_two_empty_pictures_agree_and_an_invented_person_does_not() -> None:
    empty = np.zeros((20, 30), np.float32)
    assert metrics.iou(empty, empty) == metrics.dice(empty, empty) == metrics.boundary_iou(empty, empty) == 1
    assert metrics.iou(square(0, 0, 5, 20)[:, :20], np.zeros((20, 20), np.float32)) == 0


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_least_at_the_truth_and_has_a_gradient(name: str) -> None:
    alpha = torch.zeros(2, 1, 32, 32)
    alpha[:, :, 8:24, 8:24] = 1
    right = LOSSES[name](20 * (alpha - 0.5), alpha)
    logits = torch.zeros_like(alpha, requires_grad=True)
    undecided = LOSSES[name](logits, alpha)
    undecided.backward()  # type: ignore[no-untyped-call]
    assert right < 0.01 < undecided
    assert logits.grad is not None
    assert logits.grad[alpha == 1].sum() < 0 < logits.grad[alpha == 0].sum(), "the gradient leads to the truth"


@pytest.mark.parametrize("name", LOSSES)
def test_an_empty_picture_predicted_empty_costs_nothing(name: str) -> None:
    assert LOSSES[name](torch.full((1, 1, 16, 16), -30.0), torch.zeros(1, 1, 16, 16)) == pytest.approx(0, abs=1e-6)


def test_weighted_sum_and_unknown_loss() -> None:
    logits, alpha = torch.randn(1, 1, 16, 16), torch.rand(1, 1, 16, 16)
    total, parts = WeightedSum({"bce": 2.0, "dice": 0.5})(logits, alpha)
    assert total == pytest.approx(float(2 * parts["bce"] + 0.5 * parts["dice"]))
    with pytest.raises(SettingsError, match="no loss dise"):
        WeightedSum({"dise": 1.0})

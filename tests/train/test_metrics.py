import cv2
import numpy as np
import pytest
import torch

from humanseg.errors import SettingsError
from humanseg_train import metrics
from humanseg_train.lighting import lighting
from humanseg_train.losses import LOSSES, WeightedSum
from humanseg_train.sequences import Steadiness


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


def test_matting_errors_grow_with_what_they_measure() -> None:
    true = square(40, 40, 200)
    soft, softer = (np.asarray(cv2.GaussianBlur(true, (0, 0), sigma), np.float32) for sigma in (1, 3))
    half, empty = np.asarray(true * 0.5, np.float32), np.zeros_like(true)
    assert metrics.grad(true, true) == metrics.conn(true, true) == metrics.mse(true, true) == 0
    assert metrics.mse(np.full((10, 10), 0.5, np.float32), np.zeros((10, 10), np.float32)) == pytest.approx(0.25)
    assert metrics.grad(softer, true) > metrics.grad(soft, true) > 0
    # A filter of unit energy gives an edge of height h a gradient of h times the same number at every place on it.
    assert metrics.grad(half, empty) == pytest.approx(0.25 * metrics.grad(true, empty))


def test_conn_counts_what_hangs_loose() -> None:
    true = square(40, 40, 100)
    crumb = true.copy()
    crumb[200:220, 200:220] = 1
    grown = true.copy()
    grown[40:140, 140:144] = 1
    # The crumb joins nothing at any level, so its whole alpha is loose; the truth has nothing there.
    assert metrics.conn(crumb, true) == pytest.approx(400 / 1000)
    assert metrics.conn(grown, true) == pytest.approx(400 / 1000), "what both do not agree on is loose too"
    assert metrics.conn(true, crumb) == pytest.approx(metrics.conn(crumb, true))


def test_precision_and_recall() -> None:
    a, b = square(0, 0, 100), square(50, 0, 100)
    assert metrics.precision(a, b) == metrics.recall(a, b) == pytest.approx(0.5)
    half = a.copy()
    half[50:100] = 0
    assert (metrics.precision(half, a), metrics.recall(half, a)) == (1.0, 0.5)
    empty = np.zeros_like(a)
    assert (metrics.precision(empty, a), metrics.recall(empty, a), metrics.recall(a, empty)) == (1.0, 0.0, 1.0)


def test_micro_counts_pixels_and_the_mean_counts_photographs() -> None:
    small = np.zeros((10, 10), np.float32)
    small[:5] = 1
    pairs = [(small, np.ones((10, 10), np.float32)), (np.ones((40, 40), np.float32), np.ones((40, 40), np.float32))]
    micro = metrics.Micro()
    for predicted, true in pairs:
        micro.add(predicted, true)
    figures = micro.figures()
    assert figures["iou"] == pytest.approx(1650 / 1700)
    assert figures["dice"] == pytest.approx(2 * 1650 / (1650 + 1700))
    assert figures["recall"] == pytest.approx(1650 / 1700)
    assert figures["precision"] == 1.0
    assert figures["mae"] == pytest.approx(50 / 1700)
    assert np.mean([metrics.iou(*pair) for pair in pairs]) == pytest.approx(0.75)


@pytest.mark.parametrize("name", ["iou", "dice", "accuracy", "precision", "recall"])
def test_ours_for_one_photograph_are_those_of_torchmetrics(name: str) -> None:
    random = np.random.default_rng(3)
    predicted, true = random.random((2, 30, 40), np.float32)
    micro = metrics.Micro()
    micro.add(predicted, true)
    assert metrics.METRICS[name](predicted, true) == pytest.approx(micro.figures()[name], abs=1e-6)


def test_a_steady_matte_does_not_flicker_and_a_shimmering_one_does() -> None:
    random = np.random.default_rng(0)
    rgb = np.full((60, 80, 3), 90, np.uint8)
    true = square(20, 20, 30, 80)[:60]
    steady, shimmer, moving = Steadiness(), Steadiness(), Steadiness()
    for k in range(6):
        steady.add(rgb, true, true)
        noisy = np.clip(true + random.normal(0, 0.1, true.shape), 0, 1).astype(np.float32)
        shimmer.add(rgb, noisy, true)
        shifted = np.roll(true, 6 * k, axis=1)
        frame = np.where(shifted[..., None] > 0, np.uint8(220), rgb)
        moving.add(frame, shifted, shifted)
    assert steady.figures() == {"flicker": 0.0, "dtssd": 0.0}
    assert moving.figures()["dtssd"] == 0.0, "the truth changes as much"
    assert moving.figures()["flicker"] < 5, "where the picture changes, alpha may"
    assert shimmer.figures()["flicker"] > 50
    assert shimmer.figures()["dtssd"] > 5
    assert Steadiness().figures() == {}


def test_dtssd_is_what_it_is_defined_as() -> None:
    steadiness = Steadiness()
    zero, rgb = np.zeros((4, 5), np.float32), np.zeros((4, 5, 3), np.uint8)
    for alpha in (zero, zero + np.float32(0.3)):
        steadiness.add(rgb, alpha, zero)
    assert steadiness.figures()["dtssd"] == pytest.approx(30)
    assert steadiness.figures()["flicker"] == pytest.approx(300)


@pytest.mark.parametrize(
    ("person", "room", "light"),
    [(60, 60, "dark"), (200, 180, "bright"), (60, 200, "against the light"), (120, 110, "even light")],
)
def test_the_light_of_a_photograph_is_told_from_its_pixels(person: int, room: int, light: str) -> None:
    rgb = np.full((40, 60, 3), room, np.uint8)
    rgb[10:, 20:40] = person
    alpha = np.zeros((40, 60), np.float32)
    alpha[10:, 20:40] = 1
    assert lighting(rgb, alpha) == light
    assert lighting(rgb, np.zeros_like(alpha)) == lighting(rgb, np.ones_like(alpha)), "nobody is against the light"

"""How near a predicted alpha is to the true one, for one picture.

All take two HxW float32 arrays, 0..1. Those that need a decision take alpha > 0.5 as person. Two empty pictures agree.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.float32]


def iou(predicted: Alpha, true: Alpha) -> float:
    """Intersection over union, 0..1."""
    return _ratio(predicted > 0.5, true > 0.5)


def dice(predicted: Alpha, true: Alpha) -> float:
    """Twice the intersection over the sum of both areas, 0..1."""
    overlap = iou(predicted, true)
    return 2 * overlap / (1 + overlap)


def boundary_iou(predicted: Alpha, true: Alpha) -> float:
    """IoU of the bands along both outlines, inside them, 3 pixels wide in a picture 320 pixels wide.

    Boundary IoU of Cheng et al., CVPR 2021, at a fixed picture width so that resolutions compare.
    """
    small = (320, max(1, round(320 * true.shape[0] / true.shape[1])))
    bands = [_band(cv2.resize(alpha, small, interpolation=cv2.INTER_AREA) > 0.5) for alpha in (predicted, true)]
    return _ratio(bands[0], bands[1])


def accuracy(predicted: Alpha, true: Alpha) -> float:
    """Share of pixels decided right, 0..1."""
    return float(((predicted > 0.5) == (true > 0.5)).mean())


def mae(predicted: Alpha, true: Alpha) -> float:
    """Mean absolute difference of alpha, 0..1; MAD in the matting literature."""
    return float(np.abs(predicted - true).mean())


def precision(predicted: Alpha, true: Alpha) -> float:
    """Share of what is taken for the person that is the person, 0..1; 1 where nothing is taken for it."""
    taken = int((predicted > 0.5).sum())
    return int(((predicted > 0.5) & (true > 0.5)).sum()) / taken if taken else 1.0


def recall(predicted: Alpha, true: Alpha) -> float:
    """Share of the person that is found, 0..1; 1 where there is nobody to find."""
    return precision(true, predicted)


def mse(predicted: Alpha, true: Alpha) -> float:
    """Mean squared difference of alpha, 0..1."""
    return float(np.square(predicted - true).mean())


def grad(predicted: Alpha, true: Alpha) -> float:
    """Gradient error (Rhemann et al. 2009): squared difference of Gaussian gradients (sigma 1.4), summed, in thousands.

    A sum over all pixels: compare it at one resolution only.
    """
    return float(np.square(_slope(predicted) - _slope(true)).sum() / 1000)


def conn(predicted: Alpha, true: Alpha) -> float:
    """Connectivity error of Rhemann et al. 2009: how far parts hang loose from the person, summed, in thousands.

    A pixel is loose by its alpha less the level at which it last hangs together with the largest region that both
    agree on, if that is 0.15 or more; levels are a tenth apart. A sum over all pixels, as `grad`.
    """
    held = np.zeros(true.shape, np.float32)
    loose = np.zeros(true.shape, bool)
    for level in range(1, 11):
        both = (predicted >= level / 10) & (true >= level / 10)
        largest = _largest_region(both)
        loose_now = ~largest & ~loose
        held[loose_now] = (level - 1) / 10
        loose |= loose_now
    held[~loose] = 1.0
    parts = []
    for alpha in (predicted, true):
        distance = alpha - held
        parts.append(1 - distance * (distance >= 0.15))
    return float(np.abs(parts[0] - parts[1]).sum() / 1000)


METRICS = {
    "iou": iou,
    "dice": dice,
    "boundary_iou": boundary_iou,
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "mae": mae,
    "mse": mse,
    "grad": grad,
    "conn": conn,
}
"""Figures of one photograph, by name."""


class Micro:
    """Figures over the pixels of all photographs together: a large photograph counts more than a small one."""

    def __init__(self) -> None:
        from torchmetrics import MeanAbsoluteError, MeanSquaredError, MetricCollection
        from torchmetrics import classification as binary

        # One count of right and wrong pixels serves all five.
        self._decided = MetricCollection(
            {
                "iou": binary.BinaryJaccardIndex(validate_args=False),
                "dice": binary.BinaryF1Score(validate_args=False),
                "accuracy": binary.BinaryAccuracy(validate_args=False),
                "precision": binary.BinaryPrecision(validate_args=False),
                "recall": binary.BinaryRecall(validate_args=False),
            }
        )
        self._errors = MetricCollection({"mae": MeanAbsoluteError(), "mse": MeanSquaredError()})

    def add(self, predicted: Alpha, true: Alpha) -> None:
        """Count one photograph."""
        import torch

        alpha, truth = (torch.from_numpy(np.array(part).ravel()) for part in (predicted, true))
        self._decided.update((alpha > 0.5).int(), (truth > 0.5).int())
        self._errors.update(alpha, truth)

    def figures(self) -> dict[str, float]:
        """The figures by name."""
        return {name: float(value) for name, value in {**self._decided.compute(), **self._errors.compute()}.items()}


def _band(mask: NDArray[np.bool_], reach: int = 3) -> NDArray[np.bool_]:
    """The pixels of the mask within `reach` of its outline; the picture's edge counts as outline."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    core = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=reach)
    return np.asarray((padded - core)[1:-1, 1:-1].astype(bool))


def _slope(alpha: Alpha) -> Alpha:
    """Length of the gradient through a Gaussian of sigma 1.4, both filters of unit energy."""
    reach = np.arange(-4, 5, dtype=np.float64)
    gauss = np.exp(-(reach**2) / (2 * 1.4**2)) / (1.4 * np.sqrt(2 * np.pi))
    change = -reach * gauss / 1.4**2
    energy = np.sqrt(np.square(np.outer(gauss, change)).sum())
    along, across = (
        cv2.sepFilter2D(alpha, cv2.CV_32F, *pair) for pair in ((change / energy, gauss), (gauss / energy, change))
    )
    return np.asarray(np.hypot(along, across), np.float32)


def _largest_region(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count == 1:
        return np.zeros_like(mask)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _ratio(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0

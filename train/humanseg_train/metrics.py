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


METRICS = {"iou": iou, "dice": dice, "boundary_iou": boundary_iou, "accuracy": accuracy, "mae": mae}


def _band(mask: NDArray[np.bool_], reach: int = 3) -> NDArray[np.bool_]:
    """The pixels of the mask within `reach` of its outline; the picture's edge counts as outline."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    core = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=reach)
    return np.asarray((padded - core)[1:-1, 1:-1].astype(bool))


def _ratio(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0

"""The graph's own colours are the CPU's, however far from an outline the sure pixels lie."""

import cv2
import numpy as np
import pytest

from humanseg.compositing.foreground import estimate_foreground
from humanseg.engines.graphs.foreground import own_colour
from humanseg.engines.graphs.writer import FLOAT, GraphWriter
from humanseg.engines.onnx import import_onnxruntime
from humanseg.pipeline.whole_frame import _foreground


@pytest.mark.parametrize("size", [(640, 360), (641, 361)])
@pytest.mark.parametrize("ramp", [0.05, 0.3, 0.8])
def test_own_colours_are_the_cpus(size: tuple[int, int], ramp: float) -> None:
    """An outline so wide that its middle is beyond the nearest window, then beyond the next one too."""
    width, height = size
    chance = np.random.default_rng(0)
    coarse = chance.integers(0, 256, (9, 16, 3), np.uint8)
    rgb = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) / np.float32(ramp) + np.float32(0.5)
    alpha = np.repeat(np.clip(across, 0, 1)[np.newaxis], height, axis=0)
    graph = GraphWriter()
    frame, given = (
        graph.input("frame", FLOAT, (1, 3, height, width)),
        graph.input("alpha", FLOAT, (1, 1, height, width)),
    )
    found = own_colour(graph, frame, given, size, _foreground(size))
    graph.output(found, "found", FLOAT, (1, 3, height, width), "Identity")
    data = graph.finish("foreground").SerializeToString()
    session = import_onnxruntime().InferenceSession(data, providers=["CPUExecutionProvider"])
    planes = rgb.transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    (own,) = session.run(["found"], {"frame": planes, "alpha": alpha[np.newaxis, np.newaxis]})
    mixed = (alpha > 0.01) & (alpha < 0.99)
    apart = np.abs(own[0].transpose(1, 2, 0) - estimate_foreground(rgb, alpha))[mixed]
    assert np.mean(apart > 1.5) < 0.001, f"{np.mean(apart > 1.5):.2%} of the colours are more than a level apart"

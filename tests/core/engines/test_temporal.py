"""A network that sees its last alpha: over many frames the GPU's graph remembers what the CPU path remembers."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnx.parser
import pytest

from humanseg.compositing import Compositor, parse_background
from humanseg.engines.graphs.matte import motion
from humanseg.engines.graphs.writer import FLOAT, GraphWriter
from humanseg.engines.onnx import OnnxEngine, import_onnxruntime
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.frames import Frame
from humanseg.matting import Matter
from humanseg.matting import motion as cpu
from humanseg.matting.options import MattingOptions
from humanseg.models import ModelSpec
from humanseg.pipeline.whole_frame import _steady, frame_shape
from humanseg.sources.demo import DemoSource

SIZE = (320, 180)
NETWORK = """
    <ir_version: 10, opset_import: ["" : 20]>
    net (float[1,3,H,W] frame, float[1,1,H,W] previous) => (float[1,1,H,W] alpha)
    <float[1,3,1,1] colour = {6, -3, -3}, float weight = {3}, float off = {3}> {
        a = AveragePool<kernel_shape=[5,5], pads=[2,2,2,2], count_include_pad=1>(frame)
        c = Conv<kernel_shape=[1,1]>(a, colour)
        p = Mul(previous, weight)
        q = Sub(p, off)
        r = Add(c, q)
        alpha = Sigmoid(r)
    }
"""
"""Warm colours are somebody. What it said before weighs as much as what it sees: so does a mistake in its memory."""


@pytest.fixture
def model(tmp_path: Path) -> ModelSpec:
    data = onnx.parser.parse_model(NETWORK).SerializeToString()
    (tmp_path / "model.onnx").write_bytes(data)
    return ModelSpec(
        folder=tmp_path, format=1, name="temporal", file="model.onnx", sha256=hashlib.sha256(data).hexdigest(),
        pixels=160 * 96, multiple=32, mean=(0.45, 0.45, 0.45), std=(0.25, 0.25, 0.25), input="frame", output="alpha",
        previous="previous",
    )  # fmt: skip


@pytest.fixture(scope="module")
def shown() -> list[Frame]:
    """A person who moves, noise over it, a cut to something else, and back."""
    clip = [frame.rgb for frame in DemoSource(size=SIZE, seconds=0.4)]
    random = np.random.default_rng(5)
    noisy = [np.clip(rgb + random.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8) for rgb in clip[-4:]]
    coarse = random.integers(0, 256, (9, 16, 3), np.uint8)
    other = np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)
    return [Frame(rgb=rgb) for rgb in (*clip, *noisy, other, other, *clip[:4])]


@pytest.mark.parametrize(
    "options", [MattingOptions(), MattingOptions(smoothing=0), MattingOptions(refine=False)], ids=str
)
@pytest.mark.parametrize("words", ["blur", "#00b140"])
def test_every_frame_of_a_sequence_has_the_pixels_of_the_cpu_path(
    gpu: Any, model: ModelSpec, shown: list[Frame], words: str, options: MattingOptions
) -> None:
    background = parse_background(words)
    compositor = Compositor(background)
    shape = frame_shape(model, compositor, SIZE, options)
    assert shape is not None
    late = []
    with (
        Matter(model, OnnxEngine(model, 1), options) as matter,
        Matter(model, OnnxEngine(model, 1), options) as forgetful,
        FrameEngine(model, shape, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache) as engine,
    ):
        if shape.blur is None:
            engine.put_background(background.render(shown[0], None))  # type: ignore[arg-type]
        for number, frame in enumerate(shown):
            want = compositor.composite(frame, matter.matte(frame)).rgb.astype(np.int16)
            apart = np.abs(engine.run(frame.rgb) - want)
            assert np.mean(apart > 2) < 0.001, f"frame {number}: {np.mean(apart > 2):.4%} of the pixels"
            forgetful._network.reset()
            late.append(np.mean(np.abs(compositor.composite(frame, forgetful.matte(frame)).rgb - want) > 2))
    assert min(late[2:12]) > 0.01, "without its memory the picture is another"


def test_motion_is_measured_alike(shown: list[Frame]) -> None:
    smalls = [np.asarray(cv2.resize(frame.rgb, (96, 64), interpolation=cv2.INTER_AREA), np.uint8) for frame in shown]
    graph = GraphWriter()
    change = graph.input("change", FLOAT, (1, 1, 64, 96))
    graph.output(motion(graph, change, (96, 64), _steady(1)), "moving", FLOAT, (1, 1, 64, 96), "Identity")
    library = import_onnxruntime()
    session = library.InferenceSession(graph.finish("motion").SerializeToString(), providers=["CPUExecutionProvider"])
    for before, now in pairwise(smalls):
        difference = cpu._change(before, now)[None, None]
        (moving,) = session.run(["moving"], {"change": difference})
        np.testing.assert_allclose(moving[0, 0], cpu.motion(before, now), atol=1e-4)

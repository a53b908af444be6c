"""`humanseg-train verify`: whether a model folder mattes real photographs as its checkpoint does in torch.

Both run through the `Matter` that every command uses, at the sizes at which users run them, in every engine of this
machine; a folder that also holds the model in 8-bit integers is run in both precisions. A model is accepted if no alpha
is NaN or infinite, the mean IoU falls by at most 0.002, no photograph's alpha differs by more than 0.01 on average (in
integers 0.03: they move the hardest ones further, either way), and in 32 bits no pixel by more than 0.001.

Where TensorRT for RTX is installed and no GPU is, the model must at least build.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

from humanseg.engines import AUTO_ORDER, CPU_ENGINES, UnavailableError, open_engine
from humanseg.errors import EngineError
from humanseg.matting.matter import Matter
from humanseg.matting.options import MattingOptions
from humanseg.models import find_model
from humanseg_train.data.pictures import read_pair
from humanseg_train.data.samples import find_samples
from humanseg_train.metrics import iou
from humanseg_train.torch_engine import checkpoint_matter
from humanseg_train.trial_build import build_without_gpu
from humanseg_train.verdict import EngineCheck, Verification

PHOTOGRAPHS = 24
"""At most so many are compared, taken evenly from the split."""

MAX_IOU_DROP, MAX_MAD, MAX_INT8_MAD, MAX_DIFFERENCE = 0.002, 0.01, 0.03, 1e-3

PLAIN = MattingOptions(refine=False, smoothing=0.0)
"""The network's alpha and nothing else: refinement and smoothing would hide differences, or enlarge them."""

Pair = tuple[NDArray[np.uint8], NDArray[np.float32] | None]
"""A photograph HxWx3, and its true alpha HxW where it is known."""


def verify(
    model: Path | str, checkpoint: Path | str, root: Path | None = None, *, loud: dict[str, float] | None = None
) -> Verification:
    """Hold a model folder against the checkpoint that it came from.

    Args:
        model: the model folder.
        checkpoint: what `fit` wrote.
        root: data set on whose `val` photographs they are compared; without it they matte rendered pictures.
        loud: for the report, what `export` kept in float32.

    Raises:
        HumansegError: the folder, the checkpoint or the data set cannot be used. A model that differs is no error: see
            `Verification.faults`.
    """
    spec = find_model(Path(model))
    pairs, pictures = pictures_to_compare(root)
    half = _is_half(spec.path)
    still = not spec.previous
    with checkpoint_matter(Path(checkpoint), options=PLAIN, still=still) as matter:
        expected = [_twice(matter, rgb) for rgb, _ in pairs]
    checks, absent = [], {}
    runs = [(name, spec.full_precision) for name in AUTO_ORDER]
    runs += [(name, spec) for name in CPU_ENGINES if spec.int8_file]
    for name, run in runs:
        try:
            engine = open_engine(name, run)
        except UnavailableError as error:
            absent[name] = error.problem
            continue
        except EngineError as error:
            checks.append(EngineCheck(engine=name, fault=error.problem))
            continue
        with Matter(run, engine, PLAIN) as matter:
            checks.append(_check(matter, pairs, expected, half=half))
    if "tensorrt" in absent:
        checks += build_without_gpu(spec)
    precision = "fp16" if half else "fp32"
    return Verification(precision=precision, pictures=pictures, checks=tuple(checks), absent=absent, loud=loud)


def _check(
    matter: Matter, pairs: Sequence[Pair], expected: Sequence[NDArray[np.float32]], *, half: bool
) -> EngineCheck:
    name, device = matter.engine.name, matter.engine.device
    found = []
    try:
        found = [_twice(matter, rgb) for rgb, _ in pairs]
    except EngineError as error:  # NaN and infinity among them: a matter refuses those
        return EngineCheck(engine=name, device=device, fault=error.problem)
    differences = [np.abs(one - other) for one, other in zip(found, expected, strict=True)]
    difference, mad = max(float(d.max()) for d in differences), max(float(d.mean()) for d in differences)
    drops = [
        iou(reference, true) - iou(alpha, true)
        for alpha, reference, (_, true) in zip(found, expected, pairs, strict=True)
        if true is not None
    ]
    drop = float(np.mean(drops)) if drops else None
    fault, int8 = "", bool(matter.model.int8_file)
    max_mad = MAX_INT8_MAD if int8 else MAX_MAD
    if not (half or int8) and difference > MAX_DIFFERENCE:
        fault = f"differs from torch by {difference:.2g} in alpha; {MAX_DIFFERENCE:g} is allowed"
    elif mad > max_mad:
        fault = f"differs from torch by {mad:.2g} in the mean alpha of a photograph; {max_mad:g} is allowed"
    elif drop is not None and drop > MAX_IOU_DROP:
        fault = f"loses {drop:.2g} of mean IoU against torch; {MAX_IOU_DROP:g} is allowed"
    return EngineCheck(
        engine=name,
        device=device,
        finite=True,
        max_difference=difference,
        max_mad=mad,
        iou_drop=drop,
        fault=fault,
    )


def _twice(matter: Matter, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Alpha of a photograph, HxW; from a network that looks back, of its second showing in a row."""
    matter.reset()
    alpha = matter.alpha(rgb)
    return matter.alpha(rgb) if matter.model.previous else alpha


def pictures_to_compare(root: Path | None) -> tuple[list[Pair], str]:
    """What torch and engines are compared on, and its description: photographs of the val split, or rendered noise."""
    if root:
        samples = find_samples(root, "val")
        chosen = samples[:: max(1, len(samples) // PHOTOGRAPHS)][:PHOTOGRAPHS]
        pairs: list[Pair] = []
        for sample in chosen:
            rgb, alpha = read_pair(sample)
            pairs.append((rgb, np.divide(alpha, 255, dtype=np.float32)))
        return pairs, f"{len(pairs)} photographs of the val split of {root.name}"
    random = np.random.default_rng(0)
    drawn: list[Pair] = []
    for width, height in ((320, 180), (640, 480), (240, 320)):
        for coarse in (4, 16, 64):
            noise = random.integers(0, 256, (coarse, coarse, 3), dtype=np.uint8)
            rendered = np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
            drawn.append((rendered, None))
    return drawn, f"{len(drawn)} rendered pictures (give a data set for real ones)"


def _is_half(path: Path) -> bool:
    model = onnx.load(path)
    return any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in model.graph.initializer)

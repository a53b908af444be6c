"""`humanseg-train export`: a checkpoint becomes a model folder (`model.onnx`, `model.toml`, `card.md`).

The ONNX file takes normalised frames of any size that is a multiple of 32 and gives alpha. It is written only if ONNX
Runtime computes the same alpha from it as torch does.
"""

import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tomli_w
import torch
from numpy.typing import NDArray

from humanseg import settings
from humanseg.engines.onnx import import_onnxruntime
from humanseg.errors import HumansegError, ModelError
from humanseg.matting.preprocess import network_size, to_tensor
from humanseg_train.card import write_card
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.data.pictures import read_rgb
from humanseg_train.data.samples import find_samples
from humanseg_train.module import MEAN, STD
from humanseg_train.networks.build import build_network
from humanseg_train.recipe import Recipe

PIXELS = 320 * 192
"""Area at which the network sees a frame: 320x192 for 16:9, 288x224 for 4:3."""

TOLERANCE = 1e-3
"""Largest difference of alpha between torch and the exported model that is accepted."""


class AlphaNetwork(torch.nn.Module):
    """Nx3xHxW float32 normalised frame -> Nx1xHxW float32 alpha, 0..1."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """Alpha of a frame."""
        return torch.sigmoid(self.network(frame))


def export(
    checkpoint: Path, out: Path, *, check: Path | None = None, about: Path | None = None, overwrite: bool = False
) -> float:
    """Write a model folder; returns the largest difference of alpha between torch and the exported model.

    Args:
        checkpoint: what `fit` wrote.
        out: folder to write; it appears whole or not at all.
        check: data set on whose `val` photographs both are compared, and whose figures go into the card; without it
            they are compared on rendered pictures.
        about: Markdown for the card: where the data came from, its licences, what the model is good for.
        overwrite: replace what is there.

    Raises:
        HumansegError: the checkpoint is none, `out` exists, or the exported model computes something else.
    """
    if out.exists() and not overwrite:
        raise HumansegError(f"{out} already exists.", "Add --overwrite to replace it, or choose another folder.")
    network, recipe, epoch = load_network(checkpoint)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        _write_onnx(network, draft / "model.onnx")
        difference = largest_difference(network, draft / "model.onnx", list(_pictures(check)))
        if not difference <= TOLERANCE:
            raise ModelError(
                f"The exported model differs from torch by {difference:.2g} in alpha; {TOLERANCE:g} is allowed.",
                "Nothing was written. Try another version of torch or onnxruntime, and report this.",
            )
        _write_toml(draft, recipe.name)
        write_card(draft, recipe, epoch=epoch, difference=difference, check=check, about=about)
        if out.exists():
            shutil.rmtree(out)
        draft.chmod(0o755)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return difference


def load_network(checkpoint: Path) -> tuple[torch.nn.Module, Recipe, int]:
    """The network of a checkpoint as it is exported (alpha out, averaged weights), its recipe, and its epoch from 1."""
    content = read_checkpoint(checkpoint)
    recipe = settings.build(Recipe, content["recipe"], where=str(checkpoint))
    network = build_network(recipe.network, pretrained=False)
    prefix = "network."
    weights = {
        name.removeprefix(prefix): tensor for name, tensor in content["state_dict"].items() if name.startswith(prefix)
    }
    network.load_state_dict(weights)
    return AlphaNetwork(network).eval(), recipe, int(content["epoch"]) + 1


def largest_difference(network: torch.nn.Module, onnx_file: Path, pictures: list[NDArray[np.uint8]]) -> float:
    """Largest absolute difference of alpha between torch and ONNX Runtime over HxWx3 uint8 pictures."""
    session = import_onnxruntime().InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    worst = 0.0
    for rgb in pictures:
        size = network_size((rgb.shape[1], rgb.shape[0]), PIXELS, 32)
        tensor = to_tensor(rgb, size, MEAN, STD)
        with torch.inference_mode():
            expected = network(torch.from_numpy(tensor)).numpy()
        found = session.run(["alpha"], {"frame": tensor})[0]
        worst = max(worst, float(np.abs(expected - found).max()))
        if not np.isfinite(found).all():
            return float("nan")
    return worst


def _write_onnx(network: torch.nn.Module, path: Path) -> None:
    example = torch.zeros(1, 3, 192, 320)
    height, width = torch.export.Dim("h", min=1, max=128), torch.export.Dim("w", min=1, max=128)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own internals; nothing a user could act on
        torch.onnx.export(
            network,
            (example,),
            path,
            input_names=["frame"],
            output_names=["alpha"],
            dynamic_shapes={"frame": {2: 32 * height, 3: 32 * width}},
            opset_version=20,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _write_toml(folder: Path, name: str) -> None:
    table = {
        "format": 1,
        "name": name,
        "file": "model.onnx",
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
        "pixels": PIXELS,
        "multiple": 32,
        "mean": list(MEAN),
        "std": list(STD),
        "input": "frame",
        "output": "alpha",
    }
    (folder / "model.toml").write_text(tomli_w.dumps(table))


def _pictures(check: Path | None) -> Iterator[NDArray[np.uint8]]:
    """What both are compared on: up to 24 photographs, or pictures rendered from noise of several scales."""
    if check:
        samples = find_samples(check, "val")
        yield from (read_rgb(sample.image) for sample in samples[:: max(1, len(samples) // 24)][:24])
        return
    import cv2

    random = np.random.default_rng(0)
    for width, height in ((320, 180), (640, 480), (240, 320)):
        for coarse in (4, 16, 64):
            noise = random.integers(0, 256, (coarse, coarse, 3), dtype=np.uint8)
            yield np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))

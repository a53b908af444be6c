"""Torch as an engine: a checkpoint mattes frames before it is exported, and is what exports are held against."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

import humanseg
from humanseg.errors import EngineError
from humanseg.matting.matter import Matter
from humanseg.matting.options import MattingOptions
from humanseg.matting.presets import with_preset
from humanseg.models import FORMAT, ModelSpec
from humanseg_train.module import MEAN, STD
from humanseg_train.networks.deployed import MULTIPLE, PIXELS, load_network

CHECKPOINT = ".ckpt"
"""How the name of a checkpoint ends."""


class TorchEngine:
    """Runs a network of `load_network` on the CPU; see `humanseg.engines.Engine`."""

    name = "torch"

    def __init__(self, network: torch.nn.Module) -> None:
        self.device = f"CPU ({torch.get_num_threads()} threads)"
        self._network: torch.nn.Module | None = network

    def run(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """See `Engine.run`: inputs are the arguments of the network's `forward` by name; the output is `alpha`."""
        if self._network is None:
            raise EngineError("The torch engine is closed.", "Open a new one.")
        with torch.inference_mode():
            alpha = self._network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
        return {"alpha": alpha.numpy()}

    def reset(self) -> None:
        """See `Engine.reset`."""

    def close(self) -> None:
        """See `Engine.close`."""
        self._network = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_any(
    model: str | Path | None, engine: str = "auto", *, preset: str = "live", options: MattingOptions | None = None
) -> Matter:
    """A matter of a model folder, a packaged model, or a checkpoint; a checkpoint runs in torch whatever `engine` says.

    Raises:
        HumansegError: the model or the engine cannot be used.
    """
    if model is not None and str(model).endswith(CHECKPOINT):
        return checkpoint_matter(Path(model), preset=preset, options=options)
    return humanseg.open_matter(model, engine, preset=preset, options=options)


def checkpoint_matter(
    checkpoint: Path, *, preset: str = "live", options: MattingOptions | None = None, still: bool = False
) -> Matter:
    """A matter that runs a checkpoint in torch, with the pre-processing that its export will have.

    Args:
        checkpoint: what `fit` wrote.
        preset: how much of a frame the network gets to see.
        options: what is made of its alpha; None is the defaults.
        still: without the input for the alpha of the frame before.

    Raises:
        HumansegError: the checkpoint is none of ours.
    """
    network, recipe, _ = load_network(checkpoint, still=still)
    spec = ModelSpec(
        format=FORMAT,
        name=recipe.name,
        file=checkpoint.name,
        sha256="0" * 64,  # of no ONNX file: torch runs it, nothing is verified
        pixels=PIXELS,
        multiple=MULTIPLE,
        mean=MEAN,
        std=STD,
        input="frame",
        output="alpha",
        previous="previous" if network.previous else "",
        folder=checkpoint.parent,
    )
    return Matter(with_preset(spec, preset), TorchEngine(network), options)

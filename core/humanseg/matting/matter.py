"""The matter: one network, in one engine, that gives each frame its alpha."""

from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from humanseg.engines.engine import Engine, open_engine
from humanseg.errors import EngineError
from humanseg.frames import Frame, Matte
from humanseg.matting.preprocess import network_size, to_tensor
from humanseg.models import ModelSpec, find_model

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Matter:
    """Computes mattes. It owns the engine it is given. One thread only, as the engine."""

    def __init__(self, model: ModelSpec, engine: Engine) -> None:
        self.model = model
        self.engine = engine

    def matte(self, frame: Frame) -> Matte:
        """The frame's matte, alpha only; the arguments, results and errors are those of `alpha`."""
        return Matte(alpha=self.alpha(frame.rgb))

    def alpha(self, rgb: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """How opaque the person is in each pixel.

        Args:
            rgb: HxWx3 uint8 RGB of any size from 1x1; only read.

        Returns:
            HxW float32 from 0 (background) to 1 (person), C-contiguous, read-only.

        Raises:
            EngineError: the engine failed, or what came out of it is no alpha. Never a matte with NaN in it: that would
                show the room.
            ValueError: `rgb` is no such array.
        """
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ValueError(f"rgb is {rgb.dtype} of shape {rgb.shape}; it must be HxWx3 uint8, with pixels.")
        height, width = rgb.shape[:2]
        size = network_size((width, height), self.model.pixels, self.model.multiple)
        tensor = to_tensor(rgb, size, self.model.mean, self.model.std)
        small = self.engine.run({self.model.input: tensor})[self.model.output]
        expected = (1, 1, size[1], size[0])
        if small.shape != expected:
            problem = f"The network {self.model.name} gave alpha of shape {small.shape}, not {expected}."
            raise EngineError(problem, "Export the model again.")
        if not np.isfinite(small).all():
            problem = f"The network {self.model.name} gave NaN or infinite alpha in the engine {self.engine.name}."
            raise EngineError(problem, "Try another engine, or export the model again.")
        alpha: NDArray[np.float32] = cv2.resize(small[0, 0], (width, height), interpolation=cv2.INTER_LINEAR)
        # After the resize, whose weights may add up to a hair more than 1.
        np.clip(alpha, 0, 1, out=alpha)
        alpha.flags.writeable = False
        return alpha

    def reset(self) -> None:
        """Forget what was kept from frame to frame: for a new source, a seek or a cut."""
        self.engine.reset()

    def close(self) -> None:
        """Close the engine. Calling it again does nothing."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_matter(model: str | Path | None = None, engine: str = "auto", *, threads: int | None = None) -> Matter:
    """Find a model, load it into an engine, and be ready for frames.

    Args:
        model: A packaged model's name or the path of a model folder; None is the packaged default.
        engine: "auto", "openvino" or "onnxruntime".
        threads: CPU threads, at least 1; None leaves a core for other programs.

    Raises:
        ModelError: there is no such model, or its folder is damaged.
        EngineError: there is no such engine, or it cannot load the model.
    """
    spec = find_model(model)
    return Matter(spec, open_engine(engine, spec, threads=threads))

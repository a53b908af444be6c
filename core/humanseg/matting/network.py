"""The network itself: from a small frame to its small alpha, with what it remembers of the frame before."""

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from humanseg.engines.engine import Engine
from humanseg.errors import EngineError
from humanseg.matting.motion import motion
from humanseg.matting.preprocess import to_tensor
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Network:
    """Runs one model in one engine, which stays the owner's to close. One thread only, as the engine."""

    def __init__(self, model: ModelSpec, engine: Engine) -> None:
        self.model = model
        self.engine = engine
        self.infer_s = 0.0
        """Seconds that the engine took for the last frame."""
        self._last: NDArray[np.float32] | None = None
        self._before: NDArray[np.uint8] | None = None

    def alpha(self, small: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """How opaque the person is in each pixel of a small frame.

        A network that takes its own alpha of the frame before gets that of the last call, if it was of the same size,
        but only where the picture stood still: shown where somebody was who has left, it would go on to see them.

        Args:
            small: hxwx3 uint8 RGB, both sides multiples of the model's `multiple`.

        Returns:
            hxw float32 from 0 to 1; not to be written into.

        Raises:
            EngineError: the engine failed, or what came out of it is no alpha.
        """
        height, width = small.shape[:2]
        expected = (1, 1, height, width)
        inputs = {self.model.input: to_tensor(small, (width, height), self.model.mean, self.model.std)}
        if self.model.previous:
            inputs[self.model.previous] = self._previous(small)
        began = perf_counter()
        alpha = self.engine.run(inputs)[self.model.output]
        self.infer_s = perf_counter() - began
        if alpha.shape != expected:
            problem = f"The network {self.model.name} gave alpha of shape {alpha.shape}, not {expected}."
            raise EngineError(problem, "Export the model again.")
        if not np.isfinite(alpha).all():
            problem = f"The network {self.model.name} gave NaN or infinite alpha in the engine {self.engine.name}."
            raise EngineError(problem, "Try another engine, or export the model again.")
        self._last, self._before = alpha, small
        return np.asarray(np.clip(alpha[0, 0], 0, 1), np.float32)

    def reset(self) -> None:
        """Forget the frame before."""
        self._last = self._before = None
        self.engine.reset()

    def _previous(self, small: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """The alpha of the frame before where nothing moved since, 1x1xhxw; 0 elsewhere."""
        (last, before), (self._last, self._before) = (self._last, self._before), (None, None)
        if last is None or before is None or before.shape != small.shape:
            return np.zeros((1, 1, *small.shape[:2]), np.float32)
        return np.asarray(last * (1 - motion(before, small)), np.float32)

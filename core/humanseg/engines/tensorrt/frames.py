"""Whole frames on an NVIDIA GPU: one launch from uint8 to uint8."""

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Self

import numpy as np

from humanseg.engines.engine import UnavailableError
from humanseg.engines.plan_cache import PlanCache
from humanseg.engines.tensorrt.cuda import Cuda
from humanseg.engines.tensorrt.library import INSTALL, Library, import_library
from humanseg.engines.tensorrt.plans import open_session
from humanseg.errors import EngineError
from humanseg.models import ModelSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from humanseg.engines.graphs.whole_frame import FrameShape


class FrameEngine:
    """Mattes and composites frames of one size before one kind of background. One thread at a time."""

    def __init__(
        self,
        model: ModelSpec,
        shape: "FrameShape",
        *,
        library: Library | None = None,
        cuda: Cuda | None = None,
        cache: PlanCache | None = None,
        progress: Callable[[float], None] | None = None,
        cancelled: Event | None = None,
    ) -> None:
        """Load the kept plan for this model, shape and GPU, or build it: seconds to minutes.

        Args:
            model: The model folder.
            shape: Sizes, and how the background is made.
            library: None is the first one installed that supports the GPU.
            cuda: None is the CUDA runtime.
            cache: None keeps plans in the user's cache folder.
            progress: Called with a growing share from 0 to 1 while a plan is built, on any thread.
            cancelled: Set it from any thread to give up.

        Raises:
            UnavailableError: there is no driver, no GPU, or no library for it.
            EngineError: the model cannot be built, or does not run on this GPU.
        """
        try:
            from humanseg.engines.graphs.whole_frame import (
                ALPHA,
                BACKGROUND,
                COMPOSITE,
                FRAME,
                MEAN,
                PLANES,
                carried,
                whole_frame,
            )
        except ImportError as error:
            raise UnavailableError(f"onnx cannot be imported: {error}.", INSTALL) from error
        cuda = cuda or Cuda()
        device = cuda.device()
        library = library or import_library(device.capability)
        self.device = f"{device.name} ({library.title}, FP16)"
        self._frame, self._background = FRAME, BACKGROUND
        self._picture = PLANES if shape.planes else COMPOSITE
        self._alpha, self._mean = ALPHA, MEAN
        resident = [BACKGROUND] if shape.blur is None else []
        try:
            data = model.path.read_bytes()
            graph = whole_frame(data, model, shape).SerializeToString(deterministic=True)
        except (OSError, ValueError) as error:
            raise EngineError(f"The model {model.name} cannot be made ready for TensorRT: {error}") from error
        self._session = open_session(
            graph, library, cuda, cache or PlanCache(),
            carried=carried(model, shape), resident=resident, progress=progress, cancelled=cancelled,
        )  # fmt: skip

    @property
    def captured(self) -> bool:
        """Whether a frame is one launch of a CUDA graph."""
        return self._session.captured

    def put_background(self, rgb: "NDArray[np.uint8]") -> None:
        """What stands behind the person from now on; black until the first.

        Args:
            rgb: HxWx3 uint8 RGB at frame size.

        Raises:
            EngineError: the GPU failed.
            ValueError: another size or type, or the background is the blurred room.
        """
        if self._background not in self._session.inputs:
            raise ValueError("this engine blurs the room; it takes no background.")
        self._session.put(self._background, rgb[None])

    def run(self, rgb: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        """One frame before its background.

        Args:
            rgb: HxWx3 uint8 RGB of the size that this was made for; only read.

        Returns:
            HxWx3 uint8 RGB, or where the shape asks for planes (3H/2)xW uint8 (`humanseg.frames.PlanarFrame`); the
            caller's own.

        Raises:
            EngineError: the GPU failed, the network gave NaN or infinite alpha, or this is closed.
            ValueError: another size or type.
        """
        if self._frame not in self._session.inputs:
            raise EngineError("The tensorrt engine is closed.", "Open a new one.")
        into = self._session.inputs[self._frame]
        if rgb.shape != into.shape[1:] or rgb.dtype != np.uint8:
            raise ValueError(f"rgb is {rgb.dtype} of shape {rgb.shape}; it must be uint8 of shape {into.shape[1:]}.")
        np.copyto(into[0], rgb)
        self._session.run()
        if not np.isfinite(self._session.outputs[self._mean]).all():
            raise EngineError("The network gave NaN or infinite alpha.", "Use another engine.")
        picture: NDArray[np.uint8] = self._session.outputs[self._picture][0].copy()
        return picture

    @property
    def alpha(self) -> "NDArray[np.float32]":
        """That of the last frame, in steps of 1/255: HxW float32, 0 to 1, the caller's own."""
        return self.alpha_at(1)

    def alpha_at(self, stride: int) -> "NDArray[np.float32]":
        """The same at every `stride`th pixel, across as down."""
        parts = self._session.outputs[self._alpha][0, 0, ::stride, ::stride]
        alpha: NDArray[np.float32] = np.multiply(parts, np.float32(1 / 255), dtype=np.float32)
        return alpha

    def reset(self) -> None:
        """Forget the frames seen so far.

        Raises:
            EngineError: the GPU failed.
        """
        self._session.reset()

    def close(self) -> None:
        """Release the GPU. Calling it again does nothing."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

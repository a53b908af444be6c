"""What the GPU makes of whole frames: RGB with its matte for those who look, planes for those who only encode."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from humanseg.engines.relay import RelayEngine
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.frames import Frame, Matte, PlanarFrame, PlaneWeights
from humanseg.matting import Matter
from humanseg.pipeline.gpu_turns import GpuTurns
from humanseg.pipeline.planes import chroma_in, chroma_of, luma_in, luma_of
from humanseg.pipeline.several import MattedFrame
from humanseg.pipeline.shown import STRIDE, check_planes, check_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from humanseg.engines.graphs.whole_frame import FrameShape

_COMPARED = 2
"""Of so many pixels of planes, across as down, one is compared with the CPU's: all of the chroma."""


class GpuFrames(GpuTurns[MattedFrame]):
    """Whole frames in RGB, each with its matte."""

    def _shaped(self, shape: "FrameShape") -> "FrameShape":
        return shape

    def _make(self, engine: FrameEngine, frame: Frame) -> MattedFrame:
        rgb, alpha = engine.run(frame.rgb), engine.alpha
        check_whole(frame.rgb, alpha, rgb)
        rgb.flags.writeable = alpha.flags.writeable = False
        return MattedFrame(
            rgb=rgb,
            index=frame.index,
            time=frame.time,
            duration=frame.duration,
            born=frame.born,
            matte=Matte(alpha=alpha),
        )

    def _apart(self, made: MattedFrame, rgb: "NDArray[np.uint8]") -> float:
        return float(np.abs(made.rgb.astype(np.int16) - rgb).mean())


class GpuPlanes(GpuTurns[PlanarFrame]):
    """Whole frames in the planes that an encoder takes: half the bytes, and nothing is left to convert."""

    def __init__(
        self,
        matter: Matter,
        weights: PlaneWeights,
        opener: "Callable[..., FrameEngine]" = FrameEngine,
        *,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        """See `GpuTurns`.

        Args:
            matter: See `GpuTurns`.
            weights: Of what planes are made, in the stream that the frames are for.
            opener: See `GpuTurns`.
            on_notice: See `GpuTurns`.
        """
        super().__init__(matter, opener, on_notice=on_notice)
        self._weights = weights

    def _shaped(self, shape: "FrameShape") -> "FrameShape":
        return replace(shape, planes=self._weights)

    def _make(self, engine: FrameEngine, frame: Frame) -> PlanarFrame:
        planes = engine.run(frame.rgb)
        check_planes(frame.rgb, engine.alpha_at(STRIDE), planes, self._weights)
        planes.flags.writeable = False
        return PlanarFrame(planes=planes, index=frame.index, time=frame.time, duration=frame.duration, born=frame.born)

    def _apart(self, made: PlanarFrame, rgb: "NDArray[np.uint8]") -> float:
        step, weights, planes = _COMPARED, self._weights, made.planes
        luma = luma_in(planes, step).astype(np.int16) - luma_of(rgb, weights, step)
        chroma = chroma_in(planes, step).astype(np.int16) - chroma_of(rgb, weights, step)
        return float(max(np.abs(each).mean() for each in (luma, *chroma)))


def open_gpu_frames(matter: Matter, *, on_notice: Callable[[str], None] | None = None) -> GpuFrames | None:
    """Whole frames on the NVIDIA GPU for a matter.

    None where its engine is not TensorRT, running or being built: then there is no GPU, or it is not wanted.

    Args:
        matter: See `GpuTurns`.
        on_notice: See `GpuTurns`.
    """
    return GpuFrames(matter, on_notice=on_notice) if _is_on_gpu(matter) else None


def open_gpu_planes(
    matter: Matter, weights: PlaneWeights, *, on_notice: Callable[[str], None] | None = None
) -> GpuPlanes | None:
    """The same in planes; see `GpuPlanes`."""
    return GpuPlanes(matter, weights, on_notice=on_notice) if _is_on_gpu(matter) else None


def _is_on_gpu(matter: Matter) -> bool:
    engine = matter.engine
    return "tensorrt" in (engine.name, engine.choice.building if isinstance(engine, RelayEngine) else None)

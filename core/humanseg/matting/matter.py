"""The matter: one network, in one engine, and what makes its alpha the matte of a full-size frame."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Self

import numpy as np

from humanseg.engines.engine import Engine, open_engine
from humanseg.frames import Frame, Matte, Seen, Spent
from humanseg.matting.adjust import adjust
from humanseg.matting.carry import Carrier
from humanseg.matting.motion import is_cut
from humanseg.matting.network import Network
from humanseg.matting.options import MattingOptions
from humanseg.matting.preprocess import network_size, shrink
from humanseg.matting.presets import with_preset
from humanseg.matting.refine import refine, scale_up
from humanseg.matting.smoothing import Smoother
from humanseg.matting.still import LastMatte
from humanseg.models import ModelSpec, find_model

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Matter:
    """Computes mattes: network, refinement, smoothing, adjustments. It owns the engine it is given.

    One thread only, as the engine; but `options` may be replaced from any thread, and holds from the next frame on.
    """

    def __init__(self, model: ModelSpec, engine: Engine, options: MattingOptions | None = None) -> None:
        self.model = model
        self.engine = engine
        self.options = options or MattingOptions()
        self._network = Network(model, engine)
        self._carrier = Carrier()
        self._smoother = Smoother()
        self._last = LastMatte()
        self._before: NDArray[np.uint8] | None = None
        self._begins = True
        self._spent: Spent | None = None

    def matte(self, frame: Frame) -> Matte:
        """The frame's matte, alpha only; the arguments, results and errors are those of `alpha`.

        It is not judged by what comes after: it tells `LookAhead` how far to look for that.
        """
        frames = self.options.look_ahead
        alpha, small = self.alpha(frame.rgb), self._before
        seen = None if small is None else Seen(index=frame.index, small=small, begins=self._begins, frames=frames)
        return Matte(alpha=alpha, spent=self._spent, seen=seen)

    def alpha(self, rgb: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """How opaque the person is in each pixel.

        The frames before count, for the network as for smoothing: call this once for each frame, in order, and `reset`
        where they do not follow on each other. A cut and a new size are noticed, and begin anew.

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
        options, began = self.options, perf_counter()
        height, width = rgb.shape[:2]
        small = shrink(rgb, network_size((width, height), self.model.pixels, self.model.multiple))
        if self._before is not None and is_cut(self._before, small):
            self.reset()
        self._begins, self._before = self._before is None, small
        if options.skip_still and (again := self._last.again(small, (height, width), options)) is not None:
            self._spent = Spent(pre_s=perf_counter() - began, infer_s=0.0)
            return again
        coarse = self._carrier.carried(small) if options.carry else None
        infer_s = 0.0
        if coarse is None:
            coarse = self._network.alpha(small)
            infer_s = self._network.infer_s
            self._carrier.keep(coarse, small)
        self._spent = Spent(pre_s=perf_counter() - began - infer_s, infer_s=infer_s)
        alpha = refine(coarse, small, rgb) if options.refine else scale_up(coarse, (width, height))
        alpha = adjust(self._smoother.smooth(alpha, small, options.smoothing), options)
        alpha.flags.writeable = False
        self._last.keep(alpha, small, options)
        return alpha

    def reset(self) -> None:
        """Forget what was kept from frame to frame: for a new source, a seek or a cut."""
        self._network.reset()
        self._carrier.reset()
        self._smoother.reset()
        self._last.reset()
        self._before = None

    def close(self) -> None:
        """Close the engine. Calling it again does nothing."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_matter(
    model: str | Path | ModelSpec | None = None,
    engine: str = "auto",
    *,
    preset: str = "live",
    threads: int | None = None,
    options: MattingOptions | None = None,
    require_gpu: bool = False,
    on_notice: Callable[[str], None] | None = None,
) -> Matter:
    """Find a model, load it into an engine, and be ready for frames.

    Args:
        model: A packaged model's name, the path of a model folder, or what `find_model` gave; None is the packaged
            default.
        engine: One of `humanseg.engines.NAMES`; "auto" is the best that works here.
        preset: "light", "live", "balanced" or "quality": how much of a frame the network gets to see.
        threads: CPU threads, at least 1; None leaves a core for other programs.
        options: What is made of the network's alpha; None is the defaults.
        require_gpu: Rather fail than compute on the CPU.
        on_notice: Called with a sentence for people when "auto" changes the engine while frames run, on their thread.

    Raises:
        ModelError: there is no such model or preset, or the model's folder is damaged.
        EngineError: there is no such engine, or it cannot load the model.
    """
    spec = with_preset(model if isinstance(model, ModelSpec) else find_model(model), preset)
    opened = open_engine(engine, spec, threads=threads, require_gpu=require_gpu, on_notice=on_notice)
    return Matter(spec, opened, options)

"""The matter: one network, in one engine, and what makes its alpha the matte of a full-size frame."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
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
from humanseg.matting.still import LastLook
from humanseg.models import ModelSpec, find_model

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Matter:
    """Computes mattes: network, refinement, smoothing, adjustments. It owns the engine it is given.

    One thread looks at frames, which is the engine's; it or another draws their outlines, one at a time and in order.
    `options` may be replaced from any thread, and holds from the next frame on.
    """

    def __init__(self, model: ModelSpec, engine: Engine, options: MattingOptions | None = None) -> None:
        self.model = model
        self.engine = engine
        self.options = options or MattingOptions()
        self._network = Network(model, engine)
        self._carrier = Carrier()
        self._last = LastLook()
        self._before: NDArray[np.uint8] | None = None
        self._coarse: NDArray[np.float32] | None = None
        # What follows belongs to who draws outlines. There are two where a GPU's first frame is held against ours.
        self._drawing = Lock()
        self._smoother = Smoother()
        self._drawn: NDArray[np.float32] | None = None

    def matte(self, frame: Frame) -> Matte:
        """The frame's matte, alpha only; the arguments, results and errors are those of `alpha`.

        It is not judged by what comes after: it tells `LookAhead` how far to look for that.
        """
        return self.look(frame)()

    def look(self, frame: Frame) -> Callable[[], Matte]:
        """The first half of `matte`, up to what the network says; the second is what is returned, to be called once.

        So that the network looks at the next frame while the outline of this one is drawn. The second halves are called
        in order, on this thread or another, and none of them while another one runs.
        """
        looked = self._look(frame.rgb)

        def drawn() -> Matte:
            alpha, frames = self._drawn_of(looked), looked.options.look_ahead
            seen = Seen(index=frame.index, small=looked.small, begins=looked.begins, frames=frames)
            return Matte(alpha=alpha, spent=looked.spent, seen=seen)

        return drawn

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
        return self._drawn_of(self._look(rgb))

    def _look(self, rgb: "NDArray[np.uint8]") -> "_Looked":
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ValueError(f"rgb is {rgb.dtype} of shape {rgb.shape}; it must be HxWx3 uint8, with pixels.")
        options, began = self.options, perf_counter()
        height, width = rgb.shape[:2]
        small = shrink(rgb, network_size((width, height), self.model.pixels, self.model.multiple))
        if self._before is not None and is_cut(self._before, small):
            self.reset()
        begins, self._before = self._before is None, small
        coarse, infer_s = self._coarse, 0.0
        still = options.skip_still and self._last.holds(small, (height, width), options)
        if coarse is None or not still:
            coarse = self._carrier.carried(small) if options.carry else None
            if coarse is None:
                coarse = self._network.alpha(small)
                infer_s = self._network.infer_s
                self._carrier.keep(coarse, small)
            self._coarse = coarse
            self._last.keep(small, (height, width), options)
        spent = Spent(pre_s=perf_counter() - began - infer_s, infer_s=infer_s)
        return _Looked(rgb=rgb, small=small, coarse=coarse, still=still, begins=begins, options=options, spent=spent)

    def _drawn_of(self, looked: "_Looked") -> "NDArray[np.float32]":
        with self._drawing:
            return self._draw(looked)

    def _draw(self, looked: "_Looked") -> "NDArray[np.float32]":
        if looked.begins:
            self._smoother.reset()
        if looked.still and self._drawn is not None:
            return self._drawn
        self._drawn = None
        small, rgb, options = looked.small, looked.rgb, looked.options
        alpha = refine(looked.coarse, small, rgb) if options.refine else scale_up(looked.coarse, rgb.shape[1::-1])
        alpha = adjust(self._smoother.smooth(alpha, small, options.smoothing), options)
        alpha.flags.writeable = False
        self._drawn = alpha
        return alpha

    def reset(self) -> None:
        """Forget what was kept from frame to frame: for a new source, a seek or a cut."""
        self._network.reset()
        self._carrier.reset()
        self._last.reset()
        self._before = None  # so that the smoother begins anew, too, when the next outline is drawn

    def close(self) -> None:
        """Close the engine. Calling it again does nothing."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Looked:
    """A frame between what the network says of it and its matte."""

    rgb: "NDArray[np.uint8]"
    small: "NDArray[np.uint8]"
    """The frame as the network saw it."""
    coarse: "NDArray[np.float32]"
    """The network's alpha of it, or that of an earlier frame which holds for it."""
    still: bool
    """Whether the matte before it still holds."""
    begins: bool
    """Whether the frames before do not count."""
    options: MattingOptions
    spent: Spent


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

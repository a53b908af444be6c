"""Whose turn a frame is: that of the GPU, which does it whole, or that of matter and compositor on the CPU."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from humanseg.compositing.compositor import Compositor
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.errors import EngineError
from humanseg.frames import Frame, Matte
from humanseg.matting import Matter
from humanseg.pipeline.frame_build import FrameBuild, release

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from humanseg.compositing.backgrounds import Background
    from humanseg.engines.graphs.whole_frame import FrameShape

T = TypeVar("T", bound=Frame)

logger = logging.getLogger(__name__)

MOST_APART = 1.0
"""How far, on average and of 255, the GPU's first composite may be from the CPU's."""

BESIDE = 10
"""For so many frames the GPU sees what the CPU composites, before it takes over: so it remembers the same, and nobody
sees the change. A tenth of what was there before still counts then, at the usual smoothing."""


class GpuTurns(ABC, Generic[T]):
    """Does frames whole on the GPU as soon as it can; until then, and where it cannot, the CPU's turn it is.

    For each frame size and kind of background an engine is built on a thread of its own, or loaded. Before it takes
    over, it must agree with the CPU on a frame. One that fails is given up for good, and told once; the frame at which
    it failed is the CPU's. One thread only, but for the building.

    What a frame is made to be is said by those that follow this: `humanseg.pipeline.gpu_frames`.
    """

    def __init__(
        self,
        matter: Matter,
        opener: "Callable[..., FrameEngine]" = FrameEngine,
        *,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        """Stand beside a matter, which stays the caller's.

        Args:
            matter: Whose model and options count, and who is reset when the CPU takes over.
            opener: Makes the engine from model and shape.
            on_notice: Called with a sentence for people when the GPU takes over or is given up.
        """
        self._matter, self._opener, self._on_notice = matter, opener, on_notice
        self._shape: FrameShape | None = None
        self._engine: FrameEngine | None = None
        self._trusted = False
        self._running = False
        self._after_cpu = False
        self._beside = 0
        self._given_up = False
        self._behind: Background | None = None
        self._build: FrameBuild | None = None

    def prepare(self, size: tuple[int, int], compositor: Compositor, stop: Event | None = None) -> None:
        """Build now and wait for it, so that the first frame is done whole already; a failure shows there.

        Args:
            size: (width, height) of the frames.
            compositor: What stands behind the person, and how the two are joined.
            stop: Set it from any thread to give up.
        """
        wanted = self._shape_of(compositor, size)
        if self._given_up or wanted is None:
            return
        self._drop()
        self._begin(wanted).wait(stop=stop)

    def composite(self, frame: Frame, compositor: object) -> T | None:
        """The finished picture, index, times and `born` those of `frame`; None where it is the CPU's turn."""
        try:
            done = self._try(frame, compositor)
        except Exception as error:  # noqa: BLE001 whatever it is, the picture goes on
            self._give_up(error)
            done = None
        if done is None:
            self._hand_back()
        return done

    def _try(self, frame: Frame, compositor: object) -> T | None:
        if self._given_up or not isinstance(compositor, Compositor):
            return None
        wanted = self._shape_of(compositor, frame.size)
        if wanted is None:
            return None
        if wanted != self._shape:
            if self._build is not None and self._build.is_running:
                # Not waited for here: the picture would stand still.
                self._build.cancel()
                self._shape = None
                return None
            self._drop()
            self._begin(wanted)
        engine = self._take()
        if engine is None:
            return None
        if wanted.blur is None and compositor.background is not self._behind:
            nothing = Matte(alpha=np.zeros(frame.rgb.shape[:2], np.float32))
            engine.put_background(compositor.background.render(frame, nothing))
            self._behind = compositor.background
        if self._beside == 0 and not self._running:
            engine.reset()  # what it remembers is of before the CPU's turn
        done = self._make(engine, frame)
        if self._running:
            return done
        if self._after_cpu and self._beside < BESIDE:
            self._beside += 1
            return None
        if not self._trusted:
            self._compare(done, frame, compositor)
        self._running = True
        self._tell(f"Whole frames now run on {engine.device}.")
        return done

    def reset(self) -> None:
        """Forget the frames seen so far."""
        if self._engine is not None:
            self._engine.reset()

    def close(self) -> None:
        """Give up a build under way and release the GPU. Calling it again does nothing."""
        self._drop()
        self._given_up = True

    def _shape_of(self, compositor: Compositor, size: tuple[int, int]) -> "FrameShape | None":
        from humanseg.pipeline.whole_frame import frame_shape  # needs onnx, which comes with the GPU's extras only

        shape = frame_shape(self._matter.model, compositor, size, self._matter.options)
        return None if shape is None else self._shaped(shape)

    @abstractmethod
    def _shaped(self, shape: "FrameShape") -> "FrameShape":
        """The graph that makes what is asked for, and else is as that one."""

    @abstractmethod
    def _make(self, engine: FrameEngine, frame: Frame) -> T:
        """A frame done whole, and checked.

        Raises:
            EngineError: the GPU failed, or the picture could show the room.
        """

    @abstractmethod
    def _apart(self, made: T, rgb: "NDArray[np.uint8]") -> float:
        """How far, on average and of 255, it is from what the CPU made of the same frame: HxWx3 uint8."""

    def _begin(self, shape: "FrameShape") -> FrameBuild:
        self._shape = shape
        self._build = FrameBuild(self._opener, self._matter.model, shape)
        return self._build

    def _take(self) -> FrameEngine | None:
        """The engine, if it is there by now."""
        if self._build is not None and not self._build.is_running:
            build, self._build = self._build, None
            self._engine, self._trusted, self._behind = build.take(), False, None
        return self._engine

    def _compare(self, made: T, frame: Frame, compositor: Compositor) -> None:
        apart = self._apart(made, compositor.composite(frame, self._matter.matte(frame)).rgb)
        if apart > MOST_APART:
            raise EngineError(f"Its picture is {apart:.1f} of 255 away from the CPU's, more than {MOST_APART}.")
        self._trusted = True

    def _hand_back(self) -> None:
        """It is the CPU's turn: after a frame of the GPU's, what the matter remembers is old."""
        self._after_cpu = True
        if self._running:
            self._running = False
            self._beside = 0
            self._matter.reset()

    def _give_up(self, error: Exception) -> None:
        reason = error.problem if isinstance(error, EngineError) else f"{type(error).__name__}: {error}."
        logger.warning("Whole frames are not done on the GPU: %s", reason, exc_info=error)
        self._given_up = True
        self._drop()
        self._tell(f"The GPU does no whole frames, the CPU goes on: {reason}")

    def _drop(self) -> None:
        """Release the engine, or the one that is being made."""
        build, engine = self._build, self._engine
        self._build = self._engine = self._shape = self._behind = None
        self._beside = 0
        if build is not None:
            build.drop()
        if engine is not None:
            release(engine)

    def _tell(self, notice: str) -> None:
        logger.info("%s", notice)
        if self._on_notice is not None:
            self._on_notice(notice)

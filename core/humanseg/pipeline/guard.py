"""What stands between a fault and the people who watch: the slate instead of the frame."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from humanseg.errors import EngineError, HumansegError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline.parts import look
from humanseg.slate import Slate

if TYPE_CHECKING:
    from humanseg.pipeline.parts import SupportsComposite, SupportsMatte

logger = logging.getLogger(__name__)

_HAIR = 1e-6
"""What rounding may add to an alpha of 0 or 1."""


class Guard:
    """Mattes and composites, and gives the slate whenever that fails or what came of it could show the room.

    It recovers by itself: the next frame is tried like the first, after the matter has forgotten what it remembered. A
    fault is told once, when it begins; the same words are not told again in the same run.

    Frames are looked at by one thread, and finished by another or the same, one frame at a time each, in order.
    """

    def __init__(self, info: StreamInfo, tell: Callable[[HumansegError], None]) -> None:
        """Prepare the slate.

        Args:
            info: the stream; a composite of another size is a fault.
            tell: told of each new fault.
        """
        self.slate = Slate((info.width, info.height))
        self.fault: HumansegError | None = None
        """Why the slate is shown now; None while composites are."""
        self._tell = tell
        self._told: set[str] = set()
        self._forget = True

    @property
    def upset(self) -> bool:
        """Whether a fault came up that the matter has not forgotten yet."""
        return self._forget

    def look(self, frame: Frame, matter: "SupportsMatte") -> Callable[[], Matte] | Exception:
        """The first half of a frame's matte, or why it failed: `matte` takes either."""
        try:
            if self._forget:
                matter.reset()
                self._forget = False
            return look(matter, frame)
        except Exception as error:  # noqa: BLE001 whatever it is, the frame must not be shown
            return error

    def matte(self, frame: Frame, looked: Callable[[], Matte] | Exception) -> Matte | Exception:
        """The matte of a frame, or why it has none that may be used: `composite` takes either."""
        if isinstance(looked, Exception):
            return looked
        try:
            matte = looked()
            _check_matte(frame, matte)
        except Exception as error:  # noqa: BLE001 as above
            return error
        return matte

    def composite(self, frame: Frame, matte: Matte | Exception, compositor: "SupportsComposite") -> Frame:
        """The composite of a frame, or the slate with the frame's times."""
        if isinstance(matte, Exception):
            return self._failed(frame, matte)
        try:
            if matte.seen is not None and matte.seen.frames:
                _check_matte(frame, matte)  # it is not the one that was checked: it was settled by those after it
            composite = compositor.composite(frame, matte)
            self._check_composite(frame, composite, compositor)
        except Exception as error:  # noqa: BLE001 as above
            return self._failed(frame, error)
        self.fault = None
        return composite

    def accept(self, frame: Frame, composite: Frame) -> Frame:
        """A composite that was made in one go, or the slate with the frame's times."""
        try:
            self._check_composite(frame, composite, None)
        except Exception as error:  # noqa: BLE001 as above
            return self._failed(frame, error)
        self.fault = None
        return composite

    def _failed(self, frame: Frame, error: Exception) -> Frame:
        self._forget = True
        fault = error if isinstance(error, HumansegError) else _named(error)
        begins, self.fault = self.fault is None, fault
        if begins and str(fault) not in self._told:
            self._told.add(str(fault))
            logger.warning("the slate is shown: %s", fault.problem, exc_info=error)
            self._tell(fault)
        return self.slate.frame(frame)

    def _check_composite(self, frame: Frame, composite: Frame, compositor: "SupportsComposite | None") -> None:
        rgb, expected = composite.rgb, self.slate.rgb
        if rgb.shape != expected.shape or rgb.dtype != np.uint8:
            raise ValueError(f"the composite is {rgb.dtype} of shape {rgb.shape}, the stream's frames {expected.shape}")
        if np.may_share_memory(rgb, frame.rgb) and not getattr(compositor, "shows_room", False):
            raise ValueError("the composite is the frame itself")


def _check_matte(frame: Frame, matte: Matte) -> None:
    alpha = matte.alpha
    if alpha.shape != frame.rgb.shape[:2] or alpha.dtype != np.float32:
        raise ValueError(f"alpha is {alpha.dtype} of shape {alpha.shape}, the frame of shape {frame.rgb.shape}")
    # numpy's: with a NaN they are NaN, and fail. OpenCV's leave it out, and its check takes four times as long.
    least, most = alpha.min(), alpha.max()
    if not (least >= -_HAIR and most <= 1 + _HAIR):
        raise ValueError("alpha is not everywhere a number from 0 to 1")
    # Nobody fills a frame to its last corner: such a matte comes of a fault, and would show the whole room.
    if least > 0.5:
        raise ValueError("alpha takes the whole frame for the person")
    foreground = matte.foreground
    if foreground is not None and (foreground.shape != frame.rgb.shape or foreground.dtype != np.uint8):
        raise ValueError(f"the foreground is {foreground.dtype} of shape {foreground.shape}")


def _named(error: Exception) -> EngineError:
    """A bug, in the words of the program; the traceback goes with it."""
    named = EngineError(
        f"A frame could not be finished: {type(error).__name__}: {error}.",
        "It goes on by itself when frames are good again. If not, choose another engine, model or background.",
    )
    named.__cause__ = error
    return named

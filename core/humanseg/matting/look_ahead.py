"""Looking ahead: a frame waits for the next ones, so that only changes that last are followed where nothing moves."""

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import cv2
import numpy as np

from humanseg.frames import Matte, Seen
from humanseg.matting.motion import motion

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Held(Generic[T]):
    one: T
    matte: Matte
    moved: "NDArray[np.float32] | None"
    """Where something moved since the one before; None where nothing before counts."""


class LookAhead(Generic[T]):
    """Holds frames back until those after them are matted, and settles their mattes: frames in, the same ones out.

    Where the picture stands still, from the frame before to the last one looked at, alpha stays as it was last, unless
    this frame and all that are looked at agree that it is more, or that it is less: then it is the nearest of theirs.
    So what comes and goes within them is left out, and what lasts is followed at once. Where something moves, alpha is
    the frame's own.

    What is held comes out early where what follows has nothing to do with it: see `Seen.begins`. One thread only.
    """

    def __init__(self) -> None:
        self._held: deque[_Held[T]] = deque()
        self._small: NDArray[np.uint8] | None = None
        self._alpha: NDArray[np.float32] | None = None  # of the last frame that was settled
        self._room: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    @property
    def holds(self) -> bool:
        """Whether anything is held back."""
        return bool(self._held)

    def add(self, one: T, matte: Matte) -> list[tuple[T, Matte]]:
        """Take a frame, or what goes with it, and its matte.

        Args:
            one: comes back with its own matte.
            matte: the frame's. Its `seen` tells how many frames to look ahead; one without comes back at once.

        Returns:
            What is settled now, in the order in which it was given: every one once.
        """
        seen = matte.seen
        settled: list[tuple[T, Matte]] = []
        if seen is None:
            settled = self.release()
            self._alpha = self._small = None
            return [*settled, (one, matte)]
        if not seen.frames and not self._held:
            self._alpha, self._small = matte.alpha, seen.small
            return [(one, matte)]
        moved = self._moved(matte, seen)
        if moved is None:
            settled = self.release()
            self._alpha = None
        self._small = seen.small
        self._held.append(_Held(one, matte, moved))
        while len(self._held) > seen.frames:
            settled.append(self._settle())
        return settled

    def release(self) -> list[tuple[T, Matte]]:
        """All that is held, each judged by what is known by now: nothing follows, or not soon."""
        return [self._settle() for _ in range(len(self._held))]

    def _moved(self, matte: Matte, seen: Seen) -> "NDArray[np.float32] | None":
        last = self._held[-1].matte.alpha if self._held else self._alpha
        if seen.begins or last is None or self._small is None:
            return None
        if last.shape != matte.alpha.shape or self._small.shape != seen.small.shape:
            return None
        return motion(self._small, seen.small)

    def _settle(self) -> tuple[T, Matte]:
        first, before = self._held.popleft(), self._alpha
        if first.moved is None or before is None or not self._held:
            self._alpha = first.matte.alpha
            return first.one, first.matte
        own, moved = first.matte.alpha, first.moved
        following = [later.matte.alpha for later in self._held]
        moved = np.maximum.reduce([moved, *(later.moved for later in self._held if later.moved is not None)])
        # In place: fresh pages for a frame cost more than the sums.
        alpha = np.maximum(own, following[0])
        bound, weight = self._room_for(own)
        np.minimum(own, following[0], out=bound)
        for more in following[1:]:
            np.maximum(alpha, more, out=alpha)
            np.minimum(bound, more, out=bound)
        np.minimum(alpha, before, out=alpha)
        np.maximum(alpha, bound, out=alpha)
        # Where something moved, its own.
        np.subtract(own, alpha, out=bound)
        cv2.resize(moved, own.shape[::-1], dst=weight, interpolation=cv2.INTER_LINEAR)
        bound *= weight
        alpha += bound
        np.clip(alpha, 0, 1, out=alpha)  # what rounding may have added
        alpha.flags.writeable = False
        self._alpha = alpha
        return first.one, replace(first.matte, alpha=alpha)

    def _room_for(self, alpha: "NDArray[np.float32]") -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
        if self._room is None or self._room[0].shape != alpha.shape:
            self._room = np.empty_like(alpha), np.empty_like(alpha)
        return self._room

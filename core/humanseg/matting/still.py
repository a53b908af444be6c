"""Still scenes: while nothing changes, the last matte is given again."""

from typing import TYPE_CHECKING

from humanseg.matting.motion import is_still

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from humanseg.matting.options import MattingOptions

LONGEST = 30
"""So many frames in a row at most. A mistake does not stay, and what creeps too slowly to be seen is seen by and by."""


class LastMatte:
    """Keeps the last alpha that was computed, with the small frame that it came from. One thread only."""

    def __init__(self) -> None:
        self._alpha: NDArray[np.float32] | None = None
        self._small: NDArray[np.uint8] | None = None
        self._options: MattingOptions | None = None
        self._given = 0

    def again(
        self, small: "NDArray[np.uint8]", shape: tuple[int, int], options: "MattingOptions"
    ) -> "NDArray[np.float32] | None":
        """The kept alpha if it still holds, else None.

        It is held against the very frame that it came from, and not the one before this: slow changes add up.

        Args:
            small: hxwx3 uint8 RGB: the frame as the network would see it.
            shape: (height, width) of the frame.
            options: The frame's options; other ones than the kept alpha's ask for another alpha.
        """
        if self._alpha is None or self._small is None or self._given >= LONGEST:
            return None
        if self._alpha.shape != shape or self._options != options or not is_still(self._small, small):
            return None
        self._given += 1
        return self._alpha

    def keep(self, alpha: "NDArray[np.float32]", small: "NDArray[np.uint8]", options: "MattingOptions") -> None:
        """Keep what was computed, in place of what was kept before; nobody may write into it."""
        self._alpha, self._small, self._options, self._given = alpha, small, options, 0

    def reset(self) -> None:
        """Forget it."""
        self._alpha = self._small = self._options = None

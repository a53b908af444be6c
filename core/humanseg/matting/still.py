"""Still scenes: while nothing changes, the last matte holds."""

from typing import TYPE_CHECKING

from humanseg.matting.motion import is_still

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from humanseg.matting.options import MattingOptions

LONGEST = 30
"""So many frames in a row at most. A mistake does not stay, and what creeps too slowly to be seen is seen by and by."""


class LastLook:
    """Keeps what the last alpha was computed of. One thread only."""

    def __init__(self) -> None:
        self._shape: tuple[int, int] | None = None
        self._small: NDArray[np.uint8] | None = None
        self._options: MattingOptions | None = None
        self._given = 0

    def holds(self, small: "NDArray[np.uint8]", shape: tuple[int, int], options: "MattingOptions") -> bool:
        """Whether that alpha is this frame's too.

        It is held against the very frame that it came from, and not the one before this: slow changes add up.

        Args:
            small: hxwx3 uint8 RGB: the frame as the network would see it.
            shape: (height, width) of the frame.
            options: The frame's options; other ones than that alpha's ask for another alpha.
        """
        if self._small is None or self._given >= LONGEST:
            return False
        if self._shape != shape or self._options != options or not is_still(self._small, small):
            return False
        self._given += 1
        return True

    def keep(self, small: "NDArray[np.uint8]", shape: tuple[int, int], options: "MattingOptions") -> None:
        """Keep what an alpha is computed of, in place of what was kept before; nobody may write into it."""
        self._small, self._shape, self._options, self._given = small, shape, options, 0

    def reset(self) -> None:
        """Forget it."""
        self._shape = self._small = self._options = None

"""What a picture must pass before anyone sees it: the room must not be in it."""

from typing import TYPE_CHECKING

from humanseg.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRIDE = 8
"""Of so many pixels, across as down, one is looked at: 14400 of them at 720p."""

ROOM = 0.1
"""Alpha below which a pixel is room."""

PLAIN = 8
"""Grey levels between the darkest and the brightest of a room in which there is nothing to be seen."""


def check_room(before: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", rgb: "NDArray[np.uint8]") -> None:
    """Refuse a picture that equals the frame where the room is.

    Args:
        before: HxWx3 uint8: the frame.
        alpha: HxW float32, 0 to 1: what the picture was made with.
        rgb: HxWx3 uint8: the picture.

    Raises:
        EngineError: it does, in more than half of the pixels looked at, and there is something in the room to be seen.
    """
    room = alpha[::STRIDE, ::STRIDE] < ROOM
    seen = before[::STRIDE, ::STRIDE][room]
    if not seen.size or int(seen.max()) - int(seen.min()) < PLAIN:
        return
    if (seen == rgb[::STRIDE, ::STRIDE][room]).all(axis=1).mean() > 0.5:
        raise EngineError("The composite shows the room.", "Choose another background.")


def check_whole(before: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", rgb: "NDArray[np.uint8]") -> None:
    """The same for a picture that was made in one go, whose matte nobody has checked.

    Raises:
        EngineError: as above, or alpha takes the whole frame for the person.
    """
    # Nobody fills a frame to its last corner: such a matte comes of a fault, and would show the whole room.
    if alpha[::STRIDE, ::STRIDE].min() > 0.5:
        raise EngineError("Alpha takes the whole frame for the person.")
    check_room(before, alpha, rgb)

"""What a picture must pass before anyone sees it: the room must not be in it."""

from typing import TYPE_CHECKING

from humanseg.errors import EngineError
from humanseg.pipeline.planes import chroma_in, chroma_of, luma_in, luma_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from humanseg.frames import PlaneWeights

STRIDE = 8
"""Of so many pixels, across as down, one is looked at: 14400 of them at 720p."""

ROOM = 0.1
"""Alpha below which a pixel is room."""

PLAIN = 8
"""Grey levels between the darkest and the brightest of a room in which there is nothing to be seen."""

MOST_EQUAL = 0.5
"""What part of the room may be as it is in the frame: by chance, or where a blur finds nothing to change."""


def check_room(before: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", rgb: "NDArray[np.uint8]") -> None:
    """Refuse a picture that equals the frame where the room is.

    Args:
        before: HxWx3 uint8: the frame.
        alpha: HxW float32, 0 to 1: what the picture was made with.
        rgb: HxWx3 uint8: the picture.

    Raises:
        EngineError: it does, in more than half of the pixels looked at, and there is something in the room to be seen.
    """
    room = _room(before, alpha[::STRIDE, ::STRIDE])
    if room is None:
        return
    was, now = before[::STRIDE, ::STRIDE], rgb[::STRIDE, ::STRIDE]
    same = was[..., 1] == now[..., 1]
    # Where the greens differ nothing of the room is seen; to look at all three takes three times as long.
    if same[room].mean() > MOST_EQUAL:
        same = (was == now).all(axis=2)
    _refuse_equal(same[room])


def check_whole(before: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", rgb: "NDArray[np.uint8]") -> None:
    """The same for a picture that was made in one go, whose matte nobody has checked.

    Raises:
        EngineError: as above, or alpha takes the whole frame for the person.
    """
    _check_matte(alpha[::STRIDE, ::STRIDE])
    check_room(before, alpha, rgb)


def check_planes(
    before: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", planes: "NDArray[np.uint8]", weights: "PlaneWeights"
) -> None:
    """The same for a picture in planes: the frame is coded in the same way, where it is looked at.

    Args:
        before: HxWx3 uint8: the frame.
        alpha: float32, 0 to 1: at every `STRIDE`th pixel, across as down, what the picture was made with.
        planes: The picture, as a `PlanarFrame` holds it.
        weights: Of what its planes are made.

    Raises:
        EngineError: as above.
    """
    _check_matte(alpha)
    room = _room(before, alpha)
    if room is None:
        return
    same = luma_of(before, weights, STRIDE) == luma_in(planes, STRIDE)
    # Colours take longer, and where the greys differ nothing of the room is seen.
    if same[room].mean() > MOST_EQUAL:
        same &= (chroma_of(before, weights, STRIDE) == chroma_in(planes, STRIDE)).all(axis=0)
    _refuse_equal(same[room])


def _check_matte(alpha: "NDArray[np.float32]") -> None:
    # Nobody fills a frame to its last corner: such a matte comes of a fault, and would show the whole room.
    if alpha.min() > 0.5:
        raise EngineError("Alpha takes the whole frame for the person.")


def _room(before: "NDArray[np.uint8]", alpha: "NDArray[np.float32]") -> "NDArray[np.bool_] | None":
    """Where the room is, of the pixels looked at; None if there is nothing in it to be seen."""
    room: NDArray[np.bool_] = alpha < ROOM
    seen = before[::STRIDE, ::STRIDE][room]
    return room if seen.size and int(seen.max()) - int(seen.min()) >= PLAIN else None


def _refuse_equal(same: "NDArray[np.bool_]") -> None:
    if same.mean() > MOST_EQUAL:
        raise EngineError("The composite shows the room.", "Choose another background.")

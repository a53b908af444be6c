"""What a frame and its matte can be shown as: a composite, the alpha, the person alone, or a cut-out."""

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast

import cv2
import numpy as np

from humanseg.compositing.backgrounds import Background
from humanseg.compositing.compositor import Compositor
from humanseg.compositing.foreground import estimate_foreground
from humanseg.frames import Frame, LookName, Matte

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORKING_SIDE = 240
"""The shorter side of the picture on which local colours are found; they are smooth."""

_REACH = 0.03
"""Standard deviation of the neighbourhood whose colours count, as a part of the shorter side."""

_LEAST = 1 / 512
"""Where less of the neighbourhood than this is person, there is no colour to tell: black."""

_SHOWN = 16
"""Where alpha is at least one part in so many, the colour is the foreground's own; less shows too little."""


class Look(Protocol):
    """Makes one picture of a frame and its matte. One thread only."""

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """A new frame; index, time, duration and born stay the frame's."""
        ...


def look_of(name: LookName, background: Background) -> Look:
    """The look of a name.

    Args:
        name: "composite" (the person over the background), "alpha" (grey: white is the person), "foreground" (the
            person's own colour, opaque, to be cut out with the alpha elsewhere) or "transparent" (the same, cut out).
        background: For the composite.
    """
    if name == "composite":
        return Compositor(background)
    looks: dict[str, Look] = {
        "alpha": AlphaLook(),
        "foreground": ForegroundLook(),
        "transparent": TransparentLook(),
    }
    return looks[name]


class AlphaLook:
    """The alpha as a grey picture, in full for those who can hold it."""

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """See `Look.composite`."""
        grey = np.rint(matte.alpha * np.float32(255)).astype(np.uint8)
        rgb = _handed_on(cast("NDArray[np.uint8]", cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)))
        return replace(frame, rgb=rgb, grey=matte.alpha)


class ForegroundLook:
    """The person's own colour, spread beyond the edge and fading to black: nothing of the room is in it."""

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """See `Look.composite`."""
        return replace(frame, rgb=_handed_on(own_colour(frame, matte)))


class TransparentLook:
    """The cut-out: the person's own colour, straight, with the alpha."""

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """See `Look.composite`."""
        return replace(frame, rgb=_handed_on(own_colour(frame, matte)), alpha=matte.alpha)


def own_colour(frame: Frame, matte: Matte) -> "NDArray[np.uint8]":
    """The person's colour in every pixel, without the room.

    Inside and on the edge it is what a composite is made of: the frame's, with the room's share taken off. Outside it
    goes on with the person's colours nearby, so that neither scaling nor chroma subsampling draws a rim, and fades to
    black: a straight file shows its hidden colours to whoever looks, and they must not be the room.

    Args:
        frame: The frame.
        matte: The matte of this very frame.

    Returns:
        HxWx3 uint8 RGB.
    """
    alpha = matte.alpha
    width, height = frame.size
    scale = min(1.0, _WORKING_SIDE / min(width, height))
    small_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    sigma = _REACH * min(small_size)
    small = cv2.resize(frame.rgb, small_size, interpolation=cv2.INTER_AREA).astype(np.float32)
    opacity = cast("NDArray[np.float32]", cv2.resize(alpha, small_size, interpolation=cv2.INTER_AREA))
    person, reach = _local_mean(small, _sure(opacity), sigma)
    known = np.minimum(reach / np.float32(_LEAST), 1)
    # Where nobody is surely there, the frame's own colour counts as far as alpha says.
    unsure = np.minimum(2 * opacity, 1) * (1 - known)
    person = person * known[:, :, None] + small * unsure[:, :, None]
    # In whole numbers from here on: sums of floats as large as a frame cost more than all the rest.
    faded = np.rint(np.clip(person, 0, 255)).astype(np.uint8)
    nearby = cv2.resize(faded, (width, height), interpolation=cv2.INTER_LINEAR)
    foreground = estimate_foreground(frame.rgb, alpha) if matte.foreground is None else matte.foreground
    share = np.minimum(alpha * np.float32(_SHOWN), 1)
    return cast("NDArray[np.uint8]", cv2.blendLinear(foreground, nearby, share, 1 - share))


def _sure(opacity: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """How much a pixel tells: nothing from half on downwards, and little before it is nearly all of one kind."""
    return np.square(np.square(np.clip(2 * opacity - 1, 0, 1)))


def _local_mean(
    rgb: "NDArray[np.float32]", weight: "NDArray[np.float32]", sigma: float
) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """The mean colour around each pixel, and how much weight it rests on."""
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    summed = cv2.GaussianBlur(rgb * weight[:, :, None], (0, 0), sigma)
    mean = summed / np.maximum(total, np.float32(1e-6))[:, :, None]
    return cast("NDArray[np.float32]", mean), cast("NDArray[np.float32]", total)


def _handed_on(rgb: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    rgb.flags.writeable = False
    return rgb

"""The person over another background: alpha * foreground + (1 - alpha) * background."""

from typing import TYPE_CHECKING

import numpy as np

from humanseg.compositing.backgrounds import Background, parse_background
from humanseg.compositing.blend import blend
from humanseg.compositing.foreground import estimate_foreground
from humanseg.compositing.image import ImageBackground
from humanseg.compositing.light_wrap import wrap_light
from humanseg.frames import Frame, Matte

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Compositor:
    """Lays the person of each frame over one background. One thread only."""

    def __init__(self, background: Background, *, light_wrap: float = 0.0, decontaminate: bool = True) -> None:
        """Choose what stands behind the person, and how the two are joined.

        Args:
            background: What stands behind.
            light_wrap: How much of its light falls on the person's edges, 0 (none) to 1.
            decontaminate: Whether the old background's colour is taken out of the outline, for mattes that come without
                a foreground.

        Raises:
            ValueError: `light_wrap` leaves 0 to 1.
        """
        if not 0 <= light_wrap <= 1:
            raise ValueError(f"light_wrap is {light_wrap}; it must be from 0 to 1.")
        self.background = background
        self.light_wrap = light_wrap
        self.decontaminate = decontaminate

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """The frame with its background replaced; index, time, duration and born stay the frame's.

        Args:
            frame: The frame.
            matte: The matte of this very frame; its alpha must be finite and from 0 to 1.

        Returns:
            A new frame, its `rgb` read-only, within one grey level of alpha * foreground + (1 - alpha) * background.

        Raises:
            ValueError: frame and matte differ in size.
        """
        if matte.alpha.shape != frame.rgb.shape[:2]:
            raise ValueError(f"alpha has shape {matte.alpha.shape}; the frame has {frame.rgb.shape[:2]}.")
        behind = self.background.render(frame, matte)
        person = frame.rgb if matte.foreground is None else matte.foreground
        if matte.foreground is None and self.decontaminate:
            person = estimate_foreground(frame.rgb, matte.alpha)
        if self.light_wrap:
            person = wrap_light(person, behind, matte.alpha, self.light_wrap)
        rgb = blend(person, behind, matte.alpha)
        rgb.flags.writeable = False
        return Frame(rgb=rgb, index=frame.index, time=frame.time, duration=frame.duration, born=frame.born)


def composite(
    picture: "NDArray[np.uint8] | Frame",
    alpha: "NDArray[np.floating | np.bool] | Matte",
    background: "str | NDArray[np.uint8] | Background",
    *,
    light_wrap: float = 0.0,
    decontaminate: bool = True,
) -> "NDArray[np.uint8]":
    """One picture with its background replaced. For a video, keep a `Compositor`, which prepares a background once.

    Args:
        picture: HxWx3 uint8 RGB, or a frame.
        alpha: HxW of any float type from 0 (background) to 1 (person), a boolean mask, or a matte.
        background: What `parse_background` takes ("blur", "#00b140", a file), an hxwx3 uint8 RGB array of any size
            (cropped to fill), or a `Background`.
        light_wrap: As `Compositor` takes it.
        decontaminate: As `Compositor` takes it.

    Returns:
        HxWx3 uint8 RGB, the caller's own.

    Raises:
        SettingsError: the background's text means nothing, or its file cannot be read.
        ValueError: an array has the wrong shape or type, or alpha or `light_wrap` leaves 0 to 1.
    """
    frame = picture if isinstance(picture, Frame) else Frame(rgb=picture)
    matte = alpha if isinstance(alpha, Matte) else Matte(alpha=np.ascontiguousarray(alpha, dtype=np.float32))
    if frame.rgb.ndim != 3 or frame.rgb.shape[2] != 3 or frame.rgb.dtype != np.uint8:
        raise ValueError(f"picture is {frame.rgb.dtype} of shape {frame.rgb.shape}; it must be HxWx3 uint8.")
    if not (matte.alpha.min() >= 0 and matte.alpha.max() <= 1):  # NaN fails both
        raise ValueError("alpha must be finite and lie from 0 to 1.")
    if isinstance(background, str):
        background = parse_background(background)
    elif isinstance(background, np.ndarray):
        background = ImageBackground(background)
    compositor = Compositor(background, light_wrap=light_wrap, decontaminate=decontaminate)
    rgb = compositor.composite(frame, matte).rgb
    rgb.flags.writeable = True  # nobody else has it
    return rgb

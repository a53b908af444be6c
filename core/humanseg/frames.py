"""The records that travel through the house: a frame, its matte, and what is known of a stream.

Sizes are (width, height) in names and arguments and (height, width) only in array shapes; colours are RGB everywhere.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LookName = Literal["composite", "alpha", "foreground", "transparent"]
"""What a frame and its matte can be shown as; `humanseg.compositing.looks` makes them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One picture of a source.

    Nobody writes into `rgb` once the frame was handed on: its maker clears the array's writeable flag.
    """

    rgb: "NDArray[np.uint8]"
    """HxWx3 uint8, C-contiguous, full-range RGB (BT.709 primaries unless the stream says otherwise)."""

    index: int = 0
    """Position in the source, from 0, counting every frame that was read (dropped ones too)."""

    time: Fraction = Fraction(0)
    """When the frame is shown, in seconds on the source's own clock; exact."""

    duration: Fraction | None = None
    """How long it is shown, in seconds, where the source says so."""

    alpha: "NDArray[np.float32] | None" = None
    """HxW float32, 0 to 1, where the frame is a cut-out: `rgb` is then the person's own colour, not multiplied with
    it ("straight"), and holds nothing of the room. None: the frame is opaque."""

    grey: "NDArray[np.float32] | None" = None
    """HxW float32, 0 (black) to 1 (white), where the frame is a grey picture: what `rgb` shows in 8 bits, in full."""

    born: float = field(default_factory=perf_counter)
    """When this process got it (`time.perf_counter`, seconds): latency is counted from here."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.rgb.shape[:2]
        return width, height


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanarFrame(Frame):
    """An opaque frame in the planes that encoders take. Those only get it who said that they take it: it has no RGB."""

    planes: "NDArray[np.uint8]"
    """(3H/2)xW uint8, C-contiguous, for even sizes: HxW of Y', then (H/2)x(W/2) of Cb and as much of Cr, one after the
    other; in limited range, by the `PlaneWeights` of the stream."""

    rgb: "NDArray[np.uint8]" = field(default_factory=lambda: _nothing())
    """0x0x3: nothing."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.planes.shape
        return width, height * 2 // 3


def _nothing() -> "NDArray[np.uint8]":
    import numpy as np

    return np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Matte:
    """How opaque the person is in each pixel of one frame, and the person's own colour if it was estimated."""

    alpha: "NDArray[np.float32]"
    """HxW float32, 0 (background) to 1 (person), at frame size."""

    foreground: "NDArray[np.uint8] | None" = None
    """HxWx3 uint8 RGB without the old background, or None: then the frame's own colour is used."""

    spent: "Spent | None" = None
    """What it took, where its maker tells."""

    seen: "Seen | None" = None
    """What it was made of, where its maker tells: for those who judge it by what comes after."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What a matter made a matte of."""

    index: int
    """The frame's."""

    small: "NDArray[np.uint8]"
    """hxwx3 uint8 RGB: the frame as the network saw it."""

    begins: bool
    """Whether the frames before do not count: it is the first, or another scene than the last."""

    frames: int = 0
    """How many frames are to be looked ahead before it is shown."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Seconds that went into a matte by stage; what else it took came after them."""

    pre_s: float
    """Until the network had its input."""

    infer_s: float
    """In the network; 0 where it was not asked."""


@dataclass(frozen=True, kw_only=True)
class Colour:
    """How a stream codes its colours: the code points of ITU-T H.273, the numbers FFmpeg uses too. 2 is "not said"."""

    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    full_range: bool = False


@dataclass(frozen=True, kw_only=True)
class PlaneWeights:
    """What red, green and blue, 0 to 255, add to each plane of 8 bits in limited range: to 16, 128 and 128."""

    y: tuple[float, float, float]
    cb: tuple[float, float, float]
    cr: tuple[float, float, float]


def usual_matrix(size: tuple[int, int]) -> int:
    """The H.273 matrix that players take for a stream of (width, height) pixels that does not name its own.

    BT.709 (1) from 1280 pixels of width or more than 576 lines on, whichever way up it stands; else BT.601 (6).
    """
    return 1 if max(size) >= 1280 or min(size) > 576 else 6


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """What a source knows of its frames before it reads the first one."""

    width: int
    """Pixels, upright (after the rotation that the container asks for)."""

    height: int
    """Pixels, upright."""

    rate: Fraction
    """Nominal frames per second. Times come from the frames: a variable-rate stream has no other truth."""

    time_base: Fraction
    """Seconds per tick of the stream's clock: every frame time is a whole multiple of it."""

    live: bool = False
    """True for a camera, which does not wait; False for a file, which does."""

    frames: int | None = None
    """How many frames there will be, where the source knows; an estimate good enough for a progress bar."""

    pixel_aspect: Fraction = Fraction(1)
    """Width of a pixel over its height."""

    colour: Colour = Colour()
    """How the source codes its colours, so that a file written from it can say the same."""

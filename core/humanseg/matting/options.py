"""What a user may set about mattes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MattingOptions:
    """How the network's alpha becomes the matte. Each setting has a value that switches it off."""

    refine: bool = True
    """Move outlines to where the colours of the full-size frame change. Off: the network's alpha, scaled up."""

    smoothing: float = 0.8
    """How much outlines are steadied where nothing moves, 0 (off) to 1."""

    threshold: float = 0.0
    """Alpha below this becomes 0 and above it 1, with a narrow ramp; 0 (off) to under 1."""

    shift: float = 0.0
    """Moves outlines outwards (above 0) or inwards, in parts of the frame's shorter side; -0.02 to 0.02, 0 is off."""

    feather: float = 0.0
    """Softens outlines inwards over this width, in parts of the frame's shorter side; 0 (off) to 0.05."""

    look_ahead: int = 0
    """Frames, 0 (off) to 3, that each one waits for: where nothing moves, only changes that last so long are followed.

    For `Pipeline`, which holds frames back; `Matter` alone leaves it undone.
    """

    skip_still: bool = False
    """Give the last matte again while nothing in the picture changes, and save the network's work."""

    carry: bool = False
    """For every other frame, move the network's last alpha along with the picture where that is sure to fit (`carry`).

    A permission: where the GPU makes the whole frame, the network sees each one.
    """

    def __post_init__(self) -> None:
        for name, low, high in (("smoothing", 0, 1), ("shift", -0.02, 0.02), ("feather", 0, 0.05)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be from {low} to {high}.")
        if self.look_ahead not in range(4):
            raise ValueError(f"look_ahead is {self.look_ahead}; it must be 0, 1, 2 or 3.")
        if not 0 <= self.threshold < 1:
            raise ValueError(f"threshold is {self.threshold}; it must be from 0 to under 1.")

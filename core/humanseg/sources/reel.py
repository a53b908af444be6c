"""What can be played forwards from any place and rewound, and the demo as such a reel."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from humanseg.frames import Colour
from humanseg.sources.demo import DemoSource


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a reel."""

    rgb: NDArray[np.uint8]
    """HxWx3 uint8 RGB, upright, read-only."""
    time: Fraction
    """Seconds from the beginning of the reel."""


class Reel(Protocol):
    """Pictures with times from 0. One thread only."""

    size: tuple[int, int]
    rate: Fraction
    colour: Colour
    length: Fraction
    """Seconds until the last picture's end."""

    def pictures(self, start: Fraction = Fraction(0)) -> Iterator[Picture]:
        """From the picture that is shown at `start` to the end; a call ends what an earlier one gave.

        Raises:
            SourceError: a picture is damaged.
        """
        ...

    def close(self) -> None:
        """Release the file. May be called twice."""
        ...


class DemoReel:
    """The demo clip, drawn as it is played."""

    def __init__(self, size: tuple[int, int] = (1280, 720), rate: Fraction = Fraction(30)) -> None:
        self._demo = DemoSource(size=size, rate=rate)
        info = self._demo.info
        self.size, self.rate, self.colour = size, info.rate, info.colour
        self._frames = info.frames or 1
        self.length = self._frames / self.rate

    def pictures(self, start: Fraction = Fraction(0)) -> Iterator[Picture]:
        """See `Reel.pictures`."""
        for index in range(min(int(start * self.rate), self._frames - 1), self._frames):
            frame = self._demo.frame(index)
            yield Picture(frame.rgb, frame.time)

    def close(self) -> None:
        """See `Reel.close`."""
        self._demo.close()

"""A source that is shortened, scaled or brought to another rate on its way."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import cv2

from humanseg.errors import SettingsError, SourceError
from humanseg.frames import Frame, StreamInfo
from humanseg.sources.source import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What shall be different from the source."""

    start: Fraction = Fraction(0)
    """Seconds on the clock of the source at which to begin."""

    end: Fraction | None = None
    """Seconds on the clock of the source at which to end, None for all there is."""

    size: tuple[int | None, int | None] | None = None
    """(width, height) in pixels; one of them may be None: then it follows from the other."""

    rate: Fraction | None = None
    """Frames per second, constant: frames are repeated or left out."""

    deinterlace: bool = False
    """Whether every picture is two half ones."""

    def __post_init__(self) -> None:
        if self.start < 0 or (self.end is not None and self.end <= self.start):
            raise SettingsError(
                "The part to keep ends before it begins.", "Write it like --trim 10-20.5 or --trim 10-."
            )
        if self.size is not None and not all(side is None or 1 <= side <= 16384 for side in self.size):
            raise SettingsError(f"The size {self.size} does not exist.", "Write it like --scale 1280x720 or x720.")
        if self.rate is not None and not 0 < self.rate <= 1000:
            raise SettingsError(f"{self.rate} frames a second do not exist.", "Give 1 to 1000.")

    @property
    def renumber(self) -> bool:
        """Whether the frames get other indices."""
        return bool(self.start) or self.end is not None or self.rate is not None


def parse_trim(text: str) -> tuple[Fraction, Fraction | None]:
    """The start and end, in seconds, of "10-20.5", "1:30-2:00", "-5" or "10-".

    Raises:
        SettingsError: it is none of these.
    """
    start, dash, end = text.partition("-")
    try:
        part = _seconds(start or "0"), _seconds(end) if end else None
    except (ValueError, ZeroDivisionError):
        dash = ""
    if not dash:
        raise SettingsError(f"{text!r} is no part of a video.", "Write it like 10-20.5, 1:30-2:00 or 10-.")
    return part


def parse_size(text: str) -> tuple[int | None, int | None]:
    """The size of "1280x720", "1280x" or "x720".

    Raises:
        SettingsError: it is none of these.
    """
    width, cross, height = text.lower().partition("x")
    if not cross or not (width or height) or not (width + height).isdecimal():
        raise SettingsError(f"{text!r} is no size.", "Write it like 1280x720, 1280x or x720.")
    return int(width) if width else None, int(height) if height else None


def parse_rate(text: str) -> Fraction:
    """The rate of "25", "29.97" (which means 30000/1001) or "30000/1001".

    Raises:
        SettingsError: it is none of these.
    """
    known = {"23.976": Fraction(24000, 1001), "23.98": Fraction(24000, 1001)}
    known |= {"29.97": Fraction(30000, 1001), "59.94": Fraction(60000, 1001)}
    try:
        return known.get(text) or Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise SettingsError(f"{text!r} is no number of frames a second.", "Write it like 25 or 30000/1001.") from error


class ChangedSource:
    """Another source, changed."""

    def __init__(self, source: Source, changes: Changes) -> None:
        """Wrap a source, whose `close` becomes this one's. Deinterlacing is the source's own business."""
        self._source = source
        self._changes = changes
        info = source.info
        width, height = changed_size((info.width, info.height), changes.size)
        aspect = info.pixel_aspect * Fraction(info.width * height, info.height * width)
        if changes.size is not None and None in changes.size:
            aspect = info.pixel_aspect  # what rounding made of it is not worth a word
        rate, time_base, frames = info.rate, info.time_base, info.frames
        if changes.start or changes.end is not None:
            # What is cut off may not fall on a tick.
            time_base = Fraction(1, math.lcm(time_base.denominator, changes.start.denominator))
            frames = _trimmed_count(info, changes)
        if changes.rate is not None:
            frames = None if frames is None else max(1, round(frames * changes.rate / rate))
            rate, time_base = changes.rate, 1 / changes.rate
        self._info = replace(
            info, width=width, height=height, pixel_aspect=aspect, rate=rate, time_base=time_base, frames=frames
        )

    @property
    def info(self) -> StreamInfo:
        """The source's, with the new size, rate, clock and length."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """The frames.

        Raises:
            SourceError: reading fails, or nothing is left of the video.
        """
        frames = self._trimmed(iter(self._source))
        if self._changes.rate is not None:
            frames = self._at_rate(frames, self._changes.rate)
        count = 0
        for frame in frames:
            count += 1
            yield self._scaled(frame)
        if not count and self._changes.renumber:
            raise SourceError("The part to keep lies behind the end of the video.", "Choose another --trim.")

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _trimmed(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        if not self._changes.start and self._changes.end is None:
            yield from frames
            return
        # On the file's own clock, by which its sound is cut too.
        index = 0
        for frame in frames:
            if self._changes.end is not None and frame.time >= self._changes.end:
                return
            if frame.time >= self._changes.start:
                yield replace(frame, index=index, time=frame.time - self._changes.start)
                index += 1

    def _at_rate(self, frames: Iterator[Frame], rate: Fraction) -> Iterator[Frame]:
        index, shown, end = 0, None, Fraction(0)
        first: Fraction | None = None
        for frame in frames:
            first = frame.time if first is None else first
            while shown is not None and first + index / rate < frame.time:
                yield replace(shown, index=index, time=first + index / rate, duration=1 / rate)
                index += 1
            shown, end = frame, frame.time + (frame.duration or 0)
        while shown is not None and first is not None and (index == 0 or first + index / rate < end):
            yield replace(shown, index=index, time=first + index / rate, duration=1 / rate)
            index += 1

    def _scaled(self, frame: Frame) -> Frame:
        size = (self._info.width, self._info.height)
        if frame.size == size:
            return frame
        shrinks = size[0] <= frame.size[0] and size[1] <= frame.size[1]
        resized = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        rgb = cast("NDArray[np.uint8]", resized)
        rgb.flags.writeable = False
        return replace(frame, rgb=rgb)


def changed_size(size: tuple[int, int], wanted: tuple[int | None, int | None] | None) -> tuple[int, int]:
    """(width, height) after scaling; a side that follows from the other is even, as encoders like it."""
    if wanted is None:
        return size
    width, height = wanted
    if width is None and height is not None:
        width = max(2, 2 * round(size[0] * height / size[1] / 2))
    if height is None and width is not None:
        height = max(2, 2 * round(size[1] * width / size[0] / 2))
    return width or size[0], height or size[1]


def _seconds(text: str) -> Fraction:
    total = Fraction(0)
    for part in text.split(":"):
        total = total * 60 + Fraction(part)
    return total


def _trimmed_count(info: StreamInfo, changes: Changes) -> int | None:
    if info.frames is None:
        return None
    end = info.frames if changes.end is None else min(info.frames, math.ceil(changes.end * info.rate))
    return max(1, end - math.ceil(changes.start * info.rate))

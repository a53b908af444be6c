"""A clip that is drawn as it is read: a person at a desk in a bright room, and the true alpha of every frame.

It stands in for a camera or a file where there is none, and for a test set where the right answer must be known.
"""

import math
import threading
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import SourceError
from humanseg.frames import Colour, Frame, StreamInfo
from humanseg.tiles import marked_runs

# The portrait's own pixels. It was cut at the bottom; the row of the anchor stands on the lower edge of the frame.
_ANCHOR = (193.0, 325.0)
_ENLARGED = 2.05
"""Times the portrait at 720 lines."""

_TILE = 48
"""Side of the squares that are drawn or left alone, in pixels: the person fills a third of the frame."""

_COARSE = 8
"""Pixels of the frame to one of the picture that tells those squares."""

# A plate of noise is larger than a frame by this; each frame sees another part of it.
_SLACK = (67, 61)

_BT709 = Colour(matrix=1, primaries=1, transfer=1)


class DemoSource:
    """A person in front of a room: gliding, leaning, turning and coming nearer by a little, under a drifting exposure.

    The same index gives the same frame every time, in whatever order it is asked for.
    """

    def __init__(
        self, *, size: tuple[int, int] = (1280, 720), rate: Fraction = Fraction(30), seconds: float = 6.0
    ) -> None:
        """Load the pictures and bring them to size.

        Args:
            size: (width, height) of the frames in pixels.
            rate: frames per second.
            seconds: how long it lasts; rounded to whole frames. The motion repeats every six seconds.

        Raises:
            ValueError: nothing would be seen: an empty size, no rate, or less than one frame.
            SourceError: the pictures that belong to the program are missing or damaged.
        """
        width, height = size
        frames = round(rate * Fraction(seconds)) if rate > 0 else 0
        if width < 1 or height < 1 or frames < 1:
            raise ValueError(f"a clip of {width}x{height} at {rate} frames per second for {seconds} s has no frames")
        self._info = StreamInfo(width=width, height=height, rate=rate, time_base=1 / rate, frames=frames, colour=_BT709)
        self._closing = threading.Event()
        self._begun = False
        self._unit = min(height / 720, width / 960)
        self._room = _cover(_load("room.webp", cv2.IMREAD_COLOR), size)
        self._person = _enlarge(_load("person.png", cv2.IMREAD_UNCHANGED), _ENLARGED * self._unit)
        self._silhouette = _silhouette(self._person)
        self._noise = _noise((width + _SLACK[0], height + _SLACK[1]))

    @property
    def info(self) -> StreamInfo:
        """Size, rate, clock and exact number of frames."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """The frames, once. After `close` there are none.

        Raises:
            RuntimeError: it is asked for a second time.
        """
        if self._begun:
            raise RuntimeError("a source can be read once")
        self._begun = True
        return self._frames()

    def close(self) -> None:
        """Ask for the end, from any thread; see `Source.close`."""
        self._closing.set()

    def frame(self, index: int) -> Frame:
        """One frame, without iterating.

        Raises:
            IndexError: there is no such frame.
        """
        rate = self._info.rate
        return Frame(rgb=self._draw(index), index=index, time=index / rate, duration=1 / rate)

    def truth(self, index: int) -> NDArray[np.float32]:
        """The alpha with which the person was laid over the room in one frame; works after `close` too.

        Returns:
            HxW float32, 0 (room) to 1 (person).

        Raises:
            IndexError: there is no such frame.
        """
        alpha = np.zeros((self._info.height, self._info.width), np.float32)
        for part, person in self._posed(index):
            alpha[part] = cv2.extractChannel(person, 3) * np.float32(1 / 255)
        return alpha

    def _frames(self) -> Iterator[Frame]:
        for index in range(self._info.frames or 0):
            if self._closing.is_set():
                return
            yield self.frame(index)

    def _draw(self, index: int) -> NDArray[np.uint8]:
        rgb = self._room.copy()
        for part, person in self._posed(index):
            shows = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(person, 3)), cv2.COLOR_GRAY2RGB)
            room = cv2.multiply(rgb[part], shows, scale=1 / 255)
            rgb[part] = cv2.add(cv2.cvtColor(person, cv2.COLOR_RGBA2RGB), room)
        # The steps have no common divisor with the slack, so a part of the noise comes back after 4087 frames only.
        left, top = index * 29 % _SLACK[0], index * 23 % _SLACK[1]
        noise = self._noise[top : top + self._info.height, left : left + self._info.width]
        cv2.addWeighted(rgb, self._exposure(index), noise, 1, -128, dst=rgb)
        rgb.flags.writeable = False
        return rgb

    def _posed(self, index: int) -> Iterator[tuple[tuple[slice, slice], NDArray[np.uint8]]]:
        """The person in one frame, in parts: where each is, and HxWx4, colour times alpha, and alpha."""
        pose, shape = self._pose(index), (self._info.height, self._info.width)
        coarse = pose / _COARSE
        coarse[:, 2] += 0.5 / _COARSE - 0.5
        few = -(-shape[1] // _COARSE), -(-shape[0] // _COARSE)
        marks = cv2.warpAffine(self._silhouette, coarse, few, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        for part in marked_runs(np.asarray(marks, np.uint8) > 0, shape, _TILE, reach=1):
            rows, columns = part
            there = pose - ((0, 0, columns.start), (0, 0, rows.start))
            size = columns.stop - columns.start, rows.stop - rows.start
            person = cv2.warpAffine(self._person, there, size, borderMode=cv2.BORDER_REPLICATE)
            yield part, np.asarray(person, np.uint8)

    def _exposure(self, index: int) -> float:
        return 1 + 0.03 * math.sin(self._phase(index, 1) + 0.8) + 0.01 * math.sin(self._phase(index, 3))

    def _phase(self, index: int, turns: int) -> float:
        """Radians after `turns` swings in six seconds."""
        return math.tau * turns * float(index / self._info.rate) / 6

    def _pose(self, index: int) -> NDArray[np.float64]:
        """Where the person is: 2x3, from the enlarged portrait to the frame.

        The swings are bounded so that the portrait's lower edge, where it was cut, stays below the frame.
        """
        info, unit = self._info, self._unit
        if not 0 <= index < (info.frames or 0):
            raise IndexError(f"frame {index} of a clip of {info.frames}")
        lean = math.radians(2.0 * math.sin(self._phase(index, 1) + 0.5) + 0.5 * math.sin(self._phase(index, 3)))
        nearer = 1 + 0.025 * math.sin(self._phase(index, 1) - 1.2)
        turned = nearer * (1 - 0.02 * (1 - math.cos(self._phase(index, 2))))
        x = info.width / 2 + unit * (72 * math.sin(self._phase(index, 1)) + 6 * math.sin(self._phase(index, 2) + 1))
        y = info.height + unit * 5 * math.sin(self._phase(index, 2) + 2)
        matrix = np.array(
            [
                [turned * math.cos(lean), -nearer * math.sin(lean), 0],
                [turned * math.sin(lean), nearer * math.cos(lean), 0],
            ]
        )
        anchor = np.array(_ANCHOR) * _ENLARGED * unit
        matrix[:, 2] = (x, y) - matrix[:, :2] @ anchor
        return matrix


def _load(name: str, flags: int) -> NDArray[np.uint8]:
    """A packaged picture, RGB or RGBA."""
    try:
        data = (files("humanseg_assets") / "demo" / name).read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        raise SourceError(f"The demo's picture {name} is missing.", "Install humanseg again.") from error
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if picture is None:
        raise SourceError(f"The demo's picture {name} is damaged.", "Install humanseg again.")
    code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def _cover(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The middle of a picture, HxWx3, scaled to fill a (width, height)."""
    width, height = size
    scale = max(width / picture.shape[1], height / picture.shape[0])
    wide, high = max(1, round(width / scale)), max(1, round(height / scale))
    left, top = (picture.shape[1] - wide) // 2, (picture.shape[0] - high) // 2
    part = picture[top : top + high, left : left + wide]
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(part, size, interpolation=method), np.uint8)


def _enlarge(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The portrait at a scale, HxWx4: colour times alpha, and alpha. So it is laid over a room by one product."""
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.cvtColor(cv2.resize(picture, size, interpolation=method), cv2.COLOR_RGBA2mRGBA), np.uint8)


def _silhouette(person: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """HxW, not 0 wherever the person may show, and as far about it as one pixel of a coarse picture reaches."""
    reach = np.ones((2 * _COARSE + 1, 2 * _COARSE + 1), np.uint8)
    return np.asarray(cv2.dilate(cv2.extractChannel(person, 3), reach), np.uint8)


def _noise(size: tuple[int, int]) -> NDArray[np.uint8]:
    """HxWx3 sensor noise around 128: fine in brightness, coarser and weaker in colour."""
    width, height = size
    chance = np.random.default_rng(1995)
    brightness = chance.standard_normal((height, width, 1), np.float32) * 2.4
    colour = cv2.GaussianBlur(chance.standard_normal((height, width, 3), np.float32), (0, 0), 1.2) * 4.0
    return np.round(128 + brightness + colour).clip(0, 255).astype(np.uint8)

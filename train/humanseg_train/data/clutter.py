"""Things on the walls of rooms: framed pictures, discs, edges. Photographs of rooms have few of them where heads come.

A network takes for a person what touches the hair and stands out from the wall as the hair does, unless it has seen
such things beside hair. Drawn ones teach it that.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

MOST = 4
"""Things in one room."""

Colour = tuple[int, int, int]


def hang(room: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """A room, HxWx3 uint8, with one to four things that begin in its upper seven tenths; another array."""
    hung = room.copy()
    for _ in range(random.integers(1, MOST + 1)):
        thing = hung.copy()
        (_picture, _disc, _edge)[random.choice(3, p=(0.6, 0.25, 0.15))](thing, random)
        opacity = random.uniform(0.5, 1.0)
        hung = np.asarray(cv2.addWeighted(thing, opacity, hung, 1 - opacity, 0), np.uint8)
    return hung


def _picture(room: NDArray[np.uint8], random: np.random.Generator) -> None:
    """A frame, what is in it, and discs and squares on that."""
    height = room.shape[0]
    wide, tall = (int(height * random.uniform(0.12, 0.55)) for _ in range(2))
    left, top = _somewhere(room, random)
    corner = (left + wide, top + tall)
    cv2.rectangle(room, (left, top), corner, _colour(random), cv2.FILLED)
    cv2.rectangle(room, (left, top), corner, _colour(random), int(random.integers(1, max(2, height // 48) + 1)))
    for _ in range(random.integers(0, 4)):
        centre = (left + int(wide * random.uniform(0.2, 0.8)), top + int(tall * random.uniform(0.2, 0.8)))
        size = max(1, int(min(wide, tall) * random.uniform(0.08, 0.25)))
        if random.random() < 0.5:
            cv2.circle(room, centre, size, _colour(random), cv2.FILLED, cv2.LINE_AA)
        else:
            cv2.rectangle(room, centre, (centre[0] + size, centre[1] + size), _colour(random), cv2.FILLED)


def _disc(room: NDArray[np.uint8], random: np.random.Generator) -> None:
    """A clock, a lamp, a plate."""
    height = room.shape[0]
    axes = (int(height * random.uniform(0.03, 0.2)), int(height * random.uniform(0.03, 0.2)))
    thickness = cv2.FILLED if random.random() < 0.7 else int(random.integers(1, 4))
    cv2.ellipse(room, _somewhere(room, random), axes, 0, 0, 360, _colour(random), thickness, cv2.LINE_AA)


def _edge(room: NDArray[np.uint8], random: np.random.Generator) -> None:
    """A shelf, a pole, the frame of a door."""
    height, width = room.shape[:2]
    left, top = _somewhere(room, random)
    thickness = int(random.integers(1, max(2, height // 16) + 1))
    end = (left, height) if random.random() < 0.5 else (left + int(width * random.uniform(0.2, 0.8)), top)
    cv2.line(room, (left, top), end, _colour(random), thickness, cv2.LINE_AA)


def _somewhere(room: NDArray[np.uint8], random: np.random.Generator) -> tuple[int, int]:
    height, width = room.shape[:2]
    return int(random.uniform(-0.1, 0.95) * width), int(random.uniform(-0.1, 0.7) * height)


def _colour(random: np.random.Generator) -> Colour:
    """Half of them greys, as frames and prints are."""
    if random.random() < 0.5:
        grey = int(random.integers(0, 256))
        return grey, grey, grey
    red, green, blue = (int(value) for value in random.integers(0, 256, 3))
    return red, green, blue

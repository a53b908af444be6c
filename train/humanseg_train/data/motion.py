"""People who move before rooms, with the true alpha of every frame: made from photographs, since films have none.

A person cut out by the mask glides, turns and scales a little; the camera shakes, its exposure drifts, its sensor is
noisy, and each frame went through JPEG once.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (640, 360)
"""Width and height of the frames."""


def moving_person(
    rgb: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    room: NDArray[np.uint8],
    *,
    frames: int,
    seed: int,
    still: bool = False,
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """The frames and their true alphas; the same seed gives the same ones.

    Args:
        rgb: HxWx3 uint8, the photograph.
        alpha: HxW uint8, its mask; somebody must be in it.
        room: hxwx3 uint8, what stands behind.
        frames: how many.
        seed: decides path, shake, exposure and noise.
        still: nothing changes but the noise.

    Yields:
        Frame 360x640x3 uint8 and alpha 360x640 float32, 0..1.
    """
    random = np.random.default_rng(seed)
    width, height = SIZE
    room = _covering(room, 1.08)
    rows, columns = np.where(alpha > 127)
    cut = rows.max() >= alpha.shape[0] - 3  # by the photograph's bottom edge, and so by the frame's
    fit = height * random.uniform(0.72, 0.9) / (rows.max() - rows.min() + 1)
    phase, cycles = random.uniform(0, 2 * np.pi, 7), random.uniform(0.6, 1.6, 7)
    centre, foot = (columns.min() + columns.max()) / 2, float(rows.max())
    for frame in range(frames):
        # Size, turn, across, down, the room's two directions, exposure: each swings at its own pace.
        swing = np.zeros(7) if still else np.sin(phase + 2 * np.pi * cycles * frame / max(frames - 1, 1))
        zoom = fit * (1 + 0.05 * swing[0])
        matrix = cv2.getRotationMatrix2D((centre, foot), 3.0 * swing[1], zoom)
        matrix[0, 2] += width * (0.5 + 0.08 * swing[2]) - centre
        matrix[1, 2] += (height + 4 if cut else height * 0.97) - foot + height * 0.015 * (swing[3] + (not still))
        shrink = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
        person = cv2.warpAffine(rgb, matrix, SIZE, flags=shrink, borderMode=cv2.BORDER_REPLICATE)
        true = cv2.warpAffine(alpha, matrix, SIZE, flags=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)
        behind = _window(room, int(3 * swing[4]), int(2 * swing[5]))
        picture = true[..., np.newaxis] * person + (1 - true[..., np.newaxis]) * behind
        yield camera(picture * (1 + 0.05 * swing[6]), random), true


def empty_room(room: NDArray[np.uint8], *, frames: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """Nobody before a noisy camera: frames 360x640x3 uint8."""
    random = np.random.default_rng(seed)
    picture = _window(_covering(room, 1.0), 0, 0).astype(np.float64)
    for _ in range(frames):
        yield camera(picture, random)


def camera(picture: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.uint8]:
    """HxWx3, 0..255, as a camera gives it: with noise of four grey levels, through JPEG at quality 85; uint8."""
    noisy = np.clip(picture + random.normal(0, 4, picture.shape) + 0.5, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB))


def _covering(room: NDArray[np.uint8], margin: float) -> NDArray[np.uint8]:
    """The room, as large as the frame needs and a margin for the camera's shake."""
    scale = margin * max(SIZE[0] / room.shape[1], SIZE[1] / room.shape[0])
    size = tuple(max(part, round(side * scale)) for part, side in zip(SIZE, room.shape[1::-1], strict=True))
    return np.asarray(cv2.resize(room, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))


def _window(room: NDArray[np.uint8], dx: int, dy: int) -> NDArray[np.uint8]:
    """The room's middle, as large as a frame, moved as far as the margin allows."""
    spare = room.shape[1] - SIZE[0], room.shape[0] - SIZE[1]
    left, top = (int(np.clip(room_ // 2 + by, 0, room_)) for room_, by in zip(spare, (dx, dy), strict=True))
    return room[top : top + SIZE[1], left : left + SIZE[0]]

"""Augmentation: what a webcam, its light and its user do to a picture.

Geometry and photometry come from Albumentations; putting a person before a room is ours (`place`). Everything random
follows from the seed that a draw carries, so a sample looks the same whichever process makes it and after a resume.
"""

import albumentations
import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg_train.data.clutter import hang
from humanseg_train.recipe import Augment


class Augmenter:
    """Turns a photograph and its alpha into a training picture of the asked-for size."""

    def __init__(self, settings: Augment) -> None:
        self._settings = settings
        self._geometry = {size: _geometry(settings, size) for size in settings.sizes}
        self._photometry = photometry(settings.photometric)

    def photograph(
        self, rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], size: tuple[int, int], seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A crop of the photograph as it is: HxWx3 and HxW uint8 of `size` (width, height)."""
        geometry = self._geometry[size]
        geometry.set_random_seed(seed)
        both = geometry(image=rgb, mask=alpha)
        return self._expose(both["image"], seed), both["mask"]

    def before_room(
        self,
        rgb: NDArray[np.uint8],
        alpha: NDArray[np.uint8],
        room: NDArray[np.uint8],
        size: tuple[int, int],
        seed: int,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The person of the photograph in front of a room: HxWx3 and HxW uint8 of `size`."""
        random = np.random.default_rng(seed)
        self._photometry.set_random_seed(seed + 1)
        person = self._photometry(image=rgb)["image"]  # a light of its own: people and rooms rarely match
        wall = self._hang(crop(room, size, random), seed)
        composite, true = place(person, alpha, wall, random, flip=self._settings.flip)
        return self._expose(composite, seed), true

    def empty(self, room: NDArray[np.uint8], size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
        """A room without anybody: HxWx3 uint8 of `size`."""
        return self._expose(self._hang(crop(room, size, np.random.default_rng(seed)), seed), seed)

    def _hang(self, room: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        random = np.random.default_rng((seed, 1))  # of its own: without clutter a picture is what it was before
        return hang(room, random) if random.random() < self._settings.clutter else room

    def _expose(self, rgb: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        self._photometry.set_random_seed(seed)
        return np.asarray(self._photometry(image=rgb)["image"])


def place(
    rgb: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    room: NDArray[np.uint8],
    random: np.random.Generator,
    *,
    flip: bool,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The person, 45 to 115 % as tall as the room's picture, somewhere in it; composite and alpha at the room's size.

    Somebody whom the photograph cuts at the bottom stays cut by the frame's bottom edge, as before a webcam.
    """
    height, width = room.shape[:2]
    if flip and random.random() < 0.5:
        rgb, alpha = np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(alpha[:, ::-1])
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 127), np.flatnonzero(alpha.max(axis=0) > 127)
    if not len(rows):
        return room, np.zeros((height, width), np.uint8)
    scale = height * random.uniform(0.45, 1.15) / (rows[-1] - rows[0] + 1)
    matrix = cv2.getRotationMatrix2D((float(columns.mean()), float(rows[-1])), random.uniform(-6, 6), scale)
    matrix[0, 2] += width * random.uniform(0.2, 0.8) - columns.mean()
    cut = rows[-1] >= alpha.shape[0] - 3
    foot = height * (random.uniform(1.02, 1.15) if cut else random.uniform(0.9, 1.2))
    matrix[1, 2] += foot - rows[-1]
    smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    person = cv2.warpAffine(rgb, matrix, (width, height), flags=smaller, borderMode=cv2.BORDER_REPLICATE)
    true = cv2.warpAffine(alpha, matrix, (width, height), flags=cv2.INTER_LINEAR)
    weight = true.astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(person, room, weight, 1 - weight)), np.asarray(true)


def crop(picture: NDArray[np.uint8], size: tuple[int, int], random: np.random.Generator) -> NDArray[np.uint8]:
    """A random crop with the aspect of `size` (width, height), at least half as large as can be, resized to it."""
    width, height = size
    largest = min(picture.shape[1] / width, picture.shape[0] / height)
    reach = largest * random.uniform(0.5, 1.0)
    w, h = max(1, round(width * reach)), max(1, round(height * reach))
    left, top = random.integers(0, picture.shape[1] - w + 1), random.integers(0, picture.shape[0] - h + 1)
    part = picture[top : top + h, left : left + w]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA if reach > 1 else cv2.INTER_LINEAR))


def _geometry(settings: Augment, size: tuple[int, int]) -> albumentations.Compose:
    width, height = size
    aspect = width / height
    steps: list[albumentations.BasicTransform] = []
    if settings.rotation or settings.shear:
        turn, lean = settings.rotation, settings.shear
        steps.append(
            albumentations.Affine(rotate=(-turn, turn), shear=(-lean, lean), border_mode=cv2.BORDER_CONSTANT, p=0.3)
        )
    if settings.min_crop < 1:
        steps.append(
            albumentations.RandomResizedCrop(
                size=(height, width),
                scale=(settings.min_crop, 1.0),
                ratio=(aspect * 0.8, aspect * 1.25),
                interpolation=cv2.INTER_AREA,
            )
        )
    else:
        # As validation does, so that a run without cropping is trained and validated on the same pictures.
        area = cv2.INTER_AREA
        steps.append(albumentations.Resize(height, width, interpolation=area, mask_interpolation=area))
    steps.append(albumentations.HorizontalFlip(p=0.5 if settings.flip else 0.0))
    return albumentations.Compose(steps)


def photometry(strength: float) -> albumentations.Compose:
    """Light, colour, sensor, lens and codec of a cheap camera; each part strikes some of the pictures."""
    if not strength:
        return albumentations.Compose([])
    return albumentations.Compose(
        [
            albumentations.RandomBrightnessContrast(0.3 * strength, 0.3 * strength, p=0.5),
            albumentations.RandomGamma((70, 150), p=0.25),
            albumentations.HueSaturationValue(8, 30, 10, p=0.3),
            albumentations.PlanckianJitter(p=0.25),
            albumentations.ToGray(p=0.02),
            albumentations.OneOf(
                [
                    albumentations.GaussianBlur(blur_limit=(3, 5)),
                    albumentations.MotionBlur(blur_limit=(3, 7)),
                    albumentations.Downscale(scale_range=(0.4, 0.8)),
                ],
                p=0.25,
            ),
            albumentations.OneOf([albumentations.GaussNoise((0.01, 0.06)), albumentations.ISONoise()], p=0.3),
            albumentations.ImageCompression(quality_range=(35, 95), p=0.4),
        ]
    )

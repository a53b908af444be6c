"""What it costs to paint a frame in the app's window, by the format of the picture.

    python benchmarks/painting.py [--rounds 5]

Prints the time of a QPainter in ms, median and least, with the conversion where there is one, all ways taking turns;
and whether the painted pixels are the same.
"""

import argparse
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QGuiApplication, QImage, QPainter

CASES = (
    ((1280, 720), (960, 540)),
    ((1280, 720), (1280, 720)),
    ((1920, 1080), (1440, 810)),
    ((1920, 1080), (1920, 1080)),
)
TURN = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help=f"turns of {TURN} pictures")
    rounds = parser.parse_args().rounds
    application = QGuiApplication([])
    for size, shown in CASES:
        ways = ways_of(size)
        painted = {name: pixels(paint(make(), shown)) for name, make in ways.items()}
        first = next(iter(painted.values()))
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, make in ways.items():
                for _ in range(TURN):
                    began = perf_counter()
                    paint(make(), shown)
                    found.setdefault(name, []).append(1000 * (perf_counter() - began))
        for name, times in found.items():
            same = "same pixels" if np.array_equal(painted[name], first) else "OTHER PIXELS"
            print(f"{size} at {shown}  {name:32} {median(times):6.2f} {min(times):6.2f}  {same}")
    application.quit()


def ways_of(size: tuple[int, int]) -> dict[str, Callable[[], QImage]]:
    """How a frame in RGB, or in BGRA if the GPU gave that, becomes a picture."""
    width, height = size
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    rgb = np.ascontiguousarray(cv2.GaussianBlur(noise, (0, 0), 2))
    bgra = np.ascontiguousarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA))

    def as_it_is() -> QImage:
        return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)

    return {
        "RGB888 as it is": as_it_is,
        "RGB888 converted to RGB32": lambda: as_it_is().convertToFormat(QImage.Format.Format_RGB32),
        "BGRA as it is, as from a GPU": lambda: QImage(bgra.data, width, height, QImage.Format.Format_RGB32),
    }


def pixels(image: QImage) -> np.ndarray:
    """A copy; the image must be held meanwhile."""
    return np.array(image.constBits())


def paint(image: QImage, size: tuple[int, int]) -> QImage:
    """As the preview does it, into what windows are made of."""
    target = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(target)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, *size), image)
    painter.end()
    return target


if __name__ == "__main__":
    main()

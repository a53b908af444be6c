"""What the CPU still does behind a GPU that makes whole frames for a file: in RGB, and in planes.

    python benchmarks/planes.py [--rounds 10]

Needs no GPU, and runs none: the buffers are ordinary memory. Prints CPU time of all threads, medians in ms for a frame,
both forms taking turns: copying the picture out of the GPU's buffer, looking whether it may be shown, and what the
encoder is given.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np

from humanseg.compositing import Compositor, parse_background
from humanseg.frames import Colour, Matte
from humanseg.pipeline.shown import STRIDE, check_planes, check_whole
from humanseg.sinks.colour import FromRgb, plane_weights
from humanseg.sources.demo import DemoSource

SIZES = ((1280, 720), (1920, 1080))
TURN = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help=f"turns of {TURN} frames")
    rounds = parser.parse_args().rounds
    for size in SIZES:
        found: dict[str, list[float]] = {}
        steps = steps_of(size)
        for _ in range(rounds):
            for name, step in steps.items():
                for _ in range(TURN):
                    began = process_time()
                    step()
                    found.setdefault(name, []).append(process_time() - began)
        for name, times in found.items():
            print(f"{size[0]}x{size[1]}  {name:28} {1000 * median(times):6.2f}")


def steps_of(size: tuple[int, int]) -> dict[str, Callable[[], object]]:
    """What is done with each frame, by name."""
    width, height = size
    frame = next(iter(DemoSource(size=size, seconds=0.1)))
    buffer = np.zeros((height, width), np.uint8)  # alpha, in 255ths
    buffer[height // 3 :, width // 3 : width // 2] = 255
    rgb = (
        Compositor(parse_background("blur"))
        .composite(frame, Matte(alpha=np.float32(1 / 255) * buffer.astype(np.float32)))
        .rgb
    )
    convert = FromRgb(Colour(matrix=1), size, "yuv420p")
    weights = plane_weights(Colour(matrix=1), size, "yuv420p")
    if weights is None:
        raise ValueError(f"{size} has no planes")
    planes = np.ascontiguousarray(convert(rgb).to_ndarray(), np.uint8)

    def alpha(stride: int) -> np.ndarray:
        return np.multiply(buffer[::stride, ::stride], np.float32(1 / 255), dtype=np.float32)

    return {
        "RGB: copy": rgb.copy,
        "RGB: alpha, check": lambda: check_whole(frame.rgb, alpha(1), rgb),
        "RGB: to yuv420p (swscale)": lambda: convert(rgb),
        "planes: copy": planes.copy,
        "planes: alpha, check": lambda: check_planes(frame.rgb, alpha(STRIDE), planes, weights),
        "planes: wrapped for encoder": lambda: convert.of_planes(planes),
    }


if __name__ == "__main__":
    main()

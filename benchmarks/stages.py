"""How long each stage of a frame takes on this machine: every engine, size and background, interleaved.

    python benchmarks/stages.py [--rounds 5] [--model FOLDER]

Prints a Markdown table of medians in milliseconds. The configurations take turns in short blocks, so that a
machine whose speed drifts slows all of them alike; the first frames of a block are not counted, because the threads of
the engine before it still spin. Frames come from the built-in demo; decoding and encoding are left out.
"""

import argparse
import platform
from fractions import Fraction
from itertools import product
from statistics import median
from time import perf_counter

import humanseg
from humanseg.compositing import Compositor, parse_background
from humanseg.errors import EngineError
from humanseg.frames import Frame
from humanseg.matting import Matter
from humanseg.sources.demo import DemoSource

SIZES = ((1280, 720), (1920, 1080))
ENGINES = ("onnxruntime", "openvino")
BACKGROUNDS = ("blur", "#00b140")
BLOCK, WARM_UP = 25, 5

Run = tuple[tuple[int, int], str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help=f"blocks of {BLOCK - WARM_UP} counted frames for each")
    parser.add_argument("--model", help="model folder; the packaged model without it")
    parser.add_argument("--threads", type=int, help="CPU threads of the engine")
    options = parser.parse_args()
    engines = [name for name in ENGINES if _available(name, options.model)]
    runs = list(product(SIZES, engines, BACKGROUNDS))
    # A matter each: an engine may keep what it compiled for a size.
    matters = {run: humanseg.open_matter(options.model, run[1], threads=options.threads) for run in runs}
    compositors = {run: Compositor(parse_background(run[2])) for run in runs}
    times: dict[Run, list[tuple[float, float]]] = {run: [] for run in runs}
    frames = {size: list(DemoSource(size=size, rate=Fraction(30), seconds=BLOCK / 30)) for size in SIZES}
    for _, run in product(range(options.rounds), runs):
        block = [_times(frame, matters[run], compositors[run]) for frame in frames[run[0]]]
        times[run] += block[WARM_UP:]
    device = matters[runs[0]].engine.device
    print(f"{platform.machine()}, {device}, {options.rounds} x {BLOCK - WARM_UP} frames, medians in ms\n")
    print("| frame | engine | background | matte | composite | both | fps of both |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for run in runs:
        kept = times[run]
        matte_ms, composite_ms, both_ms = (
            1000 * median(part) for part in ([m for m, _ in kept], [c for _, c in kept], [m + c for m, c in kept])
        )
        cells = (f"{run[0][0]}x{run[0][1]}", *run[1:], f"{matte_ms:.1f}", f"{composite_ms:.1f}", f"{both_ms:.1f}")
        print(f"| {' | '.join(cells)} | {1000 / both_ms:.1f} |")


def _times(frame: Frame, matter: Matter, compositor: Compositor) -> tuple[float, float]:
    """Seconds to matte and to composite one frame."""
    begun = perf_counter()
    matte = matter.matte(frame)
    matted = perf_counter()
    compositor.composite(frame, matte)
    return matted - begun, perf_counter() - matted


def _available(engine: str, model: str | None) -> bool:
    try:
        humanseg.open_matter(model, engine).close()
    except EngineError as error:
        print(f"not measured: {error.problem}")
        return False
    return True


if __name__ == "__main__":
    main()

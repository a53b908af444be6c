"""What it gains to look at one frame while the one before is finished, as a pipeline does, against one after the other.

    python benchmarks/overlap.py [--rounds 5] [--engine openvino]

Prints frames a second of both ways, which take turns, and of the matte and the composite alone. Frames come from the
built-in demo; decoding and encoding are left out.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import median
from time import perf_counter

import humanseg
from humanseg.compositing import Compositor, parse_background
from humanseg.frames import Frame, Matte
from humanseg.matting import Matter
from humanseg.sources.demo import DemoSource

SIZE, FRAMES = (1280, 720), 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help=f"turns of {FRAMES} frames for each way")
    parser.add_argument("--engine", default="openvino")
    options = parser.parse_args()
    frames = list(DemoSource(size=SIZE, seconds=FRAMES / 30))
    compositor = Compositor(parse_background("blur"))
    matters = {threads: humanseg.open_matter(engine=options.engine, threads=threads) for threads in (1, 2)}
    rates: dict[str, list[float]] = {}
    for _ in range(options.rounds + 1):
        for matter in matters.values():
            for way in (in_turn, overlapping):
                matter.reset()
                began = perf_counter()
                way(frames, matter, compositor)
                name = f"{way.__name__}, {matter.engine.device}"
                rates.setdefault(name, []).append(len(frames) / (perf_counter() - began))
    for name, found in rates.items():
        print(f"{name}: {median(found[1:]):.1f} fps")


def in_turn(frames: list[Frame], matter: Matter, compositor: Compositor) -> None:
    for frame in frames:
        compositor.composite(frame, matter.matte(frame))


def finished(frame: Frame, second_half: Callable[[], Matte], compositor: Compositor) -> Frame:
    return compositor.composite(frame, second_half())


def overlapping(frames: list[Frame], matter: Matter, compositor: Compositor) -> None:
    waiting: Future[Frame] | None = None
    with ThreadPoolExecutor(1) as other:
        for frame in frames:
            second_half = matter.look(frame)
            if waiting is not None:
                waiting.result()
            waiting = other.submit(finished, frame, second_half, compositor)
        if waiting is not None:
            waiting.result()


if __name__ == "__main__":
    main()

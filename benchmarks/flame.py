"""Whole frames on the CPU for a profiler to watch, one after the other, decoding and encoding left out.

    py-spy record --rate 100 --duration 30 -o flame.svg -- python benchmarks/flame.py 1280x720 blur

It runs until it is ended.
"""

import sys
from itertools import cycle

import humanseg
from humanseg.compositing import Compositor, parse_background
from humanseg.sources.demo import DemoSource


def main(size: str, background: str, engine: str = "openvino") -> None:
    width, height = (int(side) for side in size.split("x"))
    frames = list(DemoSource(size=(width, height), seconds=1))
    compositor = Compositor(parse_background(background))
    with humanseg.open_matter(engine=engine) as matter:
        for frame in cycle(frames):
            compositor.composite(frame, matter.matte(frame))


if __name__ == "__main__":
    main(*sys.argv[1:])

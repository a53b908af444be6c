"""What a live run gains by compositing one frame while the next is matted: in turn, always beside, and as it decides.

    python benchmarks/live_overlap.py [--seconds 10] [--rounds 2] [--rate 60] [--engine openvino] [--network-ms MS]

The demo at 1280x720 comes as a camera would give it, quicker than it can be worked on; the three ways take turns.
Prints the medians of frames a second and of latency. With `--network-ms` the network's part is waited for and not
computed: so it is where the network runs on a device of its own.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from threading import Event
from typing import Any

import humanseg
from humanseg.compositing import Compositor, parse_background
from humanseg.frames import Frame
from humanseg.matting import Matter
from humanseg.pipeline import Pipeline, ways
from humanseg.sources.demo import DemoSource

SIZE = (1280, 720)
GAINS = {"in turn": 0.0, "always beside": 1e9, "as it decides": ways.GAIN}
"""What a frame must take beside, of what it takes in turn, so that it is done so."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rate", type=float, default=60, help="frames a second that the camera gives")
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--network-ms", type=float, help="wait so long for each alpha, and give the first one again")
    options = parser.parse_args()
    matter = humanseg.open_matter(engine=options.engine)
    if options.network_ms is not None:
        matter = Matter(matter.model, Away(matter.engine, options.network_ms / 1000))
    frames = list(DemoSource(size=SIZE, seconds=2))
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(options.rounds):
        for name, gain in GAINS.items():
            ways.GAIN = gain
            run = Pipeline(
                Camera(frames, options.rate, options.seconds),
                matter,
                Compositor(parse_background("blur")),
                [],
                on_fault="slate",
            )
            run.run()
            found.setdefault(name, []).append((run.stats.frames / options.seconds, 1000 * run.stats.latency_p50_s))
    for name, figures in found.items():
        rate, latency = (median(column) for column in zip(*figures, strict=True))
        print(f"{name}: {rate:.1f} fps, latency {latency:.0f} ms")


class Camera:
    """Frames at a rate, over and over."""

    def __init__(self, frames: list[Frame], rate: float, seconds: float) -> None:
        self.info = replace(DemoSource(size=SIZE).info, live=True, frames=None)
        self._frames, self._rate, self._seconds = frames, rate, seconds
        self._closed = Event()

    def __iter__(self) -> Iterator[Frame]:
        began = time.perf_counter()
        for index in range(round(self._rate * self._seconds)):
            if self._closed.wait(max(0.0, began + index / self._rate - time.perf_counter())):
                return
            yield Frame(rgb=self._frames[index % len(self._frames)].rgb, index=index)

    def close(self) -> None:
        """Give no more."""
        self._closed.set()


class Away:
    """An engine as if on another device."""

    def __init__(self, engine: Any, seconds: float) -> None:
        self._engine, self._seconds = engine, seconds
        self._given: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def run(self, inputs: Any) -> Any:
        """The first alpha there was, after a while."""
        if self._given is None:
            self._given = self._engine.run(inputs)
        time.sleep(self._seconds)
        return self._given


if __name__ == "__main__":
    main()

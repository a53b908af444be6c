"""What a whole clip costs beside decoding and encoding it alone, and where the time goes.

    python benchmarks/batch.py [--frames 300] [--rounds 3]

Makes a clip of the built-in demo at 720p and 1080p, and takes turns: the batch, and the same clip decoded and encoded
with the same settings and nothing between. Prints seconds per 1000 frames by the clock, and each stage measured alone:
the stages overlap on threads of their own, so a batch can cost less than their sum, but never less than the largest.
The second table is the time of the CPU, which other programs on the machine change less, and each stage's share of it.
"""

import argparse
import os
import platform
import tempfile
from fractions import Fraction
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import humanseg
from humanseg.compositing import Compositor, parse_background
from humanseg.frames import Frame
from humanseg.matting import Matter
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sources.demo import DemoSource
from humanseg.sources.video_file import VideoFileSource

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ((1280, 720), (1920, 1080))
STAGES = ("decode", "matte", "composite", "encode")
BACKGROUND = "blur"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    with tempfile.TemporaryDirectory() as name, humanseg.open_matter() as matter:
        engine = f"{matter.engine.name} {matter.engine.device}"
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, {engine}, medians of {options.rounds}\n")
        found = {size: _measured(Path(name), size, options.frames, options.rounds, matter) for size in SIZES}
    print("| frame | batch | decode + encode | decode | matte | composite | encode | batch / largest stage |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (width, height), times in found.items():
        clock = {task: taken[0] for task, taken in times.items()}
        ratio = clock["batch"] / max(clock[stage] for stage in STAGES)
        cells = " | ".join(f"{clock[task]:.1f}" for task in ("batch", "both", *STAGES))
        print(f"| {width}x{height} | {cells} | {ratio:.2f} |")
    print("\n| frame, CPU | batch | decode | matte | composite | encode |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (width, height), times in found.items():
        spent = {task: taken[1] for task, taken in times.items()}
        whole = sum(spent[stage] for stage in STAGES)
        cells = " | ".join(f"{spent[stage]:.1f} ({spent[stage] / whole:.0%})" for stage in STAGES)
        print(f"| {width}x{height} | {spent['batch']:.1f} | {cells} |")


def _measured(
    folder: Path, size: tuple[int, int], count: int, rounds: int, matter: Matter
) -> dict[str, tuple[float, float]]:
    """Seconds per 1000 frames of each task: by the clock, and of the CPU."""
    clip = folder / f"{size[1]}.mp4"
    frames = _made(clip, size, count)
    compositor = Compositor(parse_background(BACKGROUND))
    mattes = [(frame, matter.matte(frame)) for frame in frames]
    several = len(frames)
    tasks: dict[str, tuple[Callable[[], object], int]] = {
        "batch": (
            lambda: humanseg.process_video(clip, folder / "batch.mp4", matter=matter, background=BACKGROUND),
            count,
        ),
        "both": (lambda: _copied(clip, folder / "copy.mp4"), count),
        "decode": (lambda: sum(1 for _ in VideoFileSource(clip)), count),
        "matte": (lambda: [matter.matte(frame) for frame in frames], several),
        "composite": (lambda: [compositor.composite(*pair) for pair in mattes], several),
        "encode": (lambda: _encoded(frames, folder / "encode.mp4", clip), several),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, (task, number) in tasks.items():
            (folder / "batch.mp4").unlink(missing_ok=True)
            began, spent = perf_counter(), process_time()
            task()
            taken = perf_counter() - began, process_time() - spent
            times[name].append((taken[0] / number * 1000, taken[1] / number * 1000))
    return {
        name: (median(clock for clock, _ in taken), median(spent for _, spent in taken))
        for name, taken in times.items()
    }


def _made(clip: Path, size: tuple[int, int], count: int) -> list[Frame]:
    source = DemoSource(size=size, rate=Fraction(30), seconds=count / 30)
    sink = VideoFileSink(clip)
    sink.open(source.info)
    kept: list[Frame] = []
    for frame in source:
        sink.write(frame)
        if len(kept) < 60:
            kept.append(frame)
    sink.close()
    return kept


def _copied(clip: Path, output: Path) -> None:
    source = VideoFileSource(clip)
    sink = VideoFileSink(output)
    sink.open(source.info)
    for frame in source:
        sink.write(frame)
    sink.close()


def _encoded(frames: list[Frame], output: Path, clip: Path) -> None:
    source = VideoFileSource(clip)
    info = source.info
    source.close()
    sink = VideoFileSink(output)
    sink.open(info)
    for frame in frames:
        sink.write(frame)
    sink.close()


if __name__ == "__main__":
    main()

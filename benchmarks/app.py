"""How quickly the app is there, how smoothly it goes, and how long its window ever stands still, on this machine.

    python benchmarks/app.py [--seconds 60] [--source demo] [--preset live] [--carry] [--lower] [--model FOLDER]
                             [--after 0.5] [--switches 5] [--log FILE]
    python benchmarks/app.py --size 64x36 --rate 300 --seconds 3000

Opens the real window (`xvfb-run -s '-screen 0 1920x1080x24'` or `QT_QPA_PLATFORM=offscreen` where there is no screen)
on a source with blur, waits for the first composite, lets it run, and switches through all kinds of background in the
end.

The window's longest block is the longest time between two beats of a 5 ms timer on its own thread, from the first
composite on. A switch takes from the call that the mouse's click makes to the end of the first painting of a frame that
was composited with the new background. On a machine that has other work too, times of the processor (CPU) tell
more than those of the clock. Memory, threads and file handles are looked at now and then; from what to what, and
growth, are those of the later three quarters (`--seconds 1800` is a soak). Prints a Markdown table.

With `--size` and `--rate` the demo is drawn so large and comes so often: small and often, the frames of hours pass in
one, and growth with every frame shows as much.
"""

from time import perf_counter

BEGAN = perf_counter()  # before anything is imported: that is part of the start

import argparse
import os
import platform
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from app_watch import BEAT_MS, Switches, Tally, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from humanseg_desktop.ui.window import Window

SIZE = (1280, 720)

SWITCH_MS = 300
"""Milliseconds between two switches of the background."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long it runs after the first composite")
    parser.add_argument("--after", type=float, default=0.5, help="seconds before anything is counted")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--preset", default="live")
    parser.add_argument("--carry", action="store_true", help="network on every other frame")
    parser.add_argument("--lower", action="store_true", help="lower the work where it is too slow, as the app does")
    parser.add_argument("--model", default="", help="model folder; the packaged model without it")
    parser.add_argument("--switches", type=int, default=5, help="how often each background comes after its first use")
    parser.add_argument("--size", type=size_of, help="draw the demo so large, as in 640x360")
    parser.add_argument("--rate", type=int, help="let the demo give so many frames a second")
    parser.add_argument("--log", type=Path, help="file for the samples of memory, threads and time (CSV)")
    options = parser.parse_args()

    from PySide6.QtCore import QTimer

    from humanseg_desktop import app
    from humanseg_desktop.settings import Input, Look, Settings
    from humanseg_desktop.settings import Window as WindowSettings

    if options.size or options.rate:
        draw(options.size or SIZE, options.rate or 30)
    qt = app.application()
    settings = Settings(
        input=Input(source=options.source, preset=options.preset, model=options.model),
        look=Look(carry=options.carry),
        window=WindowSettings(toured=True),
        lower_work=options.lower,  # else a slow moment changes what is measured
    )
    window = app.make(settings, None)
    watch, switches = Watch(window, options.seconds, BEGAN), Switches(window, options.switches)
    steps: list[QTimer] = []

    def begin() -> None:
        shown = window.controller.outlet.shown
        if "composite" not in watch.figures and shown and not shown.slate and watch.painted.count:
            watch.figures |= {"composite": perf_counter() - BEGAN, "composite cpu": process_time()}
            # A session that has just begun is told to the whole window once.
            QTimer.singleShot(round(1000 * options.after), run)
            steps.pop().stop()

    def run() -> None:
        watch.begin()
        QTimer.singleShot(round(1000 * options.seconds), finish)

    def finish() -> None:
        watch.stop_samples()
        rows = told(watch, options.seconds)
        machine = where(window)
        steps.append(every(SWITCH_MS, lambda: None if switches.next() else end(rows, machine)))

    def end(rows: list[tuple[str, str]], machine: str) -> None:
        for step in steps:
            step.stop()
        window.close()
        rows += [
            ("switch of background, first use", told_switches(switches.first)),
            ("switch of background, later", told_switches(switches.later)),
            ("window's longest block with the switches", f"{_ms(watch.gaps)} ms; {_ms(watch.own)} ms of its own CPU"),
        ]
        print(f"{machine}\n\n| figure | value |\n| --- | --- |")
        for name, value in rows:
            print(f"| {name} | {value} |")
        if options.log:
            watch.write(options.log)

    def every(milliseconds: int, call: "Callable[[], object]") -> QTimer:
        timer = QTimer(interval=milliseconds)
        timer.timeout.connect(call)
        timer.start()
        return timer

    steps.append(every(BEAT_MS, begin))
    app.start(window)
    qt.exec()


def size_of(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def draw(size: tuple[int, int], rate: int) -> None:
    """Let the app's demo be of this size and rate."""
    from humanseg.sources.playback import PlaybackSource
    from humanseg.sources.reel import DemoReel
    from humanseg_desktop.opening import RealParts

    def source(parts: RealParts, wanted: Any) -> PlaybackSource:
        return PlaybackSource(DemoReel(size, Fraction(rate)), loop=True)

    RealParts.source = source  # type: ignore[method-assign, assignment]


def told(watch: Watch, seconds: float) -> list[tuple[str, str]]:
    session = watch.window.controller.session
    if session is None:
        raise SystemExit("Nothing ran.")
    stats, figures = session.stats, watch.figures
    frames, dropped = stats.frames - figures["frames"], stats.dropped - figures["dropped"]
    took = perf_counter() - figures["began"]
    cores = 1000 * took / max(1, frames)
    cpu = [watch.per_frame_ms(third, "cpu") for third in range(3)]
    clock = [watch.per_frame_ms(third, "time") for third in range(3)]
    line, median = watch.growth("memory")
    block_s, samples = watch.undisturbed()
    return [
        ("window shown", f"{figures['window']:.2f} s after the start, {figures['window cpu']:.2f} s of CPU"),
        ("first composite", f"{figures['composite']:.2f} s after the start, {figures['composite cpu']:.2f} s of CPU"),
        ("composited", f"{frames / took:.1f} frames a second, {dropped:.0f} dropped in {seconds:.0f} s"),
        ("work", watch.window.controller.pacer.told or "as chosen"),
        ("painted", f"{watch.painted.count / took:.1f} a second, {watch.painted.ms(50):.1f} ms each"),
        ("latency p50, p95", f"{1000 * stats.latency_p50_s:.0f} ms, {1000 * stats.latency_p95_s:.0f} ms"),
        *((f"{stage.name} p50, p95", _both_ms(stage.p50_s, stage.p95_s)) for stage in stats.stages),
        ("window's longest block", f"{_ms(watch.gaps)} ms; 99 of 100 under {watch.gaps.ms(99):.0f} ms"),
        ("where the machine's host left the cores", f"{1000 * block_s:.0f} ms, {samples} of {watch.taken - 1} samples"),
        ("of its own CPU", f"{_ms(watch.own)} ms; 99 of 100 under {watch.own.ms(99):.0f} ms"),
        ("CPU of all threads", f"{cpu[2]:.1f} ms a frame, which took {cores:.1f} ms"),
        ("a frame, first and last third", f"{clock[0]:.1f}, {clock[2]:.1f} ms; {cpu[0]:.1f}, {cpu[2]:.1f} ms of CPU"),
        ("taken by the machine's host", f"{watch.of('stolen')[-1] - watch.of('stolen')[0]:.1f} s of all cores"),
        ("memory", f"{_from_to(watch, 'memory', 1)} MB; as a line {line:+.1f} MB an hour, median slope {median:+.1f}"),
        ("file handles", _from_to(watch, "handles", 0)),
        ("threads", _from_to(watch, "threads", 0)),
    ]


def told_switches(tally: Tally) -> str:
    text = f"p50 {tally.ms(50):.0f} ms, p95 {tally.ms(95):.0f} ms, longest {_ms(tally)} ms"
    return f"{text} of {tally.count}" if tally.count else "none"


def where(window: "Window") -> str:
    """Machine, engine and source, in a line."""
    session = window.controller.session
    if session is None:
        return "Nothing ran."
    engine = session.network.matter.engine
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {load}"
    width, height = session.info.width, session.info.height
    what = f"{session.wanted.preset}, {session.wanted.source} at {width}x{height}"
    return f"{machine}, {engine.name} on {engine.device}, {what}"


def _from_to(watch: Watch, name: str, places: int) -> str:
    return f"{watch.of(name)[watch.taken // 4]:.{places}f} to {watch.of(name)[-1]:.{places}f}"


def _both_ms(p50_s: float, p95_s: float) -> str:
    return f"{1000 * p50_s:.1f} ms, {1000 * p95_s:.1f} ms"


def _ms(tally: Tally) -> str:
    return f"{1000 * tally.longest_s:.0f}"


if __name__ == "__main__":
    main()

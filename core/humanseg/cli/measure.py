"""The measuring of `humanseg-bench`: every configuration in turns, and each engine's start in a process of its own.

As a program, `python -m humanseg.cli.measure ENGINE MODEL WIDTHxHEIGHT BACKGROUND [THREADS]`, it makes one composite
and prints what that took of memory.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from time import perf_counter

from humanseg.cli import console
from humanseg.cli.figures import Result, spread_of
from humanseg.cli.timed_runs import Setup, open_run
from humanseg.errors import EngineError
from humanseg.sources.demo import DemoSource

BLOCK, WARM_UP = 25, 5
"""Frames of one configuration in a row, and how many of them do not count: threads of the one before still spin."""


def measure(
    setups: Sequence[Setup], *, rounds: int, threads: int | None, progress: Callable[[float], None]
) -> list[Result]:
    """Measure all configurations, in short blocks that take turns: a machine whose speed drifts slows all alike.

    Args:
        setups: What to measure; engines that open on this machine.
        rounds: Blocks of `BLOCK - WARM_UP` counted frames for each.
        threads: CPU threads of the engines; None is their own choice.
        progress: Called with a growing share from 0 to 1.

    Raises:
        HumansegError: a model or background cannot be opened, or an engine failed.
    """
    starts = [_start(setup, threads) for setup in setups]
    runs = [open_run(setup, threads) for setup in setups]
    frames = {
        size: list(DemoSource(size=size, rate=Fraction(30), seconds=BLOCK / 30)) for size in {s.size for s in setups}
    }
    for turn, (_, (setup, run)) in enumerate(product(range(rounds), zip(setups, runs, strict=True))):
        run.reset()
        for number, frame in enumerate(frames[setup.size]):
            run.frame(frame, counts=number >= WARM_UP)
        progress((turn + 1) / (rounds * len(setups)))
    results = []
    for setup, run, (start_s, memory_mb) in zip(setups, runs, starts, strict=True):
        whole = run.seconds["frame"]
        result = Result(
            engine=setup.engine,
            device=run.device,
            model=run.model,
            size=f"{setup.size[0]}x{setup.size[1]}",
            background=setup.background,
            fps=round(len(whole) / sum(whole), 2),
            start_s=start_s,
            memory_mb=memory_mb,
            stages={stage: spread_of(seconds) for stage, seconds in run.seconds.items()},
            outside=run.outside,
        )
        results.append(result)
        run.close()
    return results


def _start(setup: Setup, threads: int | None) -> tuple[float, float | None]:
    """Seconds and MiB of a fresh process up to its first composite."""
    command = [sys.executable, "-m", "humanseg.cli.measure", *setup.words, *([str(threads)] if threads else [])]
    began = perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = perf_counter() - began
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        told = next((line for line in lines if line.startswith(console.ERROR)), lines[-1])
        raise EngineError(
            f"The engine {setup.engine} failed in a process of its own: {told.removeprefix(console.ERROR)}"
        )
    return round(seconds, 2), json.loads(done.stdout)


def most_memory() -> float | None:
    """The most memory that this process had at once, in MiB; None where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def _main(engine: str, model: str, size: str, background: str, threads: str = "") -> int:
    width, height = (int(side) for side in size.split("x"))
    run = open_run(Setup(engine, model or None, (width, height), background), int(threads) if threads else None)
    run.frame(next(iter(DemoSource(size=(width, height), seconds=0.1))), counts=False)
    sys.stdout.write(json.dumps(most_memory()))
    return 0


if __name__ == "__main__":
    sys.exit(console.exit_code_of(lambda: _main(*sys.argv[1:])))

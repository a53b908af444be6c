"""The measuring of `humanseg-bench`: every configuration in turns, and each engine's start in a process of its own.

As a program, `python -m humanseg.cli.measure ENGINE MODEL WIDTHxHEIGHT BACKGROUND [THREADS]`, it makes one composite
and prints what that took of memory.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, cast

from humanseg.cli.figures import Result, spread_of
from humanseg.compositing import Compositor, parse_background
from humanseg.engines import open_engine
from humanseg.errors import EngineError
from humanseg.matting import Matter
from humanseg.models import find_model
from humanseg.sources.demo import DemoSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from humanseg.engines import Engine
    from humanseg.engines.tensorrt.frames import FrameEngine
    from humanseg.frames import Frame

Size = tuple[int, int]

WHOLE_FRAME = "tensorrt-frame"
"""No engine of its own: TensorRT with all of the frame in one graph, from uint8 to uint8."""

FULL_PRECISION = "-fp32"
"""Ends the name of an engine on the CPU that is to run the network of full precision where the model has both."""

BLOCK, WARM_UP = 25, 5
"""Frames of one configuration in a row, and how many of them do not count: threads of the one before still spin."""


@dataclass(frozen=True)
class Setup:
    """One configuration."""

    engine: str
    model: str | None
    size: Size
    background: str

    @property
    def words(self) -> list[str]:
        """As arguments of this module's program."""
        return [self.engine, self.model or "", f"{self.size[0]}x{self.size[1]}", self.background]


class _Timed:
    """An engine with a clock."""

    def __init__(self, engine: "Engine") -> None:
        self.engine, self.seconds, self.cpu_s = engine, 0.0, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def run(self, inputs: "Mapping[str, NDArray[np.float32]]") -> "dict[str, NDArray[np.float32]]":
        began, cpu_began = perf_counter(), process_time()
        outputs = self.engine.run(inputs)
        self.seconds, self.cpu_s = perf_counter() - began, process_time() - cpu_began
        return outputs


@dataclass
class _Run:
    """Matter and compositor, each with its times in seconds by stage."""

    matter: Matter
    clock: _Timed
    compositor: Compositor
    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: float = 0.0
    """Of all threads, in all frames that count."""
    network_cpu_s: float = 0.0

    @property
    def device(self) -> str:
        return str(self.clock.device)

    @property
    def outside(self) -> float | None:
        """What part of the CPU's time the network does not take."""
        return round(1 - self.network_cpu_s / self.cpu_s, 3) if self.cpu_s else None

    @property
    def model(self) -> str:
        return self.matter.model.name

    def reset(self) -> None:
        self.matter.reset()

    def close(self) -> None:
        self.matter.close()

    def frame(self, frame: "Frame", *, counts: bool) -> None:
        began, cpu_began = perf_counter(), process_time()
        matte = self.matter.matte(frame)
        matted = perf_counter()
        self.compositor.composite(frame, matte)
        done, cpu_done = perf_counter(), process_time()
        if counts:
            self.cpu_s += cpu_done - cpu_began
            self.network_cpu_s += self.clock.cpu_s
            took = {"network": self.clock.seconds, "matte": matted - began}
            for stage, seconds in (took | {"composite": done - matted, "frame": done - began}).items():
                self.seconds.setdefault(stage, []).append(seconds)


@dataclass
class _WholeRun:
    """The same, where one launch does it all."""

    engine: "FrameEngine"
    model: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    outside: float | None = None

    @property
    def device(self) -> str:
        return self.engine.device

    def reset(self) -> None:
        self.engine.reset()

    def close(self) -> None:
        self.engine.close()

    def frame(self, frame: "Frame", *, counts: bool) -> None:
        began = perf_counter()
        self.engine.run(frame.rgb)
        if counts:
            self.seconds.setdefault("frame", []).append(perf_counter() - began)


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
    runs = [_open(setup, threads) for setup in setups]
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


def _open(setup: Setup, threads: int | None) -> _Run | _WholeRun:
    if setup.engine == WHOLE_FRAME:
        return _open_whole(setup)
    model = find_model(setup.model)
    name = setup.engine.removesuffix(FULL_PRECISION)
    if name != setup.engine:
        model = model.full_precision
    clock = _Timed(open_engine(name, model, threads=threads))
    matter = Matter(model, cast("Engine", clock))
    return _Run(matter, clock, Compositor(parse_background(setup.background)))


def _open_whole(setup: Setup) -> _WholeRun:
    from humanseg.engines.tensorrt.frames import FrameEngine
    from humanseg.pipeline.whole_frame import frame_shape

    model, compositor = find_model(setup.model), Compositor(parse_background(setup.background))
    shape = frame_shape(model, compositor, setup.size)
    if shape is None:
        raise EngineError(f"The background {setup.background} cannot be made on the GPU.")
    return _WholeRun(FrameEngine(model, shape), model.name)


def _start(setup: Setup, threads: int | None) -> tuple[float, float | None]:
    """Seconds and MiB of a fresh process up to its first composite."""
    command = [sys.executable, "-m", "humanseg.cli.measure", *setup.words, *([str(threads)] if threads else [])]
    began = perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = perf_counter() - began
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise EngineError(f"The engine {setup.engine} failed in a process of its own: {lines[-1]}")
    return round(seconds, 2), json.loads(done.stdout)


def most_memory() -> float | None:
    """The most memory that this process had at once, in MiB; None where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def _main(engine: str, model: str, size: str, background: str, threads: str = "") -> None:
    width, height = (int(side) for side in size.split("x"))
    run = _open(Setup(engine, model or None, (width, height), background), int(threads) if threads else None)
    run.frame(next(iter(DemoSource(size=(width, height), seconds=0.1))), counts=False)
    sys.stdout.write(json.dumps(most_memory()))


if __name__ == "__main__":
    _main(*sys.argv[1:])

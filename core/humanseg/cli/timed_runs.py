"""One configuration of `humanseg-bench`, ready to run frame after frame, with a clock on every stage."""

from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Protocol, cast

from humanseg.compositing import Compositor, parse_background
from humanseg.engines import open_engine
from humanseg.errors import EngineError
from humanseg.matting import Matter
from humanseg.models import find_model

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class TimedRun(Protocol):
    """A configuration that is open."""

    @property
    def seconds(self) -> dict[str, list[float]]:
        """What each frame that counted took, by stage; "frame" is all of it."""

    @property
    def device(self) -> str:
        """What it runs on, in words."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def outside(self) -> float | None:
        """What part of the CPU's time the network does not take; None where nobody can tell."""

    def frame(self, frame: "Frame", *, counts: bool) -> None:
        """Make one composite."""

    def reset(self) -> None:
        """Forget the frames seen so far."""

    def close(self) -> None:
        """Release engine and network."""


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


def open_run(setup: Setup, threads: int | None) -> TimedRun:
    """What is to be measured, ready for its first frame.

    Args:
        setup: What to open.
        threads: CPU threads of the engine; None is its own choice.

    Raises:
        HumansegError: the model, the background or the engine cannot be opened.
    """
    if setup.engine == WHOLE_FRAME:
        return _open_whole(setup)
    model = find_model(setup.model)
    name = setup.engine.removesuffix(FULL_PRECISION)
    if name != setup.engine:
        model = model.full_precision
    clock = _Timed(open_engine(name, model, threads=threads))
    matter = Matter(model, cast("Engine", clock))
    return _Run(matter, clock, Compositor(parse_background(setup.background)))


def _open_whole(setup: Setup) -> TimedRun:
    from humanseg.engines.tensorrt.frames import FrameEngine
    from humanseg.pipeline.whole_frame import frame_shape

    model, compositor = find_model(setup.model), Compositor(parse_background(setup.background))
    shape = frame_shape(model, compositor, setup.size)
    if shape is None:
        raise EngineError(f"The background {setup.background} cannot be made on the GPU.")
    return _WholeRun(FrameEngine(model, shape), model.name)

"""Which engine runs, from the words for engine, device and precision together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from humanseg.engines.engine import AUTO_ORDER, CPU_ENGINES, GPU_ENGINES, NAMES, Engine, open_engine
from humanseg.engines.relay import RelayEngine
from humanseg.errors import SettingsError
from humanseg.matting import Matter, MattingOptions, open_matter
from humanseg.matting.presets import with_preset
from humanseg.models import find_model

Device = Literal["cpu", "gpu", "npu"]
Precision = Literal["int8", "fp16", "fp32"]

_ON_DEVICE: dict[Device, tuple[str, ...]] = {"cpu": CPU_ENGINES, "gpu": GPU_ENGINES, "npu": ("openvino-npu",)}

_OF_PRECISION: dict[Precision, tuple[str, ...]] = {"int8": CPU_ENGINES, "fp16": ("tensorrt",), "fp32": CPU_ENGINES}
"""Only what is certain: of the others, the library or the driver decides how they compute."""

_SEVERAL = ("openvino", "onnxruntime")
"""The words for an engine that has relatives on other devices; without a device they mean the CPU."""


@dataclass(frozen=True, kw_only=True)
class EngineChoice:
    """What was asked for."""

    engine: str = "auto"
    """An `EngineName`."""

    device: Device | None = None
    """Where it shall run; None leaves that to the engine."""

    precision: Precision | None = None
    """How it shall compute; None leaves that to the engine and the model."""

    require_gpu: bool = False
    """Whether to fail rather than run on the CPU."""

    @property
    def is_plain(self) -> bool:
        """Whether the engine's name says all."""
        return self.device is None and self.precision is None

    def candidates(self) -> tuple[str, ...]:
        """The engines that do what was asked for, the best first.

        Raises:
            SettingsError: there is none.
        """
        names = self._of_engine()
        if self.device is not None:
            names = tuple(name for name in _ON_DEVICE[self.device] if name in names)
        if self.precision is not None:
            names = tuple(name for name in names if name in _OF_PRECISION[self.precision])
        if self.require_gpu:
            names = tuple(name for name in names if name in GPU_ENGINES)
        if not names:
            hint = "Leave one of them out. int8 and fp32 are for the CPU, fp16 is for tensorrt."
            raise SettingsError(f"No engine is all of this: {self}.", hint)
        return names

    def open(
        self,
        model: str | Path | None = None,
        *,
        preset: str,
        threads: int | None,
        options: MattingOptions | None = None,
        on_notice: Callable[[str], None] | None = None,
    ) -> Matter:
        """Open a matter on the first candidate that works; the arguments are those of `open_matter`.

        Raises:
            SettingsError: there is no such engine, or the model has no network in that precision.
            ModelError: see `open_matter`.
            EngineError: see `open_matter`.
        """
        if self.is_plain:
            return open_matter(
                model,
                self.engine,
                preset=preset,
                threads=threads,
                options=options,
                require_gpu=self.require_gpu,
                on_notice=on_notice,
            )
        names = self.candidates()
        spec = with_preset(find_model(model), preset)
        if self.precision == "int8" and not spec.int8_file:
            problem = f"The model {spec.name} has no network in 8-bit integers."
            raise SettingsError(problem, "Leave --precision out, or give fp32.")
        if self.precision == "fp32":
            spec = spec.full_precision

        def opened(name: str) -> Engine:
            return open_engine(name, spec, threads=threads)

        engine = opened(names[0]) if len(names) == 1 else RelayEngine(spec.name, names, opened, on_notice=on_notice)
        return Matter(spec, engine, options)

    def __str__(self) -> str:
        words = {"--engine": self.engine, "--device": self.device, "--precision": self.precision}
        asked = [f"{option} {word}" for option, word in words.items() if word not in (None, "auto")]
        return " ".join([*asked, *(["--require-gpu"] if self.require_gpu else [])])

    def _of_engine(self) -> tuple[str, ...]:
        if self.engine == "auto":
            # What "auto" takes only by name may be had by the name of its device too.
            return AUTO_ORDER if self.device is None else NAMES
        if self.device is not None and self.engine in _SEVERAL:
            return tuple(name for name in NAMES if name.partition("-")[0] == self.engine)
        return (self.engine,)


def told(engine: Engine) -> str | None:
    """What runs and why the best does not, in a sentence; None where the engine is the one that was asked for."""
    if not isinstance(engine, RelayEngine) or not engine.choice.passed_over:
        return None
    (best, reason), *others = engine.choice.passed_over
    more = " humanseg-doctor tells of the others." if others else ""
    return f"Running on {engine.name}, {engine.device}. Not {best}: {reason}{more}"

"""What a benchmark found: records that go into a JSON file, a table of them, and a comparison with an older file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from humanseg.errors import SettingsError

FORMAT = 1
"""The number of the layout of the JSON file."""

NOISE = 0.1
"""Figures of one machine differ by this much from run to run: less is no news."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How long something took, in milliseconds."""

    p50_ms: float
    """Half of the frames took no longer."""

    p95_ms: float
    """95 of 100 frames took no longer."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One engine, model, frame size and background."""

    engine: str
    device: str
    model: str
    size: str
    """Frame size, as 1280x720."""

    background: str
    fps: float
    """Frames a second, one after the other, nothing else done: matte and composite."""

    start_s: float
    """Seconds from a fresh process to its first composite, Python's own start included."""

    memory_mb: float | None
    """The most memory that such a process took, in MiB; None where the system does not tell."""

    stages: dict[str, Spread]
    """By stage: `network`, `matte` (with the network), `composite`, `frame` (all)."""

    outside: float | None = None
    """What part of the CPU's time for a frame, over all threads, goes to other things than the network, 0 to 1."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two results comparable."""
        return self.engine, self.model, self.size, self.background

    @property
    def title(self) -> str:
        """The engine as the table names it."""
        return f"{self.engine} INT8" if "INT8" in self.device else self.engine


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole run."""

    machine: dict[str, str]
    """Processor, cores, GPU, system, versions."""

    results: list[Result]
    skipped: dict[str, str]
    """Engines that were not measured, each with the reason."""

    def write(self, path: Path) -> None:
        """Write the JSON file.

        Raises:
            SettingsError: it cannot be written.
        """
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be written: {error.strerror}.", "Choose another with --json."
            ) from error

    @classmethod
    def read(cls, path: Path) -> "Report":
        """Read a JSON file that `write` wrote.

        Raises:
            SettingsError: there is no such file, or it is something else.
        """
        hint = "Give a file that humanseg-bench --json wrote."
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                raise SettingsError(f"{path} has format {found['format']}; this humanseg reads format {FORMAT}.", hint)
            results = [
                Result(**{**result, "stages": {name: Spread(**stage) for name, stage in result["stages"].items()}})
                for result in found["results"]
            ]
            return cls(machine=found["machine"], results=results, skipped=found["skipped"])
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise SettingsError(f"{path} holds no figures of humanseg-bench.", hint) from error

    def table(self, older: "Report | None" = None) -> str:
        """The results as a Markdown table, p50 / p95 in ms; with `older`, how the whole frame compares with then."""
        heads = [
            "engine",
            "frame",
            "background",
            "network",
            "matte",
            "composite",
            "whole frame",
            "fps",
            "CPU beside network",
            "start s",
            "MiB",
        ]
        then = {result.key: result for result in older.results} if older else {}
        several = len({result.model for result in self.results}) > 1
        heads = [*(["model"] if several else []), *heads, *(["against then"] if older else [])]
        lines = [_row(heads), _row(["---"] * len(heads))]
        for result in self.results:
            stages = [_words(result.stages.get(name)) for name in ("network", "matte", "composite", "frame")]
            memory = "" if result.memory_mb is None else f"{result.memory_mb:.0f}"
            cells = [
                result.title,
                result.size,
                result.background,
                *stages,
                f"{result.fps:.1f}",
                "" if result.outside is None else f"{result.outside:.0%}",
                f"{result.start_s:.1f}",
            ]
            cells = [*([result.model] if several else []), *cells, memory]
            lines.append(_row([*cells, *([_change(result, then.get(result.key))] if older else [])]))
        return "\n".join([*lines, *(f"Not measured: {name}: {reason}" for name, reason in self.skipped.items())])


def spread_of(seconds: Sequence[float]) -> Spread:
    """The spread of so many seconds (nearest rank); at least one value."""
    ordered = sorted(seconds)
    p50, p95 = (ordered[max(0, -(-len(ordered) * percent // 100) - 1)] * 1000 for percent in (50, 95))
    return Spread(p50_ms=round(p50, 3), p95_ms=round(p95, 3))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(stage: Spread | None) -> str:
    return f"{stage.p50_ms:.1f} / {stage.p95_ms:.1f}" if stage else ""


def _change(now: Result, then: Result | None) -> str:
    if then is None:
        return "new"
    ratio = now.stages["frame"].p50_ms / then.stages["frame"].p50_ms
    if abs(ratio - 1) < NOISE:
        return "same"
    return f"{ratio - 1:+.0%} ({'slower' if ratio > 1 else 'faster'})"

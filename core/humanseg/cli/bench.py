"""`humanseg-bench`: how fast this machine is, engine by engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import FlagCreatePairsOff, arg

from humanseg.cli import console
from humanseg.errors import EngineError, SettingsError


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Measure how long a frame takes on this machine, stage by stage, and print a table.

    Frames come from the built-in clip; decoding and encoding are left out. All configurations take turns.
    For example: humanseg-bench --sizes 1280x720 --backgrounds blur --json today.json
    """

    engines: Annotated[
        tuple[str, ...], arg(metavar="NAME [NAME ...]", help_behavior_hint="(default: all that run here)")
    ] = ()
    """Engines to measure; one that cannot be opened is an error then. Where the model has a network in 8-bit integers,
    openvino-fp32 and onnxruntime-fp32 run the other one."""

    sizes: Annotated[tuple[str, ...], arg(metavar="WxH [WxH ...]")] = ("1280x720", "1920x1080")
    """Frame sizes in pixels."""

    backgrounds: Annotated[tuple[str, ...], arg(metavar="BACKGROUND [BACKGROUND ...]")] = ("blur", "#00b140")
    """Backgrounds: blur, blur:0.8, a colour, or the path of a picture."""

    models: Annotated[
        tuple[str, ...], arg(metavar="MODEL [MODEL ...]", help_behavior_hint="(default: the packaged one)")
    ] = ()
    """Model folders, or names of packaged models."""

    rounds: Annotated[int, arg(metavar="N")] = 5
    """Turns of 20 counted frames for each configuration."""

    threads: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: by the number of cores)")] = None
    """CPU threads of the engines."""

    json: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="(default: none is written)")] = None
    """Also write everything to this file."""

    compare: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="(default: none)")] = None
    """Show the change against this older file."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command.

    Args:
        argv: Its arguments, None for those of the process.

    Returns:
        The exit code: 0, 1 if something cannot be measured, 130 after Ctrl-C.

    Raises:
        SystemExit: with 0 after `--help`, 2 for a wrong command line.
    """
    bench = tyro.cli(Bench, args=argv, prog="humanseg-bench", config=(FlagCreatePairsOff,))
    return console.exit_code_of(lambda: _run(bench))


def _run(bench: Bench) -> int:
    from humanseg.cli.figures import Report
    from humanseg.cli.machine import describe
    from humanseg.cli.measure import measure
    from humanseg.cli.share import share_bar
    from humanseg.cli.timed_runs import Setup
    from humanseg.compositing import parse_background
    from humanseg.models import find_model

    if bench.rounds < 1:
        raise SettingsError(f"{bench.rounds} rounds measure nothing.", "Give --rounds 1 or more.")
    older = Report.read(bench.compare) if bench.compare else None
    sizes = [_size(text) for text in bench.sizes]
    models: tuple[str | None, ...] = bench.models or (None,)
    for background in bench.backgrounds:
        parse_background(background)  # what is wrong with it is told now, not by a program that measures a start
    for model in models:
        find_model(model)
    engines, skipped = _engines(bench.engines, models[0])
    setups = [
        Setup(engine, model, size, background)
        for model in models
        for size in sizes
        for engine in engines
        for background in bench.backgrounds
    ]
    with share_bar("measuring") as show:
        results = measure(setups, rounds=bench.rounds, threads=bench.threads, progress=show)
    report = Report(machine=describe(), results=results, skipped=skipped)
    console.say(", ".join(f"{name} {value}" for name, value in report.machine.items()))
    console.say(f"{bench.rounds} x 20 frames each, p50 / p95 in ms\n")
    console.say(report.table(older))
    if bench.json:
        report.write(bench.json)
    return 0


def _engines(wanted: Sequence[str], model: str | None) -> tuple[list[str], dict[str, str]]:
    """The engines to measure, and why not the others."""
    from humanseg.cli.timed_runs import FULL_PRECISION, WHOLE_FRAME
    from humanseg.engines import CPU_ENGINES, NAMES, open_engine
    from humanseg.models import find_model

    spec = find_model(model)
    found, skipped = [], {}
    for name in wanted or [name for name in NAMES if name != "auto"]:
        try:
            open_engine(name.removesuffix(FULL_PRECISION), spec).close()
        except EngineError as error:
            if wanted:
                raise
            skipped[name] = error.problem
        else:
            found.append(name)
            if name == "tensorrt":
                found.append(WHOLE_FRAME)
            if spec.int8_file and name in CPU_ENGINES and not wanted:
                found.append(name + FULL_PRECISION)
    if not found:
        raise EngineError("No engine runs here.", "Run humanseg-doctor.")
    return found, skipped


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise SettingsError(f"{text!r} is no frame size.", "Write it like 1280x720.")
    return int(width), int(height)

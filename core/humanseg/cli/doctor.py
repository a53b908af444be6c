"""`humanseg-doctor`: what works on this machine, what does not, and what to do about it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import tyro
from tyro.conf import FlagCreatePairsOff, arg

from humanseg.cli import console

if TYPE_CHECKING:
    from humanseg.cli.findings import Finding


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Look at everything that humanseg works with on this machine, and say how to mend what could be better."""

    gpu: bool = False
    """Also build and run whole frames on the NVIDIA GPU, time them, and compare their pixels with the CPU's."""

    as_json: Annotated[bool, arg(name="json")] = False
    """Print a list of findings as JSON instead."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command.

    Args:
        argv: Its arguments, None for those of the process.

    Returns:
        The exit code: 0, 1 if something keeps humanseg from working, 130 after Ctrl-C.

    Raises:
        SystemExit: with 0 after `--help`, 2 for a wrong command line.
    """
    doctor = tyro.cli(Doctor, args=argv, prog="humanseg-doctor", config=(FlagCreatePairsOff,))
    return console.exit_code_of(lambda: _run(doctor))


def _run(doctor: Doctor) -> int:
    found = []
    part = ""
    for finding in _examine(doctor):
        found.append(finding)
        if not doctor.as_json:
            if finding.part != part:
                console.say(finding.part)
            console.say(_words(finding))
        part = finding.part
    if doctor.as_json:
        console.say(json.dumps([asdict(finding) for finding in found], indent=1))
    return 1 if any(finding.state == "bad" for finding in found) else 0


def _examine(doctor: Doctor) -> Iterator["Finding"]:
    from humanseg.cli.findings import examine

    yield from examine()
    if doctor.gpu:
        from humanseg.cli.gpu_check import prove
        from humanseg.cli.share import share_bar

        with share_bar("the GPU") as show:
            yield from prove(lambda title, share: show(share))


def _words(finding: "Finding") -> str:
    mark = {"good": "ok", "could be better": "--", "bad": "!!"}[finding.state]
    text = "\n       ".join(finding.text.splitlines())
    return f"  {mark}   {text}" + (f"\n       {finding.fix}" if finding.fix else "")

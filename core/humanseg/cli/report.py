"""What became of each video, for programs and for the files of a production."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from humanseg.errors import SinkError

if TYPE_CHECKING:
    from humanseg.cli.run import Outcome
    from humanseg.pipeline.process import Result


def write_report(path: Path, outcomes: Sequence["Outcome"], *, engine: str) -> None:
    """Write the report, whole or not at all.

    Raises:
        SinkError: it cannot be written.
    """
    report = {"engine": engine, "videos": [row(outcome) for outcome in outcomes]}
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(report, indent=2) + "\n", "utf-8", "backslashreplace")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        problem = f"The report {path} cannot be written: {error.strerror}."
        raise SinkError(problem, "Choose another place with --report.") from error


def row(outcome: "Outcome") -> dict[str, Any]:
    """One video of the report."""
    result, error = outcome.result, outcome.error
    facts: dict[str, Any] = {"input": str(outcome.job.source), "outputs": [str(path) for path in outcome.job.places]}
    if error is not None:
        return facts | {"state": "failed", "problem": error.problem, "hint": error.hint}
    return facts | ({"state": "stopped"} if result is None else facts_of(result))


def facts_of(result: "Result") -> dict[str, Any]:
    """What became of a video that did not fail; `frames` is None where nothing was written."""
    state = "stopped" if result.stopped else "there already" if result.skipped else "written"
    return {
        "state": state,
        "frames": result.frames,
        "made": result.made,
        "seconds": round(result.seconds, 3),
        "fps": round(result.made / result.seconds, 2) if result.seconds else None,
        "notes": list(result.notes),
    }

"""What is refused before any work: outputs that would overwrite something, or cannot be written."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from humanseg.errors import SettingsError, SinkError
from humanseg.pipeline.record import Record
from humanseg.sinks.container import FORMATS

if TYPE_CHECKING:
    from humanseg.cli.jobs import Job


def refuse_inputs(jobs: "Iterable[Job]") -> None:
    """Make sure that no output is an input, by whatever name.

    Raises:
        SinkError: one is.
    """
    read = {trace for job in jobs if job.file for trace in _traces(job.file)}
    for job in jobs:
        for output in job.places:
            if _traces(output) & read:
                problem = f"The output {output} is also an input."
                raise SinkError(problem, "Choose another name or folder with -o: an input is never overwritten.")


def refuse_pairs(jobs: "Iterable[Job]") -> None:
    """Make sure that every output is written once.

    Raises:
        SettingsError: two jobs would write the same.
    """
    taken: dict[str, Job] = {}
    for job in jobs:
        for output in job.places:
            first = taken.setdefault(os.path.normcase(output), job)
            if first is not job:
                problem = f"{first.source} and {job.source} would both be written to {output}."
                raise SettingsError(problem, "Rename one, or run the command once for each.")


def refuse_existing(outputs: Iterable[Path], *, overwrite: bool) -> None:
    """Make sure that nothing is replaced unasked.

    Raises:
        SinkError: something is there, or is there and is no file.
    """
    # What humanseg wrote itself may be the very same job: that is found out when the model is known.
    existing = [output for output in outputs if _is_taken(output) and Record(output).job is None]
    for output in existing:
        if output.suffix.lower() in FORMATS and not output.is_file():
            raise SinkError(f"{output} is there already and is not a file.", "Choose another name.")
    if existing and not overwrite:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise SinkError(f"{existing[0]} is there already{others}.", "Add --overwrite, or choose another with -o.")


def refuse_unwritable(folder: Path, *, may_be_made: bool) -> None:
    """Make sure that a folder can be written to, or made.

    Raises:
        SinkError: it cannot.
    """
    there = folder
    while may_be_made and not there.exists() and there != there.parent:
        there = there.parent
    if not there.exists():
        raise SinkError(f"There is no folder {folder}.", "Create it first, or choose another with -o.")
    if not there.is_dir():
        raise SinkError(f"{there} is not a folder.", "Choose another with -o.")
    if not os.access(there, os.W_OK):
        raise SinkError(f"The folder {there} cannot be written to.", "Choose another with -o, or mend its permissions.")


def _traces(path: Path) -> set[object]:
    """What two names of one file have in common: the place after all links, or the file itself (hard links)."""
    traces: set[object] = {os.path.normcase(os.path.realpath(path))}
    try:
        status = path.stat()
    except OSError:
        return traces
    return traces | {(status.st_dev, status.st_ino)}


def _is_taken(output: Path) -> bool:
    return any(output.iterdir()) if output.is_dir() else output.exists()

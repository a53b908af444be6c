"""From the inputs and the output that a person named to a list of files to make, checked before any work."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from humanseg.errors import SettingsError, SinkError, SourceError
from humanseg.sinks.container import FORMATS

DEMO = "demo"
"""The input that is no file: the built-in clip."""

VIDEO_ENDINGS = frozenset(
    ".3gp .asf .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv".split()  # noqa: SIM905 one line instead of twenty
)
"""The endings that make a file in a folder a video. A file that is named itself may have any."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One video to make."""

    file: Path | None
    """The video to read, None for the demo clip."""

    output: Path
    """The video to write."""

    @property
    def source(self) -> Path | str:
        """What `open_source` takes."""
        return self.file or DEMO

    @property
    def title(self) -> str:
        """What to call it while it is made."""
        return self.file.name if self.file else DEMO


def plan(inputs: Sequence[str], output: str | None, *, overwrite: bool = False) -> list[Job]:
    """The videos to make; nothing is read or written yet.

    One file or the demo clip is written to `output`, or into it if that is a folder or ends in a slash, or without it
    beside the input as `NAME-humanseg.mp4`. A folder, or several inputs, is written into the folder `output`, without
    it (one folder only) into `NAME-humanseg` beside it. Names are kept, and endings too unless no such file can be
    written: then it is .mp4.

    Args:
        inputs: Video files, folders of videos (sorted, not searched further) or "demo"; at least one.
        output: A file or a folder.
        overwrite: Whether outputs that are there already may be replaced. Inputs never are.

    Raises:
        SourceError: an input is not there, or a folder without videos.
        SinkError: an output is there already, is an input, or its folder cannot be written to.
        SettingsError: `output` is missing or of the wrong kind, or two inputs would be written to one file.
    """
    files = [file for text in inputs for file in _files(text)]
    several = len(inputs) > 1 or (inputs[0] != DEMO and Path(inputs[0]).is_dir())
    says_folder = output is not None and output.endswith(("/", os.sep))
    try:
        if several:
            folder = _folder(inputs, output)
            jobs = [Job(file=file, output=folder / _name(file)) for file in files]
        else:
            jobs = [Job(file=files[0], output=_place(files[0], output, is_folder=says_folder))]
        _refuse_inputs(jobs)
        _refuse_pairs(jobs)
        _refuse_existing([job.output for job in jobs], overwrite=overwrite)
        _refuse_unwritable(jobs[0].output.parent, may_be_made=several or says_folder)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", error)
        raise SinkError(f"{output} cannot be written: {reason}.", "Choose another with -o.") from error
    return jobs


def _files(text: str) -> list[Path | None]:
    if text == DEMO:
        return [None]
    path = Path(text)
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        found = [entry for entry in path.iterdir() if entry.suffix.lower() in VIDEO_ENDINGS and entry.is_file()]
    except FileNotFoundError as error:
        raise SourceError(f"There is no file or folder {text}.", "Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SourceError(f"{text} cannot be read: {getattr(error, 'strerror', error)}.", "Check the path.") from error
    videos: list[Path | None] = [entry for entry in sorted(found) if not entry.name.startswith(".")]
    if not videos:
        raise SourceError(f"There is no video in the folder {text}.", "Folders in it are not searched: name them too.")
    return videos


def _name(file: Path | None, suffix: str = "") -> str:
    if file is None:
        return f"{DEMO}{suffix}.mp4"
    return f"{file.stem}{suffix}{file.suffix if file.suffix.lower() in FORMATS else '.mp4'}"


def _place(file: Path | None, output: str | None, *, is_folder: bool) -> Path:
    """Where the only output goes."""
    if output is None:
        return (file.parent if file else Path()) / _name(file, "-humanseg")
    if is_folder or Path(output).is_dir():
        return Path(output) / _name(file)
    return Path(output)


def _folder(inputs: Sequence[str], output: str | None) -> Path:
    """The folder for several outputs."""
    if output is None:
        if len(inputs) > 1:
            raise SettingsError("With several inputs nothing says where to write.", "Add -o and a folder.")
        folder = Path(inputs[0]).resolve()  # "." has no name of its own
        return folder.with_name(f"{folder.name}-humanseg")
    folder = Path(output)
    if not folder.is_dir() and folder.suffix.lower() in FORMATS:
        hint = "With several inputs, or a folder, -o names a folder."
        raise SettingsError(f"{output} names one file, and there may be several to write.", hint)
    return folder


def _traces(path: Path) -> set[object]:
    """What two names of one file have in common: the place after all links, or the file itself (hard links)."""
    traces: set[object] = {os.path.normcase(os.path.realpath(path))}
    try:
        status = path.stat()
    except OSError:
        return traces
    return traces | {(status.st_dev, status.st_ino)}


def _refuse_inputs(jobs: Iterable[Job]) -> None:
    read = {trace for job in jobs if job.file for trace in _traces(job.file)}
    for job in jobs:
        if _traces(job.output) & read:
            problem = f"The output {job.output} is also an input."
            raise SinkError(problem, "Choose another name or folder with -o: an input is never overwritten.")


def _refuse_pairs(jobs: Iterable[Job]) -> None:
    taken: dict[str, Job] = {}
    for job in jobs:
        first = taken.setdefault(os.path.normcase(job.output), job)
        if first is not job:
            problem = f"{first.source} and {job.source} would both be written to {job.output}."
            raise SettingsError(problem, "Rename one, or run the command once for each.")


def _refuse_existing(outputs: Iterable[Path], *, overwrite: bool) -> None:
    existing = [output for output in outputs if output.exists()]
    for output in existing:
        if not output.is_file():
            raise SinkError(f"{output} is there already and is not a file.", "Choose another name.")
    if existing and not overwrite:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise SinkError(f"{existing[0]} is there already{others}.", "Add --overwrite, or choose another with -o.")


def _refuse_unwritable(folder: Path, *, may_be_made: bool) -> None:
    there = folder
    while may_be_made and not there.exists() and there != there.parent:
        there = there.parent
    if not there.exists():
        raise SinkError(f"There is no folder {folder}.", "Create it first, or choose another with -o.")
    if not there.is_dir():
        raise SinkError(f"{there} is not a folder.", "Choose another with -o.")
    if not os.access(there, os.W_OK):
        raise SinkError(f"The folder {there} cannot be written to.", "Choose another with -o, or mend its permissions.")

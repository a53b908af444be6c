"""From the inputs and the output that a person named to a list of files to make, checked before any work."""

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from humanseg.errors import SettingsError, SinkError, SourceError
from humanseg.frames import LookName
from humanseg.pipeline.record import Record
from humanseg.sinks.container import FORMATS
from humanseg.sinks.destination import check_name
from humanseg.sinks.pictures import PICTURE_ENDINGS
from humanseg.sources.pictures import is_pictures

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
    """The video to write; with several looks, the name that theirs are made of."""

    looks: tuple[LookName, ...] = ("composite",)
    """What to make of it."""

    @property
    def source(self) -> Path | str:
        """What `open_source` takes."""
        return self.file or DEMO

    @property
    def title(self) -> str:
        """What to call it while it is made."""
        return self.file.name if self.file else DEMO

    @property
    def outputs(self) -> dict[LookName, Path]:
        """The file of each look: `output` itself, or NAME-LOOK beside it where there are several."""
        if len(self.looks) == 1:
            return {self.looks[0]: self.output}
        return {look: self._of_look(look) for look in self.looks}

    @property
    def places(self) -> list[Path]:
        """What will be there: the files, and for pictures their folders."""
        return [path.parent if _is_pictures(path) else path for path in self.outputs.values()]

    def _of_look(self, look: LookName) -> Path:
        if _is_pictures(self.output):
            return self.output.parent.with_name(f"{self.output.parent.name}-{look}") / self.output.name
        ending = self.output.suffix
        # What cannot be transparent gets the ending of what can.
        if look == "transparent" and ending.lower() in FORMATS and not FORMATS[ending.lower()].alpha:
            ending = ".mov"
        return self.output.with_name(f"{self.output.stem}-{look}{ending}")


def plan(
    inputs: Sequence[str],
    output: str | None,
    *,
    overwrite: bool = False,
    looks: tuple[LookName, ...] = ("composite",),
    ending: str | None = None,
    codec: str | None = None,
    recursive: bool = False,
) -> list[Job]:
    """The videos to make; nothing is read or written yet.

    One file or the demo clip is written to `output`, or into it if that is a folder or ends in a slash, or without it
    beside the input as `NAME-humanseg.mp4`. A folder, or several inputs, is written into the folder `output`, without
    it (one folder only) into `NAME-humanseg` beside it. Names are kept, and endings too unless no such file can be
    written: then it is .mp4, or .mov where it shall be transparent.

    Args:
        inputs: Video files, folders of videos (sorted), patterns with `*` or "demo"; at least one.
        output: A file or a folder, or `FOLDER/%05d.png` for pictures.
        overwrite: Whether outputs that are there already may be replaced. Inputs never are.
        looks: What to make of each video.
        ending: Of the outputs that get their names here: ".mov", or ".png" for folders of pictures.
        codec: How videos are coded, None as is usual for their endings.
        recursive: Whether the folders in a folder are searched too; the outputs keep their places in them.

    Raises:
        SourceError: an input is not there, or a folder without videos.
        SinkError: an output is there already, is an input, or its folder cannot be written to; or its name says
            nothing that can be written with this codec and look.
        SettingsError: `output` is missing or of the wrong kind, or two inputs would be written to one file.
    """
    files = [found for text in inputs for found in _files(text, recursive=recursive)]
    alone = len(files) == 1 and files[0][0] is not None and is_pictures(files[0][0])
    # A pattern may match one file today and more tomorrow: what -o means must not hang on that.
    open_ended = _is_pattern(inputs[0]) and output is not None and not _names_file(Path(output))
    from_folder = inputs[0] != DEMO and Path(inputs[0]).is_dir()
    several = not alone and (len(inputs) > 1 or len(files) > 1 or from_folder or open_ended)
    says_folder = output is not None and output.endswith(("/", os.sep))
    naming = _Naming(looks, ending)
    try:
        if several:
            folder = _folder(inputs, output)
            jobs = [naming.job(file, folder / inner) for file, inner in files]
        else:
            file = files[0][0]
            jobs = [Job(file=file, output=_place(file, output, naming, is_folder=says_folder), looks=looks)]
        _refuse_inputs(jobs)
        _refuse_pairs(jobs)
        for job in jobs:
            for look, path in job.outputs.items():
                check_name(path, alpha=look == "transparent", codec=codec)
        _refuse_existing([place for job in jobs for place in job.places], overwrite=overwrite)
        _refuse_unwritable(jobs[0].places[0].parent, may_be_made=several or says_folder)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", error)
        raise SinkError(f"{output} cannot be written: {reason}.", "Choose another with -o.") from error
    return jobs


@dataclass(frozen=True)
class _Naming:
    """How outputs are called that nobody named."""

    looks: tuple[LookName, ...]
    ending: str | None

    def name(self, file: Path | None, suffix: str = "") -> str:
        stem = f"{_stem(file)}{suffix}"
        if self.ending in PICTURE_ENDINGS:
            return f"{stem}/%06d{self.ending}"
        return f"{stem}{self.ending or self._usual(file)}"

    def job(self, file: Path | None, folder: Path) -> Job:
        return Job(file=file, output=folder / self.name(file), looks=self.looks)

    def _usual(self, file: Path | None) -> str:
        given = file.suffix if file is not None and file.suffix.lower() in FORMATS else ".mp4"
        only_cut_out = self.looks == ("transparent",)
        return ".mov" if only_cut_out and not FORMATS[given.lower()].alpha else given


def _stem(file: Path | None) -> str:
    if file is None:
        return DEMO
    if file.is_dir():
        return file.resolve().name
    return file.resolve().parent.name if is_pictures(file) else file.stem


def _is_pictures(path: Path) -> bool:
    return "%" in path.name and path.suffix.lower() in PICTURE_ENDINGS


def _files(text: str, *, recursive: bool) -> list[tuple[Path | None, Path]]:
    """The files that an input means, each with the folder that it has within it."""
    if text == DEMO:
        return [(None, Path())]
    path = Path(text)
    try:
        if is_pictures(path) and (not path.is_dir() or not _holds_videos(path, recursive=recursive)):
            return [(path, Path())]
        if path.is_dir():
            return _folder_files(path, recursive=recursive)
        if _is_pattern(text):
            return _matching(text, recursive=recursive)
        path.stat()
    except FileNotFoundError as error:
        raise SourceError(f"There is no file or folder {text}.", "Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SourceError(f"{text} cannot be read: {getattr(error, 'strerror', error)}.", "Check the path.") from error
    return [(path, Path())]


def _is_pattern(text: str) -> bool:
    return any(mark in text for mark in "*?[") and not Path(text).exists()


def _names_file(output: Path) -> bool:
    return output.suffix.lower() in FORMATS or _is_pictures(output)


def _holds_videos(folder: Path, *, recursive: bool) -> bool:
    entries = folder.rglob("*") if recursive else folder.iterdir()
    return any(entry.suffix.lower() in VIDEO_ENDINGS for entry in entries)


def _folder_files(folder: Path, *, recursive: bool) -> list[tuple[Path | None, Path]]:
    entries = folder.rglob("*") if recursive else folder.iterdir()
    videos: list[tuple[Path | None, Path]] = [
        (entry, entry.parent.relative_to(folder))
        for entry in sorted(entries)
        if entry.suffix.lower() in VIDEO_ENDINGS
        and not any(part.startswith(".") for part in entry.relative_to(folder).parts)
        and entry.is_file()
    ]
    if not videos:
        hint = "" if recursive else "Folders in it are not searched: name them too, or add --recursive."
        raise SourceError(f"There is no video in the folder {folder}.", hint or "Check the path.")
    return videos


def _matching(pattern: str, *, recursive: bool) -> list[tuple[Path | None, Path]]:
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=recursive))]  # noqa: PTH207 Path.glob takes no absolute pattern
    videos: list[tuple[Path | None, Path]] = [(entry, Path()) for entry in found if entry.is_file()]
    if not videos:
        raise SourceError(f"No file matches {pattern}.", "Check the pattern; quote it, so that the shell leaves it.")
    return videos


def _place(file: Path | None, output: str | None, naming: _Naming, *, is_folder: bool) -> Path:
    """Where the only output goes."""
    if output is None:
        return (file.parent if file else Path()) / naming.name(file, "-humanseg")
    if is_folder or Path(output).is_dir():
        return Path(output) / naming.name(file)
    if naming.ending and Path(output).suffix.lower() != naming.ending:
        problem = f"{output} names the file to write, which --format {naming.ending[1:]} does not."
        raise SettingsError(problem, "Leave --format out and give the name its ending, or end -o with / for a folder.")
    return Path(output)


def _folder(inputs: Sequence[str], output: str | None) -> Path:
    """The folder for several outputs."""
    if output is None:
        if len(inputs) > 1 or not Path(inputs[0]).is_dir():
            raise SettingsError("With several inputs nothing says where to write.", "Add -o and a folder.")
        folder = Path(inputs[0]).resolve()  # "." has no name of its own
        return folder.with_name(f"{folder.name}-humanseg")
    folder = Path(output)
    if not folder.is_dir() and _names_file(folder):
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
        for output in job.places:
            if _traces(output) & read:
                problem = f"The output {output} is also an input."
                raise SinkError(problem, "Choose another name or folder with -o: an input is never overwritten.")


def _refuse_pairs(jobs: Iterable[Job]) -> None:
    taken: dict[str, Job] = {}
    for job in jobs:
        for output in job.places:
            first = taken.setdefault(os.path.normcase(output), job)
            if first is not job:
                problem = f"{first.source} and {job.source} would both be written to {output}."
                raise SettingsError(problem, "Rename one, or run the command once for each.")


def _refuse_existing(outputs: Iterable[Path], *, overwrite: bool) -> None:
    # What humanseg wrote itself may be the very same job: that is found out when the model is known.
    existing = [output for output in outputs if _is_taken(output) and Record(output).job is None]
    for output in existing:
        if output.suffix.lower() in FORMATS and not output.is_file():
            raise SinkError(f"{output} is there already and is not a file.", "Choose another name.")
    if existing and not overwrite:
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise SinkError(f"{existing[0]} is there already{others}.", "Add --overwrite, or choose another with -o.")


def _is_taken(output: Path) -> bool:
    return any(output.iterdir()) if output.is_dir() else output.exists()


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

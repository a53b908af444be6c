"""From the inputs and the output that a person named to a list of files to make, checked before any work."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from humanseg.cli.inputs import DEMO, files_of, is_pattern
from humanseg.cli.refusals import refuse_existing, refuse_inputs, refuse_pairs, refuse_unwritable
from humanseg.errors import SettingsError, SinkError
from humanseg.frames import LookName
from humanseg.sinks.container import FORMATS
from humanseg.sinks.destination import check_name
from humanseg.sinks.pictures import PICTURE_ENDINGS
from humanseg.sources.pictures import is_pictures


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
    files = [found for text in inputs for found in files_of(text, recursive=recursive)]
    alone = len(files) == 1 and files[0][0] is not None and is_pictures(files[0][0])
    # A pattern may match one file today and more tomorrow: what -o means must not hang on that.
    open_ended = is_pattern(inputs[0]) and output is not None and not _names_file(Path(output))
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
        refuse_inputs(jobs)
        refuse_pairs(jobs)
        for job in jobs:
            for look, path in job.outputs.items():
                check_name(path, alpha=look == "transparent", codec=codec)
        refuse_existing([place for job in jobs for place in job.places], overwrite=overwrite)
        refuse_unwritable(jobs[0].places[0].parent, may_be_made=several or says_folder)
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


def _names_file(output: Path) -> bool:
    return output.suffix.lower() in FORMATS or _is_pictures(output)


def _is_pictures(path: Path) -> bool:
    return "%" in path.name and path.suffix.lower() in PICTURE_ENDINGS

"""`humanseg-batch`: other backgrounds for video files."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional, arg

from humanseg.cli import console
from humanseg.errors import HumansegError, SinkError

if TYPE_CHECKING:
    from humanseg.cli.jobs import Job
    from humanseg.compositing import Background
    from humanseg.matting import Matter

_LOOK_S = 0.1
"""Seconds between two looks at the stats."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Give the people in videos another background. Frame times are kept, sound is copied.

    For example: humanseg-batch talk.mp4 -o talk-blurred.mp4 --background blur
    """

    first: Annotated[str, Positional, arg(metavar="INPUT")]
    """A video file, a folder (all videos in it), or the word demo (a built-in clip without sound)."""

    others: Annotated[tuple[str, ...], Positional, arg(metavar="[INPUT ...]", help_behavior_hint="")] = ()
    """More of them."""

    output: Annotated[
        str | None, arg(aliases=["-o"], metavar="OUT", help_behavior_hint="(default: NAME-humanseg beside the input)")
    ] = None
    """The video to write: .mp4, .mov, .mkv or .webm. For a folder or several inputs: the folder to write to, made if it
    is missing; names are kept."""

    background: Annotated[str, arg(metavar="BACKGROUND")]
    """blur, blur:0.8 (strength 0 to 1), a colour such as "#00b140", or the path of a picture."""

    model: Annotated[str | None, arg(metavar="MODEL", help_behavior_hint="(default: the packaged one)")] = None
    """A model folder, or the name of a packaged model."""

    engine: Literal["auto", "openvino", "onnxruntime"] = "auto"
    """What runs the network."""

    threads: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: by the number of cores)")] = None
    """CPU threads of the engine."""

    overwrite: bool = False
    """Replace outputs that are there already."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command.

    Args:
        argv: Its arguments, None for those of the process.

    Returns:
        The exit code: 0, 1 if any video failed, 130 after Ctrl-C.

    Raises:
        SystemExit: with 0 after `--help`, 2 for a wrong command line.
    """
    batch = tyro.cli(Batch, args=argv, prog="humanseg-batch", config=(FlagCreatePairsOff,))
    return console.exit_code_of(lambda: _run(batch))


def _run(batch: Batch) -> int:
    """Make all videos, one after the other; a bad one does not keep the others from being made."""
    from humanseg.cli.jobs import plan
    from humanseg.compositing import parse_background
    from humanseg.matting import open_matter

    jobs = plan((batch.first, *batch.others), batch.output, overwrite=batch.overwrite)
    background = parse_background(batch.background)
    failed = []
    with open_matter(batch.model, batch.engine, threads=batch.threads) as matter:
        _make_folder(jobs)
        for number, job in enumerate(jobs, start=1):
            title = job.title if len(jobs) == 1 else f"{number}/{len(jobs)} {job.title}"
            try:
                frames, fps = _make(job, matter, background, title)
            except HumansegError as error:
                console.complain(error)
                failed.append(job)
            else:
                engine = f"{matter.engine.name} {matter.engine.device}"
                console.say(f"{job.output}  {frames} frames  {fps:.1f} fps  engine {engine}")
    if len(jobs) > 1:
        console.say(f"{len(jobs) - len(failed)} of {len(jobs)} videos written.")
    if failed and len(jobs) > 1:
        console.say(f"Not written: {', '.join(str(job.output) for job in failed)}", error=True)
    return 1 if failed else 0


def _make_folder(jobs: Sequence["Job"]) -> None:
    folder = jobs[0].output.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"The folder {folder} cannot be made: {error.strerror}.", "Choose another with -o.") from error


def _make(job: "Job", matter: "Matter", background: "Background", title: str) -> tuple[int, float]:
    """Make one video; how many frames it has and how many were made per second."""
    from humanseg.cli.progress import progress
    from humanseg.compositing import Compositor
    from humanseg.pipeline import Pipeline
    from humanseg.sinks.video_file import VideoFileSink
    from humanseg.sources import open_source

    source = open_source(job.source)
    sink = VideoFileSink(job.output, sound_from=job.file)
    pipeline = Pipeline(source, matter, Compositor(background), [sink])
    began = perf_counter()
    with progress(title, source.info.frames) as show, pipeline:
        while not pipeline.wait(_LOOK_S):
            show(pipeline.stats)
        show(pipeline.stats)
    frames = pipeline.stats.frames
    return frames, frames / (perf_counter() - began)

"""`humanseg-batch`: other backgrounds for video files, or none at all."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional, arg

from humanseg.cli import console
from humanseg.engines.engine import EngineName
from humanseg.frames import LookName


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Give the people in videos another background, or none. Times, sound, subtitles and tags are kept.

    A run that was broken off goes on when the same command is given again.

    For example: humanseg-batch talk.mp4 -o talk-blurred.mp4 --background blur
    """

    first: Annotated[str, Positional, arg(metavar="INPUT")]
    """A video file, a folder (all videos in it, or its pictures as one), a pattern in quotes ("clips/*.mov", or
    frames/%05d.png for pictures), - for standard input, or the word demo (a built-in clip without sound)."""

    others: Annotated[tuple[str, ...], Positional, arg(metavar="[INPUT ...]", help_behavior_hint="")] = ()
    """More of them."""

    output: Annotated[
        str | None, arg(aliases=["-o"], metavar="OUT", help_behavior_hint="(default: NAME-humanseg beside the input)")
    ] = None
    """The video to write: .mp4, .mov, .mkv or .webm; an animation: .webp or .gif; or pictures: FOLDER/%05d.png (.webp,
    .exr). For a folder or several inputs: the folder to write to, made if it is missing; names are kept."""

    looks: Annotated[tuple[LookName, ...], arg(name="as", metavar="LOOK")] = ("composite",)
    """What to make, one or more in one pass: composite (over the background), transparent (ProRes 4444 in .mov, VP9 in
    .webm, FFV1 in .mkv, an animation, or pictures), alpha (grey), foreground (the person's own colour, opaque)."""

    background: Annotated[str | None, arg(metavar="BACKGROUND", help_behavior_hint="(needed for composites)")] = None
    """blur, blur:0.8 (strength 0 to 1), a colour such as "#00b140", or the path of a picture or of a video, which is
    played over and over; "fit:PATH" shows all of it."""

    format: Literal["mp4", "mov", "mkv", "webm", "gif", "png", "webp", "exr"] | None = None
    """Ending of the outputs that no name is given for; png, webp and exr make a folder of pictures each."""

    codec: Literal["h264", "hevc", "av1", "vp9", "prores", "ffv1"] | None = None
    """How to code videos, if not as is usual for the ending."""

    quality: Annotated[int, arg(metavar="N")] = 18
    """0 (best, largest) to 51 (worst), as x264's CRF; ProRes, FFV1 and pictures need none."""

    hardware: bool = False
    """Encode on the graphics card, where there is one that can: quicker, but not the same on every machine."""

    trim: Annotated[str | None, arg(metavar="START-END", help_behavior_hint="")] = None
    """Only this part, in seconds or minutes:seconds: 10-20.5, 1:30-2:00, 10- (to the end)."""

    scale: Annotated[str | None, arg(metavar="WxH", help_behavior_hint="")] = None
    """Another size: 1280x720, or x720 (the width follows)."""

    fps: Annotated[str | None, arg(metavar="N", help_behavior_hint="(default: the times of the input)")] = None
    """A constant rate: 25, 29.97 or 30000/1001. Also the rate at which pictures are read (default 25)."""

    deinterlace: bool = False
    """Make whole pictures of interlaced video."""

    sound: Literal["copy", "none"] = "copy"
    """Whether sound, subtitles, chapters and tags go along."""

    recursive: bool = False
    """Search the folders in folders too; the outputs keep their places in them."""

    model: Annotated[str | None, arg(metavar="MODEL", help_behavior_hint="(default: the packaged one)")] = None
    """A model folder, or the name of a packaged model."""

    preset: Literal["light", "live", "balanced", "quality"] = "quality"
    """How much of a frame the network gets to see: more is finer at the edges, and slower."""

    look_ahead: Annotated[Literal[0, 1, 2, 3], arg(metavar="N")] = 0
    """Frames, 0 to 3, that each one is judged by after it, so that outlines are steadier where nothing moves."""

    engine: EngineName = "auto"
    """What runs the network."""

    device: Literal["cpu", "gpu", "npu"] | None = None
    """Where it runs. With gpu and npu it fails where there is none; without it the best that works is taken."""

    precision: Literal["int8", "fp16", "fp32"] | None = None
    """How it computes: int8 and fp32 on the CPU, fp16 by TensorRT. The packaged model is int8 on the CPU by itself."""

    require_gpu: bool = False
    """Fail, rather than run on the CPU, where the engine finds no graphics card."""

    threads: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: by the number of cores)")] = None
    """CPU threads of the engine."""

    jobs: Annotated[int, arg(metavar="N")] = 1
    """Videos made side by side, each with an engine of its own."""

    cluster: Annotated[str | None, arg(metavar="ray[://ADDRESS]", help_behavior_hint="")] = None
    """Spread the work over a Ray cluster whose machines share the folders (extra: cluster). ray is the one of this
    machine, or of RAY_ADDRESS."""

    overwrite: bool = False
    """Replace outputs that are there already. Those that the very same command made stay in any case."""

    dry_run: bool = False
    """Only say what would be made, and about how long it would take."""

    json: bool = False
    """Progress and results as JSON, one object a line, on stdout."""

    report: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """Write what became of each video to this JSON file."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command.

    Args:
        argv: Its arguments, None for those of the process.

    Returns:
        The exit code: 0, 1 if any video failed, 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        SystemExit: with 0 after `--help`, 2 for a wrong command line.
    """
    batch = tyro.cli(Batch, args=argv, prog="humanseg-batch", config=(FlagCreatePairsOff,))
    if batch.background is None and "composite" in batch.looks:
        console.say("humanseg-batch: a composite needs --background (blur, a colour, a picture)", error=True)
        sys.exit(2)
    with console.terminable():
        return console.exit_code_of(lambda: _run(batch))


def _run(batch: Batch) -> int:
    from humanseg.cli.run import run

    return run(batch)

"""`--dry-run`: what would be made, and about how long that would take here."""

import json
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from humanseg.cli import console
from humanseg.errors import HumansegError
from humanseg.sources.changes import Changes
from humanseg.sources.opening import open_changed

if TYPE_CHECKING:
    from humanseg.cli.jobs import Job
    from humanseg.frames import StreamInfo
    from humanseg.matting import Matter

_TRIALS = 5

_SHARE_OF_MATTING = 0.6
"""How much of the time of a frame goes into its matte, about; the rest is decoding, compositing and encoding."""


def say_plan(jobs: Sequence["Job"], changes: Changes, matter: "Matter", *, as_json: bool) -> None:
    """Print the plan; sources are opened, and nothing is written."""
    whole = 0.0
    for job in jobs:
        try:
            source = open_changed(job.source, changes)
            info = source.info
            source.close()
        except HumansegError as error:
            facts: dict[str, object] = {"input": str(job.source), "problem": error.problem}
            line = f"{job.source}  {error.problem}"
        else:
            seconds = _seconds(info, matter)
            whole += seconds or 0
            outputs = [str(place) for place in job.places]
            facts = {
                "input": str(job.source),
                "outputs": outputs,
                "size": [info.width, info.height],
                "frames": info.frames,
                "seconds": None if seconds is None else round(seconds, 1),
            }
            about = "unknown length" if seconds is None else f"{info.frames} frames  about {_clock(seconds)}"
            line = f"{job.source} -> {', '.join(outputs)}  {info.width}x{info.height}  {about}"
        console.say(json.dumps(facts) if as_json else line)
    if not as_json:
        console.say(f"{len(jobs)} videos, about {_clock(whole)} on {matter.engine.name} {matter.engine.device}.")


def _seconds(info: "StreamInfo", matter: "Matter") -> float | None:
    if info.frames is None:
        return None
    grey = np.full((info.height, info.width, 3), 128, np.uint8)
    times = []
    for _ in range(_TRIALS):
        began = perf_counter()
        matter.alpha(grey)
        times.append(perf_counter() - began)
    return info.frames * median(times) / _SHARE_OF_MATTING


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}"

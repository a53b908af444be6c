"""How a run is shown: bars on a terminal, JSON lines for programs, else a plain line for each video."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from humanseg.cli import console
from humanseg.cli.bars import JobBars
from humanseg.cli.report import facts_of

if TYPE_CHECKING:
    from humanseg.cli.jobs import Job
    from humanseg.errors import HumansegError
    from humanseg.pipeline.process import Progress, Result


class Display(Protocol):
    """Shows what happens to the jobs, by their numbers. Called from several threads."""

    def begin(self, number: int) -> None:
        """A job begins."""

    def show(self, number: int, progress: "Progress") -> None:
        """A job is so far."""

    def end(self, number: int, result: "Result", engine: str) -> None:
        """A job ended well, or was stopped; the engine is the one that ran at its end."""

    def fail(self, number: int, error: "HumansegError") -> None:
        """A job failed."""

    def notice(self, text: str) -> None:
        """Something that concerns all jobs, in a sentence: another engine runs, and why."""

    def sum_up(self, written: int, missing: Sequence[Path]) -> None:
        """All jobs are over."""


@contextmanager
def display_of(jobs: Sequence["Job"], *, as_json: bool, engine: str) -> Iterator[Display]:
    """The display for this terminal, while the block runs."""
    if as_json:
        yield JsonLines(jobs, engine)
    elif sys.stderr.isatty():
        with JobBars([job.title for job in jobs]) as bars:
            yield Lines(jobs, bars)
    else:
        yield Lines(jobs, None)


class Lines:
    """A line on stdout for each video that is finished; above them, on a terminal, bars on stderr."""

    def __init__(self, jobs: Sequence["Job"], bars: JobBars | None) -> None:
        self._jobs = jobs
        self._bars = bars
        self._lock = Lock()

    def begin(self, number: int) -> None:
        """See `Display.begin`."""
        if self._bars:
            self._bars.begin(number)

    def show(self, number: int, progress: "Progress") -> None:
        """See `Display.show`."""
        if self._bars:
            self._bars.show(number, progress)

    def end(self, number: int, result: "Result", engine: str) -> None:
        """See `Display.end`."""
        with self._without_bars(ended=number):
            for output in result.outputs:
                if result.skipped:
                    console.say(f"{output}  is there already, made by the same command")
                    continue
                fps = result.made / result.seconds if result.seconds else 0.0
                again = "" if result.made == result.frames else f" ({result.made} of them now)"
                console.say(f"{output}  {result.frames} frames{again}  {fps:.1f} fps  engine {engine}")
            for note in result.notes:
                console.say(f"Note: {note}", error=True)

    def fail(self, number: int, error: "HumansegError") -> None:
        """See `Display.fail`."""
        with self._without_bars(ended=number):
            console.complain(error)

    def notice(self, text: str) -> None:
        """See `Display.notice`."""
        with self._without_bars():
            console.say(f"Note: {text}", error=True)

    def sum_up(self, written: int, missing: Sequence[Path]) -> None:
        """See `Display.sum_up`."""
        if len(self._jobs) > 1:
            console.say(f"{written} of {len(self._jobs)} videos written.")
            if missing:
                console.say(f"Not written: {', '.join(map(str, missing))}", error=True)

    @contextmanager
    def _without_bars(self, ended: int | None = None) -> Iterator[None]:
        """Let the block write where the bars stand; that of a video that has ended goes away for good."""
        with self._lock:
            if self._bars is None:
                yield
                return
            with self._bars.hidden():
                if ended is not None:
                    self._bars.end(ended)
                yield


class JsonLines:
    """One JSON object a line on stdout, with the event, the input, and what there is to say of it."""

    def __init__(self, jobs: Sequence["Job"], engine: str) -> None:
        self._jobs = jobs
        self._lock = Lock()
        self._told: dict[int, float] = {}
        self._say({"event": "start", "videos": len(jobs), "engine": engine})

    def begin(self, number: int) -> None:
        """See `Display.begin`."""
        self._tell(number, {"event": "begin", "outputs": [str(place) for place in self._jobs[number].places]})

    def show(self, number: int, progress: "Progress") -> None:
        """See `Display.show`; at most once a second for each video."""
        now = perf_counter()
        if now - self._told.get(number, -1.0) >= 1 or progress.frames == progress.total:
            self._told[number] = now
            fps = round(progress.stats.fps, 2)
            left = None if progress.total is None or not fps else round((progress.total - progress.frames) / fps, 1)
            facts = {"frames": progress.frames, "total": progress.total, "fps": fps, "seconds_left": left}
            self._tell(number, {"event": "progress", **facts})

    def end(self, number: int, result: "Result", engine: str) -> None:
        """See `Display.end`."""
        outputs = [str(output) for output in result.outputs]
        self._tell(number, {"event": "end", "outputs": outputs, "engine": engine, **facts_of(result)})

    def notice(self, text: str) -> None:
        """See `Display.notice`."""
        self._say({"event": "notice", "text": text})

    def fail(self, number: int, error: "HumansegError") -> None:
        """See `Display.fail`."""
        self._tell(number, {"event": "end", "state": "failed", "problem": error.problem, "hint": error.hint})

    def sum_up(self, written: int, missing: Sequence[Path]) -> None:
        """See `Display.sum_up`."""
        self._say({"event": "over", "written": written, "failed": len(self._jobs) - written})

    def _tell(self, number: int, facts: dict[str, Any]) -> None:
        self._say({"event": facts["event"], "input": str(self._jobs[number].source), **facts})

    def _say(self, facts: dict[str, Any]) -> None:
        with self._lock:
            console.say(json.dumps(facts))

"""A queue of videos, made one after the other by the pipeline that also runs the camera.

What is finished of a video that was cancelled, by its user or by the end of the program, is kept in the journal beside
its output: the same video with the same look goes on from there.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Literal

from humanseg.errors import HumansegError, SettingsError
from humanseg_desktop import scenery
from humanseg_desktop.opening import Parts
from humanseg_desktop.settings import Input, Look

if TYPE_CHECKING:
    from humanseg.matting import Matter
    from humanseg.pipeline.job import Progress, VideoJob

logger = logging.getLogger(__name__)

Stage = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One video of the queue, as it stands now."""

    number: int
    """What tells it from the others."""
    file: Path
    output: Path
    stage: Stage = "waiting"
    frames: int = 0
    """How many are made, those of a former run included."""
    expected: int | None = None
    """How many there will be, if anybody knows."""
    fps: float = 0.0
    problem: str = ""
    """Why it failed, or what of a video that is done could not be kept."""


class BatchQueue:
    """Makes videos on a thread of its own. What is told is told on that thread.

    waiting --> running --> done | failed | cancelled;  the next one begins
    """

    def __init__(self, parts: Parts, tell: Callable[[Job | None], None]) -> None:
        """Prepare an empty queue.

        Args:
            parts: opens the network.
            tell: told of every job whenever it changes, and None when a run has ended.
        """
        self._parts, self._tell = parts, tell
        self._lock = Lock()
        self._jobs: dict[int, Job] = {}
        self._cancel = Event()
        self._thread: Thread | None = None
        self._running = False
        self._count = 0

    @property
    def running(self) -> bool:
        """Whether videos are being made."""
        return self._running

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them, in order."""
        with self._lock:
            return tuple(self._jobs.values())

    def add(self, file: Path, folder: Path | None = None) -> Job:
        """Queue a video; its output stands beside it, or in `folder`, under a name that is free."""
        from humanseg.sinks.container import FORMATS

        ending = file.suffix if file.suffix.lower() in FORMATS else ".mp4"
        with self._lock:
            taken = {job.output for job in self._jobs.values()}
            stem, count = f"{file.stem}-humanseg", 1
            output = (folder or file.parent) / f"{stem}{ending}"
            while output in taken or output.exists():
                count += 1
                output = output.with_name(f"{stem}-{count}{ending}")
            self._count += 1
            job = self._jobs[self._count] = Job(number=self._count, file=file, output=output)
        self._tell(job)
        return job

    def remove(self, number: int) -> None:
        """Take a job that is not running out of the queue, and with it what a cancelled one left for going on."""
        with self._lock:
            job = self._jobs[number]
            if job.stage == "running":
                return
            del self._jobs[number]
        if job.stage == "cancelled":
            from humanseg.sinks.journal import Journal

            Journal(job.output, "0" * 12).discard()

    def start(self, wanted: Input, look: Look) -> None:
        """Make all that wait, with this network and this look. Does nothing while it runs."""
        if not self._running:
            self._running = True
            self._cancel.clear()
            self._thread = Thread(target=self._run, args=(wanted, look), name="humanseg-batch")
            self._thread.start()

    def cancel(self) -> None:
        """Stop; what waits, waits no longer. What is finished of the running one is kept. Returns at once."""
        self._cancel.set()

    def close(self) -> None:
        """Cancel and wait for the end."""
        self.cancel()
        if self._thread is not None:
            self._thread.join()

    def again(self) -> None:
        """Let what failed or was cancelled wait once more; what was cancelled goes on where it stopped."""
        for job in self.jobs:
            if job.stage in ("failed", "cancelled"):
                self._change(job, stage="waiting", problem="")

    def _run(self, wanted: Input, look: Look) -> None:
        try:
            with self._parts.matter(wanted) as matter:
                matter.options = scenery.options_of(look)
                while (job := self._next()) is not None:
                    self._make(job, matter, look)
        except Exception as error:  # noqa: BLE001 told of every video that it stops
            problem = _words(error)
            while (job := self._next()) is not None:
                self._change(job, stage="failed", problem=problem)
        for job in self.jobs:
            if job.stage == "waiting" and self._cancel.is_set():
                self._change(job, stage="cancelled")
        self._running = False
        self._tell(None)

    def _next(self) -> Job | None:
        if self._cancel.is_set():
            return None
        return next((job for job in self.jobs if job.stage == "waiting"), None)

    def _make(self, job: Job, matter: "Matter", look: Look) -> None:
        from humanseg.pipeline.process import run_job
        from humanseg.pipeline.segments import Segments

        job = self._change(job, stage="running", frames=0)

        def follow(progress: "Progress") -> None:
            nonlocal job
            fps = progress.stats.fps
            job = self._change(job, frames=progress.frames, expected=progress.total, fps=fps)

        try:
            result = run_job(video_job(job.file, job.output, look), matter, on_progress=follow, stop=self._cancel)
        except Exception as error:  # noqa: BLE001 told of this video; the others go on
            self._change(job, stage="failed", problem=_words(error))
        else:
            if result.stopped:
                # Whole segments are kept.
                self._change(job, stage="cancelled", frames=job.frames - job.frames % Segments().length)
            else:
                self._change(job, stage="done", frames=result.frames or job.frames, problem="\n".join(result.notes))

    def _change(self, job: Job, **changes: object) -> Job:
        changed: Job = replace(job, **changes)  # type: ignore[arg-type]
        with self._lock:
            if job.number in self._jobs:
                self._jobs[job.number] = changed
        self._tell(changed)
        return changed


def _words(error: Exception) -> str:
    if isinstance(error, HumansegError):
        return str(error)
    logger.error("A video failed with a bug.", exc_info=error)
    return f"Something went wrong inside humanseg: {error!r}."


def video_job(file: Path, output: Path, look: Look) -> "VideoJob":
    """The work that gives a video a look.

    Raises:
        SettingsError: the look has no background that could be put behind anybody.
    """
    from humanseg.pipeline.job import Output, VideoJob

    if not scenery.hides(look):
        raise SettingsError("The background is off: the video would stay as it is.", "Choose one on the live page.")
    return VideoJob(
        source=file,
        outputs=(Output(path=output),),
        background=scenery.words_of(look),
        light_wrap=look.light_wrap,
        decontaminate=look.decontaminate,
    )

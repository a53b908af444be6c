"""What `humanseg-batch` does once its words are understood."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from queue import SimpleQueue
from typing import TYPE_CHECKING

from humanseg.cli import console
from humanseg.cli.choice import EngineChoice, told
from humanseg.cli.display import Display, display_of
from humanseg.cli.estimate import say_plan
from humanseg.cli.jobs import Job, plan
from humanseg.cli.report import write_report
from humanseg.cli.stdin import standard_input
from humanseg.compositing import parse_background
from humanseg.errors import HumansegError, SettingsError, SinkError
from humanseg.matting import Matter, MattingOptions
from humanseg.pipeline.cluster import Crew, join_cluster
from humanseg.pipeline.process import Output, Result, process_video
from humanseg.sinks.coding import WORST_QUALITY
from humanseg.sources.changes import Changes, parse_rate, parse_size, parse_trim

if TYPE_CHECKING:
    from humanseg.cli.batch import Batch

_BREATH_S = 0.2
"""Seconds between two looks for Ctrl-C, which Windows delivers only between two waits."""


@dataclass(frozen=True)
class Outcome:
    """What became of one job."""

    job: Job
    result: Result | None
    error: HumansegError | None


def run(batch: "Batch") -> int:
    """Make all videos; a bad one does not keep the others from being made.

    Returns:
        The exit code: 0, or 1 if any failed.

    Raises:
        HumansegError: nothing can be made at all.
        KeyboardInterrupt: the user ended it; every video that was begun was stopped first.
    """
    if not 0 <= batch.quality <= WORST_QUALITY:
        raise SettingsError(f"The quality {batch.quality} does not exist.", "It goes from 0 (best) to 51; try 18.")
    if batch.jobs < 1:
        raise SettingsError(f"{batch.jobs} videos cannot be made side by side.", "Give 1 or more.")
    with standard_input((batch.first, *batch.others), batch.output) as inputs:
        return _run(batch, inputs)


def _run(batch: "Batch", inputs: tuple[str, ...]) -> int:
    ending = f".{batch.format}" if batch.format else None
    jobs = plan(
        inputs,
        batch.output,
        overwrite=batch.overwrite,
        looks=batch.looks,
        ending=ending,
        codec=batch.codec,
        recursive=batch.recursive,
    )
    changes = _changes(batch)
    background = batch.background or "blur"  # nobody looks at it without a composite
    parse_background(background)
    choice = EngineChoice(
        engine=batch.engine, device=batch.device, precision=batch.precision, require_gpu=batch.require_gpu
    )
    crew = _crew(batch, choice)
    notices = _Notices()
    with ExitStack() as stack:
        matters: SimpleQueue[Matter] = SimpleQueue()
        for _ in range(min(batch.jobs, len(jobs))):
            # The engine knows what it will be: while one for the GPU is built, the CPU stands in for it.
            opened = choice.open(
                batch.model,
                preset=batch.preset,
                threads=batch.threads,
                options=_options(batch),
                on_notice=notices,
            )
            matters.put(matter := stack.enter_context(opened))
        fallen_back = told(matter.engine)
        if batch.dry_run:
            if fallen_back is not None:
                notices(fallen_back)
            say_plan(jobs, changes, matter, as_json=batch.json)
            return 0
        display = stack.enter_context(display_of(jobs, as_json=batch.json, engine=_engine(matter)))
        notices.show = display.notice
        if fallen_back is not None:
            notices(fallen_back)
        outcomes = _make_all(jobs, matters, batch, background, changes, crew, display, notices)
    failed = [outcome.job for outcome in outcomes if outcome.error]
    display.sum_up(len(outcomes) - len(failed), [path for job in failed for path in job.places])
    if batch.report:
        write_report(batch.report, outcomes, engine=_engine(matter))
    return 1 if failed else 0


class _Notices:
    """Shows each notice once, however many engines give it. From any thread."""

    def __init__(self) -> None:
        self.show: Callable[[str], None] = lambda text: console.say(f"Note: {text}", error=True)
        self._shown: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, text: str) -> None:
        with self._lock:
            if text in self._shown:
                return
            self._shown.add(text)
        self.show(text)


def _crew(batch: "Batch", choice: EngineChoice) -> Crew | None:
    if batch.cluster is None:
        return None
    if not choice.is_plain:
        hint = "Name the engine that all of them have, for instance --engine openvino."
        raise SettingsError("--device and --precision do not reach the machines of a cluster.", hint)
    if batch.cluster != "ray" and not batch.cluster.startswith("ray://"):
        raise SettingsError(f"{batch.cluster!r} is no cluster.", "Write ray, or ray://HOST:10001.")
    join_cluster(batch.cluster)
    return Crew(
        model=batch.model,
        engine=batch.engine,
        preset=batch.preset,
        threads=batch.threads or 2,
        options=_options(batch),
    )


def _options(batch: "Batch") -> MattingOptions:
    return MattingOptions(look_ahead=batch.look_ahead)


def _changes(batch: "Batch") -> Changes:
    start, end = parse_trim(batch.trim) if batch.trim else (Fraction(0), None)
    return Changes(
        start=start,
        end=end,
        size=parse_size(batch.scale) if batch.scale else None,
        rate=parse_rate(batch.fps) if batch.fps else None,
        deinterlace=batch.deinterlace,
    )


def _engine(matter: Matter) -> str:
    return f"{matter.engine.name} {matter.engine.device}"


def _make_all(
    jobs: Sequence[Job],
    matters: "SimpleQueue[Matter]",
    batch: "Batch",
    background: str,
    changes: Changes,
    crew: Crew | None,
    display: Display,
    on_notice: Callable[[str], None],
) -> list[Outcome]:
    stop = threading.Event()

    def make(number: int) -> Outcome:
        job = jobs[number]
        if stop.is_set():
            return Outcome(job, None, None)
        matter = matters.get()
        display.begin(number)
        try:
            _make_folder(job)
            result = process_video(
                job.source,
                [
                    Output(path=path, look=look, codec=batch.codec, quality=batch.quality, hardware=batch.hardware)
                    for look, path in job.outputs.items()
                ],
                background=background,
                matter=matter,
                overwrite=batch.overwrite,
                changes=changes,
                copy_streams=batch.sound == "copy",
                crew=crew,
                on_progress=lambda progress: display.show(number, progress),
                on_notice=on_notice,
                stop=stop,
            )
        except HumansegError as error:
            display.fail(number, error)
            return Outcome(job, None, error)
        finally:
            engine = _engine(matter)
            matters.put(matter)
        display.end(number, result, engine)
        return Outcome(job, result, None)

    with _threads(min(batch.jobs, len(jobs)), stop) as pool:
        futures: list[Future[Outcome]] = [pool.submit(make, number) for number in range(len(jobs))]
        while wait(futures, timeout=_BREATH_S).not_done:
            broken = [future for future in futures if future.done() and future.exception()]
            if broken:
                stop.set()
        return [future.result() for future in futures]


@contextmanager
def _threads(count: int, stop: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """Threads that are told to stop, and waited for, however the block ends."""
    with ThreadPoolExecutor(count, thread_name_prefix="humanseg-job") as pool:
        try:
            yield pool
        finally:
            stop.set()


def _make_folder(job: Job) -> None:
    for place in job.places:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"The folder {place.parent} cannot be made: {error.strerror}."
            raise SinkError(problem, "Choose another with -o.") from error

"""Progress bars on a terminal: one for each video that is being made, and one for all of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from humanseg.pipeline.process import Progress


class JobBars:
    """Draws the bars on stderr while the block runs."""

    def __init__(self, titles: Sequence[str]) -> None:
        """Prepare bars for videos of these titles, counted from 0."""
        self._titles = titles
        self._bars = _bars()
        self._tasks: dict[int, TaskID] = {}
        self._running: dict[int, tuple[float, float]] = {}
        """Of each video that is being made: how much of it is done, from 0 to 1, and frames a second."""
        self._finished = 0
        self._whole = self._bars.add_task("all", total=len(titles), fps=0.0) if len(titles) > 1 else None

    def __enter__(self) -> "JobBars":
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def begin(self, number: int) -> None:
        """A video begins."""
        title = self._titles[number]
        shown = title if len(self._titles) == 1 else f"{number + 1}/{len(self._titles)} {title}"
        self._tasks[number] = self._bars.add_task(shown, total=None, fps=0.0)
        self._bars.refresh()

    def show(self, number: int, progress: "Progress") -> None:
        """A video is so far."""
        fps, frames, total = progress.stats.fps, progress.frames, progress.total
        self._running[number] = (min(frames / total, 1) if total else 0.0), fps
        self._bars.update(self._tasks[number], completed=frames, total=total, fps=fps)
        self._show_whole()
        self._bars.refresh()

    def end(self, number: int) -> None:
        """A video is over: its bar goes away."""
        self._bars.remove_task(self._tasks.pop(number))
        self._running.pop(number, None)
        self._finished += 1
        self._show_whole()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Let the block write where the bars stand."""
        self._bars.stop()
        yield
        self._bars.start()

    def _show_whole(self) -> None:
        if self._whole is not None:
            # A copy: other threads show their videos meanwhile.
            running = list(self._running.values())
            done = self._finished + sum(share for share, _ in running)
            self._bars.update(self._whole, completed=done, fps=sum(fps for _, fps in running))


def _bars() -> "Bars":
    # Not before it is certain that there is a bar to draw.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]:.1f} fps"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )

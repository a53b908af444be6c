"""A progress bar on a terminal, and silence everywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from humanseg.pipeline.stats import Stats


@contextmanager
def progress(title: str, frames: int | None) -> Iterator[Callable[[Stats], None]]:
    """A bar on stderr while the block runs, with frames done, frames per second and the time that is left.

    Args:
        title: What stands before the bar.
        frames: How many frames there will be, None if nobody knows.

    Yields:
        What to call with the stats, as often as the bar shall move.
    """
    if not sys.stderr.isatty():
        yield lambda stats: None
        return

    # Not before it is certain that there is a bar to draw.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]:.1f} fps"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=frames, fps=0.0)
        bar.refresh()
        yield lambda stats: bar.update(task, completed=stats.frames, fps=stats.fps, refresh=True)

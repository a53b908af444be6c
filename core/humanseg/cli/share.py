"""A bar for work that knows how much of it is done, on a terminal; silence everywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def share_bar(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr while the block runs.

    Args:
        title: What stands before the bar.

    Yields:
        What to call with the share that is done, 0 to 1, from any thread.
    """
    if not sys.stderr.isatty():
        yield lambda share: None
        return

    # Not before it is certain that there is a bar to draw.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share, refresh=True)

"""Where a command meets its user: what it prints, and the exit code that it ends with."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from humanseg.errors import HumansegError

ERROR = "Error: "
"""What a line that says what is wrong begins with."""

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""

TERMINATED = 143
"""The exit code after SIGTERM."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, to be taken like Ctrl-C: everything ends in good order."""


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises `Terminated` in the main thread while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def say(text: str, *, error: bool = False) -> None:
    """Print a line to stdout, or to stderr. A file name that the terminal cannot show is escaped rather than fatal."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def complain(error: HumansegError) -> None:
    """Print what is wrong, and on a second line what to do about it, to stderr."""
    say(f"{ERROR}{error.problem}", error=True)
    if error.hint:
        say(f"       {error.hint}", error=True)


def exit_code_of(command: Callable[[], int]) -> int:
    """Run a command.

    Returns:
        The exit code: the command's own, 1 for a `HumansegError` (which is printed), 130 after Ctrl-C, 143 after
        SIGTERM. A bug keeps its traceback.
    """
    try:
        return command()
    except HumansegError as error:
        complain(error)
        return 1
    except KeyboardInterrupt as end:
        say("Stopped. The same command goes on with what is finished.", error=True)
        return TERMINATED if isinstance(end, Terminated) else INTERRUPTED

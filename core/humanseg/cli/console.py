"""Where a command meets its user: what it prints, and the exit code that it ends with."""

import sys
from collections.abc import Callable

from humanseg.errors import HumansegError

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


def say(text: str, *, error: bool = False) -> None:
    """Print a line to stdout, or to stderr. A file name that the terminal cannot show is escaped rather than fatal."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def complain(error: HumansegError) -> None:
    """Print what is wrong, and on a second line what to do about it, to stderr."""
    say(f"Error: {error.problem}", error=True)
    if error.hint:
        say(f"       {error.hint}", error=True)


def exit_code_of(command: Callable[[], int]) -> int:
    """Run a command.

    Returns:
        The exit code: the command's own, 1 for a `HumansegError` (which is printed), 130 after Ctrl-C. A bug keeps its
        traceback.
    """
    try:
        return command()
    except HumansegError as error:
        complain(error)
        return 1
    except KeyboardInterrupt:
        say("Stopped. What was not finished is not kept.", error=True)
        return INTERRUPTED

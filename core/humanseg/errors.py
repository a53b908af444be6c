"""The error tree: every failure that a user can mend is a `HumansegError`.

    HumansegError(problem, hint="")
        SettingsError   ModelError   EngineError   SourceError   SinkError

`problem` says what is wrong and names the thing; `hint` says what to do about it. A command prints both and ends with
exit code 1; the app shows the problem as title and the hint as text. Anything else that is raised is a bug and keeps
its traceback.
"""


class HumansegError(Exception):
    """A failure that the reader of the message can mend: what is wrong, and what to do."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem, hint)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem}\n{self.hint}" if self.hint else self.problem


class SettingsError(HumansegError):
    """A setting, a settings file or a recipe is wrong."""


class ModelError(HumansegError):
    """A model folder is missing, incomplete, damaged or not what it says."""


class EngineError(HumansegError):
    """An engine is not installed, cannot load the network, or failed while running it."""


class SourceError(HumansegError):
    """Frames cannot be read: a file, a camera or a stream."""


class SinkError(HumansegError):
    """Frames cannot be written: a file, a virtual camera, a full disk."""

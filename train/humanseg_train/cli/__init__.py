"""`humanseg-train`: one subcommand for each step from photographs to a model.

Only names are known here; what a subcommand needs is imported by the one that runs.
"""

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

from humanseg.errors import HumansegError

COMMANDS = {
    "check-data": ("datasets", "look for faults and leaks in a data set"),
    "preview": ("datasets", "show what augmentation makes of a data set"),
    "fit": ("training", "train a network by a recipe"),
    "compare": ("training", "train several recipes on one split and put them in one table"),
    "average": ("models", "take the weights between where a run began and where it ended"),
    "report": ("training", "write the report.html of a run anew"),
    "evaluate": ("models", "measure a model on a data set"),
    "export": ("models", "turn a checkpoint into a model folder"),
    "verify": ("models", "hold a model folder against its checkpoint"),
    "predict": ("models", "matte pictures and videos"),
}
"""Module of this package that has each subcommand, and what it does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code: 0, 1 for an error the user can mend, 130 for an interrupt."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        listed = "\n".join(f"  {name:10} {text}" for name, (_, text) in COMMANDS.items())
        print(f"usage: humanseg-train COMMAND ...\n\n{listed}")
        print("\n`humanseg-train COMMAND --help` lists what a command takes.")
        return 0 if words else 2
    command, rest = words[0], words[1:]
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(COMMANDS)}."
        print(f"humanseg-train: there is no command {command}. {hint}", file=sys.stderr)
        return 2
    try:
        module = import_module(f"{__name__}.{COMMANDS[command][0]}")
        code: int | None = getattr(module, command.replace("-", "_"))(rest)
    except HumansegError as error:
        print(f"humanseg-train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "humanseg-train: interrupted; `fit --resume`, or the same `compare`, goes on from the last epoch.",
            file=sys.stderr,
        )
        return 130
    return code or 0

"""`import humanseg` and every command's --help are quick: they import nothing heavy."""

import json
import subprocess
import sys
from importlib.metadata import distribution

import pytest

HEAVY = ("numpy", "cv2", "av", "torch", "onnxruntime", "openvino", "PySide6")
SCRIPTS = distribution("humanseg").entry_points.select(group="console_scripts")
COMMANDS = {script.name: script.value for script in SCRIPTS}

IMPORT = """
import json, sys
import humanseg
print(json.dumps(sorted(set(sys.modules))), file=sys.stderr)
"""

HELP = """
import json, sys
from importlib import import_module
command, target = sys.argv[1:]
module, _, name = target.partition(":")
sys.argv = [command, "--help"]
try:
    status = getattr(import_module(module), name)()
except SystemExit as end:
    status = end.code
print(json.dumps(sorted(set(sys.modules))), file=sys.stderr)
sys.exit(status)
"""


def run(code: str, *words: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """A fresh interpreter; and which of the heavy packages it had imported in the end."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("["), done.stderr
    return done, sorted(set(HEAVY) & set(json.loads(last)))


def test_importing_humanseg_imports_nothing_heavy() -> None:
    done, heavy = run(IMPORT)
    assert (done.returncode, heavy) == (0, [])


def test_there_are_commands_to_look_at() -> None:
    assert "humanseg-batch" in COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy_and_ends_well(command: str) -> None:
    done, heavy = run(HELP, command, COMMANDS[command])
    assert (done.returncode, heavy) == (0, []), done.stderr[:2000]
    assert "usage" in done.stdout.lower()

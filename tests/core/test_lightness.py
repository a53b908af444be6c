"""`import humanseg` and every command's --help are quick: they import nothing heavy."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HEAVY = (
    "numpy", "cv2", "av", "torch", "onnx", "onnxruntime", "openvino", "tensorrt", "tensorrt_rtx", "cuda", "PySide6",
)  # fmt: skip
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
COMMANDS: dict[str, str] = PROJECT["scripts"]

IMPORT = """
import json, sys
import humanseg
print(json.dumps(sorted(set(sys.modules))), file=sys.stderr)
"""

WORK = """
import json, sys
from humanseg.cli.run import run
from humanseg.matting import open_matter
from humanseg.pipeline.gpu_frames import open_gpu_frames
with open_matter(engine="onnxruntime") as matter:
    open_gpu_frames(matter)
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


def test_work_on_the_cpu_needs_nothing_of_the_extras() -> None:
    done, heavy = run(WORK)
    assert (done.returncode, heavy) == (0, ["av", "cv2", "numpy", "onnxruntime"])


def test_there_are_commands_to_look_at() -> None:
    assert {"humanseg-batch", "humanseg-bench", "humanseg-doctor"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy_and_ends_well(command: str) -> None:
    done, heavy = run(HELP, command, COMMANDS[command])
    assert (done.returncode, heavy) == (0, []), done.stderr[:2000]
    assert "usage" in done.stdout.lower()

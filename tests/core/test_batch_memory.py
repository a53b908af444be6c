"""A long clip takes no more memory than a short one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PEAK = """
import sys
from humanseg.cli.batch import main
clip, output, model = sys.argv[1:]
words = [clip, "-o", output, "--background", "#808080", "--model", model, "--engine", "onnxruntime", "--threads", "1"]
code = main(words)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print("peak", status["VmHWM"].removesuffix("kB\\n"))
sys.exit(code)
"""
"""Not `ru_maxrss`: a process inherits that from the one that started it, which here has made the clips."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process's memory, from Linux")
def test_ten_minutes_take_no_more_memory_than_ten_seconds(media: Any, red_model: Path) -> None:
    """The long one has twenty times as many segments, frames and packets of sound; what grew with them would show."""
    # How many heaps glibc makes depends on how threads happen to meet.
    environment = os.environ | {"MALLOC_ARENA_MAX": "2"}
    peaks = {}
    for frames in (300, 6000):
        clip = media.clip(f"{frames}.mp4", frames=frames, rate=10, size=(96, 64), sound=["aac"])
        command = [sys.executable, "-c", PEAK, str(clip), str(media.folder / f"{frames}.mov"), str(red_model)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert f"{frames} frames" in done.stdout
        peaks[frames] = int(done.stdout.rpartition("peak")[2])
    assert peaks[6000] <= 1.1 * peaks[300], peaks

"""Measured in a process of its own: where threads take memory from is decided once."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

HEAPS = """
import ctypes, sys, threading
from humanseg_desktop.app import application
if sys.argv[2] == "app":
    application()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.fopen.restype = ctypes.c_void_p, ctypes.c_void_p
gate = threading.Barrier(5)
threads = [threading.Thread(target=lambda: (gate.wait(), libc.malloc(100_000), gate.wait())) for _ in range(4)]
for thread in threads:
    thread.start()
gate.wait()
gate.wait()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.gui
@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_info"), reason="another C library than GNU's"
)
def test_all_threads_take_memory_from_one_heap(tmp_path: Path) -> None:
    heaps = {}
    for who in ("python", "app"):
        told = tmp_path / who
        subprocess.run([sys.executable, "-c", HEAPS, str(told), who], check=True, timeout=60)
        heaps[who] = told.read_text().count("<heap nr=")
    assert heaps["python"] > 3
    assert heaps["app"] < heaps["python"] - 2, heaps

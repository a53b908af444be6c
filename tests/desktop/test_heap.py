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


HIGHEST = """
import ctypes, resource
from humanseg_desktop.app import application
from humanseg_desktop.heap import give_back
application()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def held():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 2**20

frames = [libc.malloc(2**20) for _ in range(48)]
for frame in frames:
    ctypes.memset(frame, 1, 2**20)
libc.malloc(100)  # lives on at the end of the heap
for frame in frames:
    libc.free(frame)
before = held()
give_back()
print(before - held())
"""


@pytest.mark.gui
@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library than GNU's"
)
def test_what_nobody_uses_any_more_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", HIGHEST], check=True, timeout=60, capture_output=True, text=True)
    assert int(done.stdout) > 40

"""The machine in a few words: what a figure or a bug report needs beside it."""

import os
import platform
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    "humanseg", "numpy", "opencv-python-headless", "av", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml",
    "openvino", "tensorrt-rtx", "tensorrt", "cuda-bindings",
)  # fmt: skip


def describe() -> dict[str, str]:
    """Processor, cores that may be used, GPU, system, Python and versions of the libraries that matter."""
    found = {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
        "gpu": gpu(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    return found | versions()


def versions() -> dict[str, str]:
    """The version of each library that is installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The processor's own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def gpu() -> str:
    """The NVIDIA GPU, or "none"."""
    from humanseg.engines.tensorrt.cuda import Cuda
    from humanseg.errors import EngineError

    try:
        return Cuda().device().name
    except EngineError:
        return "none"

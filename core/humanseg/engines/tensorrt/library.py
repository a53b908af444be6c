"""Which of NVIDIA's two libraries is there: TensorRT for RTX or TensorRT."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from humanseg.engines.engine import UnavailableError

NAMES = ("tensorrt_rtx", "tensorrt")
"""Both modules, the one that installs without further ado and builds in seconds first."""

EXTRAS = {"tensorrt_rtx": "nvidia", "tensorrt": "tensorrt"}
"""The extra of humanseg that brings each of them along."""

OLDEST_TENSORRT = (10, 13)
"""The first TensorRT whose strongly typed networks and names are those used here."""

INSTALL = 'pip install "humanseg[nvidia]"'


@dataclass(frozen=True)
class Library:
    """One of the two, imported."""

    name: str
    """"tensorrt_rtx" or "tensorrt"."""

    version: str
    """As it says itself: plans fit this very version only."""

    module: Any

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"{'TensorRT for RTX' if self.name == 'tensorrt_rtx' else 'TensorRT'} {self.version}"


def import_library(capability: tuple[int, int] | None = None) -> Library:
    """The first of `NAMES` that is installed and supports the GPU.

    Args:
        capability: Compute capability of the GPU, (8, 9) for 8.9; None where plans are only built, not run.

    Raises:
        UnavailableError: neither is, with the reason for each.
    """
    reasons = []
    cause: ImportError | None = None
    for name in NAMES:
        try:
            module = import_module(name)
        except ImportError as error:
            cause = error
            reasons.append(f"{name} cannot be imported: {error}.")
            continue
        library = Library(name, str(module.__version__), module)
        reason = _unfit(library, capability)
        if not reason:
            return library
        reasons.append(reason)
    hint = INSTALL if len(reasons) == len(NAMES) and all("imported" in reason for reason in reasons) else ""
    raise UnavailableError(" ".join(reasons), hint or 'pip install "humanseg[tensorrt]"') from cause


def _unfit(library: Library, capability: tuple[int, int] | None) -> str:
    """Why this library will not do; empty if it does."""
    if library.name == "tensorrt":
        numbers = tuple(int(part) for part in library.version.split(".")[:2])
        return "" if numbers >= OLDEST_TENSORRT else f"{library.title} is older than 10.13."
    if capability and target_name(capability) not in dir(library.module.ComputeCapability):
        return f"{library.title} does not support GPUs of compute capability {capability[0]}.{capability[1]}."
    return ""


def target_name(capability: tuple[int, int]) -> str:
    """What TensorRT for RTX calls a compute capability."""
    return f"SM{capability[0]}{capability[1]}"

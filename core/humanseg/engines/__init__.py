"""Engines: run one network on this machine. Each library is imported when its engine is opened."""

from humanseg.engines.engine import (
    AUTO_ORDER,
    CPU_ENGINES,
    GPU_ENGINES,
    NAMES,
    Engine,
    EngineName,
    UnavailableError,
    open_engine,
)

__all__ = [
    "AUTO_ORDER",
    "CPU_ENGINES",
    "GPU_ENGINES",
    "NAMES",
    "Engine",
    "EngineName",
    "UnavailableError",
    "open_engine",
]

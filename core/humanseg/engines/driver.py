"""Whether this machine has a driver for NVIDIA GPUs: asked before the libraries for them, which are slow to import."""

import ctypes
import sys

from humanseg.engines.engine import UnavailableError

NO_DRIVER = "Install NVIDIA's newest driver for this GPU, one that knows CUDA 13, and start the computer again."


def require_driver() -> None:
    """Return where there is one, of whatever age.

    Raises:
        UnavailableError: there is none.
    """
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError as error:
        raise UnavailableError("There is no NVIDIA driver.", NO_DRIVER) from error

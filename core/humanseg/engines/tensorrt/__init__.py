"""Networks and whole frames on NVIDIA GPUs: TensorRT for RTX (`tensorrt_rtx`) or TensorRT 10.13 to 11, one code path.

Both libraries have the same names for everything used here; which one it is is a `Library` that is passed around.
"""

from humanseg.engines.tensorrt.engine import TensorrtEngine

__all__ = ["TensorrtEngine"]

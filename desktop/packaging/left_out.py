"""What the packaged app can do without."""

import re

MODULES = [
    # Training, clusters and the graphics cards' own engines are other installations.
    *("humanseg_train", "torch", "torchvision", "lightning", "timm", "segmentation_models_pytorch", "albumentations"),
    *("ray", "tensorboard", "matplotlib", "pandas", "scipy", "skimage", "sympy", "nncf", "onnx", "onnxscript"),
    *("tensorrt", "tensorrt_rtx", "cuda", "google", "grpc", "sklearn", "networkx", "transformers", "numba", "cupy"),
    *("tkinter", "IPython", "pytest", "hypothesis", "mypy", "setuptools", "PIL", "psutil"),
    *("PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtNetwork", "PySide6.QtSql", "PySide6.QtTest"),
]
"""Modules that are imported nowhere in the app, though something that it imports names them."""

_FILES = re.compile(
    r"libopenvino_(pytorch|tensorflow|tensorflow_lite|paddle|jax|gguf)_frontend"  # it reads its own form and ONNX
    r"|Qt6?(Qml|Quick|Pdf|VirtualKeyboard|Network)\b|libQt6(Qml|Quick|Pdf|VirtualKeyboard)"
    r"|PySide6/Qt/(translations|qml)/"
)


def is_left_out(name: str) -> bool:
    """Whether a file of the package, by its place in it, is needed by none of the rest."""
    return _FILES.search(name.replace("\\", "/")) is not None

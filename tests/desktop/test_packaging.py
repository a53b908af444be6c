"""What the recipe for packages does itself."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RECIPE = Path(__file__).parents[2] / "desktop" / "packaging"


def part(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"packaging_{name}", RECIPE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.gui
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other forms")
def test_the_icon_is_drawn(qtbot: Any, tmp_path: Path) -> None:
    import cv2

    from humanseg_desktop.ui.resources import icon_file

    file = part("icon").draw_icon(icon_file(), tmp_path / "new" / "humanseg")
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert picture.shape == (256, 256, 4)
    assert picture[..., 3].max() == 255


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("openvino/libs/libopenvino_tensorflow_lite_frontend.so.2641", True),
        ("openvino/libs/libopenvino_onnx_frontend.so.2641", False),
        ("openvino/libs/libopenvino_intel_cpu_plugin.so", False),
        ("PySide6/Qt/lib/libQt6Qml.so.6", True),
        ("PySide6\\Qt\\translations\\qt_de.qm", True),
        ("PySide6/Qt/lib/libQt6Widgets.so.6", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", False),
    ],
)
def test_only_what_nobody_needs_is_left_out(name: str, out: bool) -> None:
    assert part("left_out").is_left_out(name) is out


def test_nothing_that_the_app_imports_is_left_out() -> None:
    left_out = set(part("left_out").MODULES)
    program = "import sys, humanseg_desktop.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not left_out & set(loaded)

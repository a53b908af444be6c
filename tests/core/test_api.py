"""The names of `import humanseg`: what a program of three lines uses."""

import ast
import hashlib
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

import humanseg


def test_every_promised_name_is_there() -> None:
    assert set(humanseg.__all__) == {
        "Frame", "HumansegError", "Matte", "Matter", "Output", "StreamInfo", "composite", "open_matter",
        "process_video",
    }  # fmt: skip
    for name in humanseg.__all__:
        assert getattr(humanseg, name).__name__ == name
        assert name in dir(humanseg)
    with pytest.raises(AttributeError, match="no attribute 'composit'"):
        humanseg.composit  # noqa: B018


def test_type_checkers_see_the_names_that_programs_get() -> None:
    tree = ast.parse(Path(humanseg.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == humanseg._HOMES
    assert set(seen) == set(humanseg.__all__)
    for name, module in seen.items():
        assert module is not None
        assert getattr(import_module(module), name) is getattr(humanseg, name)


def test_one_line_for_alpha_and_one_for_a_background(tmp_path: Path) -> None:
    network = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> net (float[1,3,H,W] frame) => (float[1,1,H,W] alpha) '
        "<int64[1] zero = {0}> { alpha = Gather<axis=1>(frame, zero) }"
    )
    onnx.save(network, tmp_path / "model.onnx")
    digest = hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
    (tmp_path / "model.toml").write_text(
        f'format = 1\nname = "red"\nfile = "model.onnx"\nsha256 = "{digest}"\npixels = 61440\nmultiple = 32\n'
        'mean = [0, 0, 0]\nstd = [1, 1, 1]\ninput = "frame"\noutput = "alpha"\n'
    )
    rgb = np.zeros((120, 200, 3), np.uint8)
    rgb[:, 100:] = (255, 10, 10)

    alpha = humanseg.open_matter(tmp_path).alpha(rgb)
    composite = humanseg.composite(rgb, alpha, "#00b140")

    assert (composite[:, :90] == (0, 0xB1, 0x40)).all()
    assert (composite[:, 110:] == (255, 10, 10)).all()
    with pytest.raises(humanseg.HumansegError, match="no model folder"):
        humanseg.open_matter(tmp_path / "nothing")

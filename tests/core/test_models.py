"""Model folders: found by name and path, verified, and every way to be wrong has its words."""

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from humanseg import assets
from humanseg.errors import ModelError
from humanseg.models import find_model

NETWORK = b"the bytes of a network"


def write_model(folder: Path, *, without: str = "", extra: str = "", **fields: str) -> Path:
    """A model folder; `fields` are TOML source. Nothing here opens the network, so any bytes will do."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(NETWORK)
    lines = {
        "format": "1", "name": '"small"', "file": '"model.onnx"', "sha256": f'"{hashlib.sha256(NETWORK).hexdigest()}"',
        "pixels": "61440", "multiple": "32", "mean": "[0.485, 0.456, 0.406]", "std": "[0.229, 0.224, 0.225]",
        "input": '"frame"', "output": '"alpha"',
    } | fields  # fmt: skip
    text = "\n".join(f"{key} = {value}" for key, value in lines.items() if key != without)
    (folder / "model.toml").write_text(f"{text}\n{extra}", encoding="utf-8")
    return folder


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts another `humanseg_assets` in the place of the real one; gives what writes models into it."""
    root = tmp_path / "site" / "humanseg_assets"
    root.mkdir(parents=True)
    (root / "__init__.py").write_text("")
    spec = importlib.util.spec_from_file_location("humanseg_assets", root / "__init__.py")
    assert spec is not None
    monkeypatch.setitem(sys.modules, "humanseg_assets", importlib.util.module_from_spec(spec))

    def write(name: str, **fields: str) -> Path:
        return write_model(root / "models" / name, **fields)

    return write


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_is_a_model(tmp_path: Path, kind: Callable[[Path], str | Path]) -> None:
    folder = write_model(tmp_path / "mine")
    model = find_model(kind(folder))
    assert (model.name, model.folder, model.path) == ("small", folder, folder / "model.onnx")
    assert (model.pixels, model.multiple, model.mean) == (61440, 32, (0.485, 0.456, 0.406))
    assert (model.input, model.output, model.default) == ("frame", "alpha", False)


def test_a_checksum_may_be_written_in_capitals(tmp_path: Path) -> None:
    digest = hashlib.sha256(NETWORK).hexdigest().upper()
    assert find_model(write_model(tmp_path / "mine", sha256=f'"{digest}"')).name == "small"


def test_what_is_no_model_folder_is_told_apart(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "mine")
    with pytest.raises(ModelError, match=r"no model folder .*nothing"):
        find_model(tmp_path / "nothing")
    with pytest.raises(ModelError, match=r"no model folder .*nothing"):
        find_model(str(tmp_path / "nothing"))
    with pytest.raises(ModelError, match="is a file") as caught:
        find_model(folder / "model.onnx")
    assert str(folder) in caught.value.hint
    with pytest.raises(ModelError, match=r"has no model\.toml"):
        find_model(tmp_path)
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"has no model\.onnx"):
        find_model(folder)


def test_a_damaged_network_is_refused_with_both_checksums(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "mine")
    (folder / "model.onnx").write_bytes(NETWORK[:-1])
    with pytest.raises(ModelError) as caught:
        find_model(folder)
    for content in (NETWORK, NETWORK[:-1]):
        assert hashlib.sha256(content).hexdigest()[:12] in caught.value.problem
    assert "again" in caught.value.hint


def test_another_format_is_named_before_its_strange_keys(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has format 2; this humanseg reads format 1") as caught:
        find_model(write_model(tmp_path / "mine", format="2", states="[1]", without="pixels"))
    assert "Update" in caught.value.hint


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"without": "pixels"}, "the setting pixels is missing"),
        ({"without": "format"}, "the setting format is missing"),
        ({"pixel": "3"}, "Did you mean pixels?"),
        ({"extra": "folder = 1"}, "no setting folder"),
        ({"pixels": '"many"'}, "pixels is 'many'"),
        ({"pixels": "1023"}, "pixels is 1023"),
        ({"multiple": "0"}, "multiple is 0"),
        ({"mean": "[0.5]"}, "mean has 1 values"),
        ({"mean": "[nan, 0, 0]"}, "mean and std must be finite"),
        ({"std": "[0.5, 0, 0.5]"}, "std above 0"),
        ({"sha256": '"abc"'}, "64 hexadecimal digits"),
        ({"file": '"../model.onnx"'}, "file name inside the folder"),
        ({"extra": "[broken"}, "cannot be read"),
    ],
)
def test_a_wrong_description_is_named_with_its_file(tmp_path: Path, fields: dict[str, str], words: str) -> None:
    with pytest.raises(ModelError) as caught:
        find_model(write_model(tmp_path / "mine", **fields))
    assert words in str(caught.value)
    assert str(tmp_path / "mine" / "model.toml") in caught.value.problem


def test_packaged_models_are_found_by_name(
    package: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {name: package(name) for name in ("unet-small", "unet-large", "fpn")}
    (folders["fpn"].parent / "leftover").mkdir()
    assert assets.models() == dict(sorted(folders.items()))
    for name, folder in folders.items():
        assert find_model(name).folder == folder
    with pytest.raises(ModelError, match="no model 'unet-smal'") as caught:
        find_model("unet-smal")
    assert "unet-small" in caught.value.hint
    with pytest.raises(ModelError) as caught:
        find_model("xyz")
    assert "Packaged: fpn, unet-large, unet-small." in caught.value.hint
    # The packaged name goes first; a path says that it is one.
    write_model(tmp_path / "here" / "fpn")
    monkeypatch.chdir(tmp_path / "here")
    assert find_model("fpn").folder == folders["fpn"]
    assert find_model("./fpn").folder == Path("fpn")


def test_the_default_is_the_only_one_or_the_marked_one(package: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match="No model is packaged"):
        find_model()
    with pytest.raises(ModelError) as caught:
        find_model("unet")
    assert "No model is packaged" in caught.value.hint
    first = package("a")
    assert find_model().folder == first
    package("b")
    with pytest.raises(ModelError, match=r"Several models are packaged \(a, b\)"):
        find_model()
    marked = package("c", default="true")
    assert find_model().folder == marked
    package("d", default="true")
    with pytest.raises(ModelError, match="Several"):
        find_model()


def test_what_is_packaged_is_verified_too(package: Callable[..., Path]) -> None:
    (package("a") / "model.onnx").write_bytes(b"")
    for name in (None, "a"):
        with pytest.raises(ModelError, match="SHA-256"):
            find_model(name)


@pytest.mark.skipif(not assets.models(), reason="no model is packaged")
def test_what_is_packaged_is_whole() -> None:
    assert find_model().folder in assets.models().values()
    for name in assets.models():
        assert find_model(name).name == name

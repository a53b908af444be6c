"""Settings: what fits is read, and what does not is named with its place and the nearest right word."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from humanseg import settings
from humanseg.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Blur:
    strength: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}; it must be from 0 to 1.")


@dataclass(frozen=True, kw_only=True)
class Schema:
    name: str
    engine: Literal["auto", "openvino", "onnxruntime"] = "auto"
    threads: int | None = None
    sound: bool = True
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    sizes: tuple[int, ...] = ()
    folder: Path = Path()
    weights: dict[str, float] = field(default_factory=dict)
    blur: Blur = Blur()


def test_a_file_becomes_settings(tmp_path: Path) -> None:
    path = tmp_path / "humanseg.toml"
    path.write_text(
        'name = "a"\nengine = "openvino"\nthreads = 3\nsound = false\nmean = [0, 0.25, 1]\nsizes = [1, 2]\n'
        'folder = "there/é"\nweights = {l1 = 1}\n[blur]\nstrength = 1\n',
        encoding="utf-8",
    )
    read = settings.read(path, Schema)
    assert read == Schema(
        name="a", engine="openvino", threads=3, sound=False, mean=(0.0, 0.25, 1.0), sizes=(1, 2),
        folder=Path("there/é"), weights={"l1": 1.0}, blur=Blur(strength=1.0),
    )  # fmt: skip
    assert all(type(value) is float for value in (*read.mean, read.weights["l1"], read.blur.strength))


def test_what_is_left_out_is_the_default() -> None:
    assert settings.build(Schema, {"name": "a"}) == Schema(name="a")


@pytest.mark.parametrize(
    ("table", "problem", "hint"),
    [
        ({"nmae": "a"}, "here: there is no setting nmae.", "Did you mean name?"),
        ({"name": "a", "xyz": 1}, "here: there is no setting xyz.", "There are: name, engine"),
        ({}, "here: the setting name is missing.", "name = ..."),
        ({"name": 3}, "here: name is 3.", "It takes a str."),
        ({"name": "a", "threads": 2.5}, "here: threads is 2.5.", "It takes a int."),
        ({"name": "a", "threads": True}, "here: threads is True.", "int"),
        ({"name": "a", "sound": 1}, "here: sound is 1.", "bool"),
        ({"name": "a", "engine": "openvin"}, "here: engine is 'openvin'.", "Did you mean openvino?"),
        ({"name": "a", "engine": "tpu"}, "here: engine is 'tpu'.", "It can be auto, openvino, onnxruntime."),
        ({"name": "a", "mean": [1, 2]}, "here: mean has 2 values.", "It takes 3."),
        ({"name": "a", "mean": [1, 2, "x"]}, "here: mean is 'x'.", "float"),
        ({"name": "a", "mean": 1}, "here: mean is 1.", "tuple"),
        ({"name": "a", "weights": {"l1": "x"}}, "here: weights: l1 is 'x'.", "float"),
        ({"name": "a", "folder": 3}, "here: folder is 3.", "Path"),
        ({"name": "a", "blur": 3}, "here: blur: 3 is not a table.", "[blur]"),
        ({"name": "a", "blur": {"strenght": 1}}, "here: blur: there is no setting strenght.", "Did you mean strength?"),
        ({"name": "a", "blur": {"strength": True}}, "here: blur: strength is True.", "float"),
        ({"name": "a", "blur": {"strength": 2}}, "here: blur: strength is 2.0; it must be from 0 to 1.", "Change it"),
    ],
)
def test_mistakes_are_named(table: dict[str, Any], problem: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.build(Schema, table, where="here")
    assert caught.value.problem == problem
    assert hint in caught.value.hint


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "humanseg.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"humanseg\.toml is not a TOML file"):
        settings.read(path, Schema)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.toml cannot be read: No such file"):
        settings.read(tmp_path / "nothing.toml", Schema)

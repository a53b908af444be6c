"""Model folders: `model.onnx`, `model.toml` that describes it, and `card.md`; found, read and verified.

Beside `model.onnx` may lie the same network in 8-bit numbers, for engines on the CPU.

`model.toml` holds the fields of `ModelDescription`. The packaged model and one that a user trained are the same kind of
folder, and every command takes either.
"""

import difflib
import hashlib
import math
import os
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from humanseg import assets, settings
from humanseg.errors import ModelError, SettingsError

FORMAT = 1
"""The number of the `model.toml` layout that this version reads and writes."""


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """What `model.toml` says of a network and how to feed it."""

    format: int
    """Number of this layout: 1."""

    name: str
    """What people call the model."""

    file: str
    """File name of the ONNX network, inside the folder."""

    sha256: str
    """SHA-256 of that file, 64 hexadecimal digits."""

    pixels: int
    """About how many pixels (width times height) the network sees of a frame."""

    multiple: int
    """Width and height that the network sees are whole multiples of this."""

    mean: tuple[float, float, float]
    """Per channel (R, G, B), subtracted from RGB / 255."""

    std: tuple[float, float, float]
    """Per channel (R, G, B); the difference is divided by it."""

    input: str
    """Name of the network's input: float32 1x3xHxW, normalised."""

    output: str
    """Name of the network's output: float32 1x1xHxW, alpha from 0 to 1."""

    previous: str = ""
    """Name of the input that takes the network's own alpha of the frame before: float32 1x1xHxW, zeros at first. Empty:
    the network sees each frame alone."""

    int8_file: str = ""
    """File name of the same network in 8-bit integers (ONNX with QuantizeLinear and DequantizeLinear), with the same
    inputs and outputs, which engines on the CPU run in place of `file`. Empty: every engine runs `file`."""

    int8_sha256: str = ""
    """SHA-256 of that file, 64 hexadecimal digits."""

    default: bool = False
    """Whether this is the one to open when nobody names a model; only needed where several are packaged."""

    def __post_init__(self) -> None:
        _check_file("file", self.file, "sha256", self.sha256)
        if self.int8_file or self.int8_sha256:
            _check_file("int8_file", self.int8_file, "int8_sha256", self.int8_sha256)
        if self.multiple < 1:
            raise ValueError(f"multiple is {self.multiple}; it must be at least 1.")
        if self.pixels < self.multiple**2:
            raise ValueError(f"pixels is {self.pixels}; it must be at least multiple x multiple.")
        if not all(math.isfinite(value) for value in (*self.mean, *self.std)) or min(self.std) <= 0:
            raise ValueError("mean and std must be finite, and std above 0.")


@dataclass(frozen=True, kw_only=True)
class ModelSpec(ModelDescription):
    """A model folder: its description and where it lies."""

    folder: Path
    """The folder that holds the ONNX file."""

    @property
    def path(self) -> Path:
        """The ONNX file."""
        return self.folder / self.file

    @property
    def cpu_path(self) -> Path:
        """The ONNX file for engines on the CPU: the one in 8-bit integers if there is one, else `path`."""
        return self.folder / (self.int8_file or self.file)

    @property
    def full_precision(self) -> Self:
        """The same model without its file in 8-bit integers: the measure for that one, and for GPUs."""
        return replace(self, int8_file="", int8_sha256="")


def _check_file(name_key: str, name: str, digest_key: str, digest: str) -> None:
    if not name or Path(name).name != name:
        raise ValueError(f"{name_key} is {name!r}; it must be a file name inside the folder.")
    if len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
        raise ValueError(f"{digest_key} must be 64 hexadecimal digits.")


def find_model(name_or_path: str | Path | None = None) -> ModelSpec:
    """The model that is meant, its files verified against the SHA-256 in `model.toml`.

    Args:
        name_or_path: A packaged model's name, or the path of a model folder; None is the packaged default. A packaged
            name goes before a folder of the same name in the working directory: write `./name` for that one.

    Raises:
        ModelError: no such model, or its folder is incomplete, damaged or of another format.
    """
    if name_or_path is None:
        return _default()
    packaged = assets.models()
    if isinstance(name_or_path, str) and name_or_path in packaged:
        return _read(packaged[name_or_path])
    folder = Path(name_or_path).expanduser()
    if folder.is_dir():
        return _read(folder)
    if folder.is_file():
        raise ModelError(f"{folder} is a file, not a model folder.", f"Give the folder that holds it: {folder.parent}")
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, Path) or any(mark in text for mark in (os.sep, "/", "~")):
        raise ModelError(f"There is no model folder {folder}.", "Check the path.")
    near = difflib.get_close_matches(text, packaged, n=3)
    known = f"Packaged: {', '.join(packaged)}." if packaged else "No model is packaged."
    hint = f"Did you mean {' or '.join(near)}?" if near else f"{known} A model of your own is given as a folder."
    raise ModelError(f"There is no model {text!r}.", hint)


def _default() -> ModelSpec:
    """The only packaged model, or the only one that says `default = true`."""
    folders = list(assets.models().values())
    if not folders:
        raise ModelError("No model is packaged in this install.", "Install humanseg again, or give a model folder.")
    specs = [_describe(folder) for folder in folders]
    chosen = specs if len(specs) == 1 else [spec for spec in specs if spec.default]
    if len(chosen) != 1:
        names = ", ".join(spec.folder.name for spec in specs)
        raise ModelError(f"Several models are packaged ({names}), not one of them as the default.", "Give a name.")
    return _verify(chosen[0])


def _read(folder: Path) -> ModelSpec:
    return _verify(_describe(folder))


def _describe(folder: Path) -> ModelSpec:
    """The folder's `model.toml`, read strictly; the network's file is not touched."""
    path = folder / "model.toml"
    if not path.is_file():
        hint = "A model folder holds model.toml and model.onnx, as `humanseg-train export` writes them."
        raise ModelError(f"{folder} is not a model folder: it has no model.toml.", hint)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # UnicodeDecodeError and TOMLDecodeError are ValueErrors
        raise ModelError(f"{path} cannot be read: {error}.", "Mend that line, or export the model again.") from error
    # Before the keys: those of another format are strange for a reason, and the reason is what helps.
    if table.get("format", FORMAT) != FORMAT:
        hint = "Update humanseg, or export the model again with this version."
        raise ModelError(f"{path} has format {table['format']}; this humanseg reads format {FORMAT}.", hint)
    try:
        description = settings.build(ModelDescription, table, where=str(path))
    except SettingsError as error:
        raise ModelError(error.problem, error.hint) from error
    return ModelSpec(folder=folder, **vars(description))


def _verify(spec: ModelSpec) -> ModelSpec:
    """`spec`, once its ONNX files were found to be the very ones that `model.toml` describes."""
    _verify_file(spec, spec.file, spec.sha256)
    if spec.int8_file:
        _verify_file(spec, spec.int8_file, spec.int8_sha256)
    return spec


def _verify_file(spec: ModelSpec, name: str, expected: str) -> None:
    path = spec.folder / name
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelError(f"{spec.folder} has no {name}.", "Copy the whole folder, or export it again.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if actual != expected.lower():
        problem = (
            f"{path} is not the file that model.toml describes: "
            f"its SHA-256 is {actual[:12]}..., expected {expected[:12].lower()}..."
        )
        raise ModelError(problem, "It is damaged or was replaced. Copy the folder again, or export the model again.")

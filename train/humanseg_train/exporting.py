"""`humanseg-train export`: a checkpoint becomes a model folder (`model.onnx`, `model.toml`, `card.md`, `verify.json`).

The ONNX file takes normalised frames of any size that is a multiple of 32 and gives alpha. A network that was trained
for it gets a second file, in 8-bit integers. The folder appears only if
every engine of this machine computes the same alpha from it as torch does: see `humanseg_train.verification`.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import tomli_w
from numpy.typing import NDArray

from humanseg.errors import HumansegError, ModelError
from humanseg.matting.preprocess import network_size, to_tensor
from humanseg.matting.presets import PRESETS
from humanseg_train.card import write_card
from humanseg_train.gates import behind
from humanseg_train.half import loudness, to_half, too_loud
from humanseg_train.module import MEAN, STD
from humanseg_train.networks.deployed import MULTIPLE, PIXELS, load_network, write_onnx
from humanseg_train.suite import suite
from humanseg_train.verdict import Verification, write_verification
from humanseg_train.verification import pictures_to_compare, verify

MODEL, INT8_MODEL = "model.onnx", "model-int8.onnx"

Precision = Literal["fp32", "fp16"]


def export(
    checkpoint: Path | str,
    out: Path | str,
    *,
    check: Path | None = None,
    rooms: Path | None = None,
    elsewhere: Path | None = None,
    about: Path | None = None,
    precision: Precision = "fp32",
    still: bool = False,
    ship: bool = False,
    overwrite: bool = False,
) -> Verification:
    """Write a model folder; returns what the engines of this machine made of it.

    Args:
        checkpoint: what `fit` wrote.
        out: folder to write; it appears whole or not at all.
        check: data set on whose `val` photographs engines are held against torch, and whose figures go into the card;
            without it they are compared on rendered pictures.
        rooms: pictures without people; with them and `check`, the figures of `suite` go into the card, by preset.
        elsewhere: data set of another source; with `check` and `rooms`, its figures go into the card, by preset.
        about: Markdown for the card: where the data came from, its licences, what the model is good for.
        precision: `fp32`, or `fp16`: strongly typed, input and output still float32; what would overflow stays float32.
        still: leave out the input for the alpha of the frame before.
        ship: write nothing if the model falls behind the packaged one in any of `gates.GATES`.
        overwrite: replace what is there.

    Raises:
        HumansegError: the checkpoint is none, `out` exists, figures are asked for without the data that they need, an
            engine computes something else than torch, or the model falls behind the packaged one.
    """
    checkpoint, out = Path(checkpoint), Path(out)
    if out.exists() and not overwrite:
        raise HumansegError(f"{out} already exists.", "Add --overwrite to replace it, or choose another folder.")
    if elsewhere is not None and not (check and rooms):
        raise HumansegError("Photographs from elsewhere are measured beside known ones.", "Give --check and --rooms.")
    network, recipe, epoch = load_network(checkpoint, still=still)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        write_onnx(network, draft / MODEL, draft / INT8_MODEL if recipe.network.int8 else None)
        loud = _halve(draft / MODEL, check, previous=network.previous) if precision == "fp16" else None
        _write_toml(draft, recipe.name if precision == "fp32" else f"{recipe.name}-fp16", previous=network.previous)
        verification = verify(draft, checkpoint, check, loud=loud)
        if verification.faults:
            raise ModelError(
                f"The exported model is refused. {'; '.join(verification.faults)}.",
                "Nothing was written. Try another version of torch or the engine, and report this.",
            )
        figures = {preset: suite(draft, check, rooms, preset=preset) for preset in PRESETS} if check and rooms else {}
        if ship:
            _check_gates(figures, check, rooms)
        write_card(
            draft, recipe, checkpoint, epoch=epoch, check=check, elsewhere=elsewhere, figures=figures, about=about
        )
        write_verification(verification, draft)
        if out.exists():
            shutil.rmtree(out)
        draft.chmod(0o755)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return verification


def _check_gates(figures: dict[str, dict[str, float]], people: Path | None, rooms: Path | None) -> None:
    """Raises a ModelError if the figures of the preset live fall behind those of the packaged model, measured now."""
    if people is None or rooms is None:
        raise HumansegError("A model is only shipped when it was measured.", "Give --check and --rooms.")
    worse = behind(figures["live"], suite(None, people, rooms))
    if worse:
        raise ModelError(f"The model falls behind the packaged one: {' '.join(worse)}", "Nothing was written.")


def _halve(path: Path, check: Path | None, *, previous: bool) -> dict[str, float]:
    """Make an ONNX file 16 bits wide, in place; returns the nodes that stayed float32, with their largest magnitude."""
    model = onnx.load(path)
    loud = too_loud(model, loudness(model, _feeds(check, previous=previous)))
    onnx.save(to_half(model, loud), path)
    return loud


def _feeds(check: Path | None, *, previous: bool) -> Iterator[dict[str, NDArray[np.float32]]]:
    for rgb, _ in pictures_to_compare(check)[0]:
        tensor = to_tensor(rgb, network_size((rgb.shape[1], rgb.shape[0]), PIXELS, MULTIPLE), MEAN, STD)
        feed = {"frame": tensor}
        if previous:
            feed["previous"] = np.zeros((1, 1, *tensor.shape[2:]), np.float32)
        yield feed


def _write_toml(folder: Path, name: str, *, previous: bool) -> None:
    int8 = (folder / INT8_MODEL).exists()
    table = {
        "format": 1,
        "name": name,
        "file": MODEL,
        "sha256": _digest(folder / MODEL),
        **({"int8_file": INT8_MODEL, "int8_sha256": _digest(folder / INT8_MODEL)} if int8 else {}),
        "pixels": PIXELS,
        "multiple": MULTIPLE,
        "mean": list(MEAN),
        "std": list(STD),
        "input": "frame",
        "output": "alpha",
        **({"previous": "previous"} if previous else {}),
    }
    (folder / "model.toml").write_text(tomli_w.dumps(table))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

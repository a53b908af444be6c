"""Exported models: the same alpha as torch, whole folders, and figures measured the way users run them."""

import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import humanseg
from humanseg.errors import HumansegError, ModelError
from humanseg.models import find_model
from humanseg_train import exporting, speed
from humanseg_train.by_preset import FIGURES
from humanseg_train.cli import main
from humanseg_train.data.pictures import read_pair, read_rgb
from humanseg_train.data.samples import find_samples
from humanseg_train.evaluation import evaluate, markdown
from humanseg_train.exporting import export
from humanseg_train.gates import GATES
from humanseg_train.metrics import METRICS
from humanseg_train.module import MEAN, STD
from humanseg_train.networks.deployed import AlphaNetwork, load_network, write_onnx
from humanseg_train.torch_engine import checkpoint_matter
from humanseg_train.verification import PLAIN


def real_pictures(archive: Path, folder: Path) -> list[np.ndarray]:
    """The first twelve photographs of an archive, RGB."""
    with tarfile.open(archive) as files:
        names = [name for name in files.getnames() if name.endswith(".webp")][:12]
        files.extractall(folder, members=[files.getmember(name) for name in names], filter="data")
    return [read_rgb(folder / name) for name in names]


def test_torch_and_the_exported_model_agree_on_real_photographs(
    checkpoint: Path, exported: Path, real_people: Path, tmp_path: Path
) -> None:
    plain = humanseg.open_matter(exported, "onnxruntime", options=PLAIN)
    with checkpoint_matter(checkpoint, options=PLAIN) as expected, plain as found:
        for rgb in real_pictures(real_people, tmp_path):
            assert np.abs(expected.alpha(rgb) - found.alpha(rgb)).max() <= 1e-3


def test_every_engine_gives_the_alpha_that_torch_gives(
    checkpoint: Path, exported: Path, draw_person: Callable[..., tuple[np.ndarray, np.ndarray]]
) -> None:
    network, _, _ = load_network(checkpoint)
    frame, _ = draw_person(5, (320, 192))
    mean, std = (255 * np.array(part, np.float32) for part in (MEAN, STD))
    tensor = torch.from_numpy(((frame - mean) / std).transpose(2, 0, 1)[None].astype(np.float32))
    with torch.inference_mode():
        expected = network(tensor).numpy()[0, 0]
    for engine in ("onnxruntime", "openvino"):
        with humanseg.open_matter(exported, engine, options=PLAIN) as matter:
            assert np.abs(matter.alpha(frame) - expected).max() <= 1e-3, engine


def test_the_folder_is_whole_and_describes_itself(exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == ["card.md", "model.onnx", "model.toml", "verify.json"]
    model = find_model(exported)
    assert (model.name, model.pixels, model.multiple) == ("tiny", 86016, 32)
    card = (exported / "card.md").read_text()
    for part in ("Drawn people", "| webcam_like | 2 |", "boundary_iou", "seed 0", "decoder_channels"):
        assert part in card


def test_an_export_that_computes_something_else_is_refused(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def distorted(_: AlphaNetwork, path: Path, _int8: Path | None) -> None:
        other = load_network(checkpoint)[0]
        with torch.no_grad():
            next(weights for name, weights in other.named_parameters() if "segmentation_head" in name).mul_(1.5)
        write_onnx(other, path)

    monkeypatch.setattr(exporting, "write_onnx", distorted)
    with pytest.raises(ModelError, match="differs from torch"):
        export(checkpoint, tmp_path / "model")
    assert not list(tmp_path.iterdir()), "nothing is left, not even a draft"


def test_a_model_that_falls_behind_the_packaged_one_is_not_shipped(
    checkpoint: Path, people: Path, rooms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = {"candidate": 0.9, "packaged": 0.9}

    def figures(model: Path | None, *_: object, **__: object) -> dict[str, float]:
        value = level["candidate" if model else "packaged"]
        return {gate.figure: value if gate.sign > 0 else 3 - value for gate in GATES}

    monkeypatch.setattr(exporting, "suite", figures)
    # Times are only looked for here; a slow machine would take minutes for those of a card.
    for name, value in (("ROUNDS", 1), ("BLOCK", 3), ("WARM_UP", 1)):
        monkeypatch.setattr(speed, name, value)
    out = tmp_path / "model"
    with pytest.raises(HumansegError, match="only shipped when it was measured"):
        export(checkpoint, out, check=people, ship=True)
    with pytest.raises(HumansegError, match="measured beside known ones"):
        export(checkpoint, out, check=people, elsewhere=people)
    level["candidate"] = 0.7
    with pytest.raises(
        ModelError, match=r"falls behind the packaged one: webcam iou is 0\.7000; the shipped model has"
    ):
        export(checkpoint, out, check=people, rooms=rooms, ship=True)
    assert list(tmp_path.iterdir()) == []
    level["candidate"] = 0.91
    export(checkpoint, out, check=people, rooms=rooms, elsewhere=people, ship=True)
    card = (out / "card.md").read_text()
    assert "| suite | light | live | balanced | quality |" in card
    assert "| motion iou | 0.9100 | 0.9100 | 0.9100 |" in card
    assert f"`val` chose among its epochs, {people.name} is of another source" in card
    rows = dict(re.findall(rf"^\| {people.name} (.+?) \| balanced \| (.+) \|$", card, re.MULTILINE))
    expected = evaluate(out, people, split="val", preset="balanced")["groups"]["all"]
    assert rows["val"].split(" | ") == [str(expected["photographs"]), *(f"{expected[name]:.4f}" for name in FIGURES)]
    assert int(rows["all"].split(" | ")[0]) == len(find_samples(people))
    speeds = re.findall(r"^\| (\S+) \| ([\d.]+) / ([\d.]+) \|", card, re.MULTILINE)
    assert "onnxruntime" in [engine for engine, *_ in speeds]
    assert all(0 < float(network) < float(matte) for _, network, matte in speeds)


def test_what_is_there_is_kept_unless_asked(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(HumansegError, match="already exists"):
        export(checkpoint, folder)
    assert (folder / "mine.txt").exists()
    (tmp_path / "no.ckpt").write_bytes(b"no")
    with pytest.raises(HumansegError, match="not a checkpoint"):
        export(tmp_path / "no.ckpt", tmp_path / "other")


def test_evaluate_averages_over_photographs_at_their_own_size(exported: Path, people: Path) -> None:
    report = evaluate(exported, people, engine="onnxruntime")
    expected = []
    with humanseg.open_matter(exported, "onnxruntime") as matter:
        for sample in find_samples(people, "val"):
            rgb, alpha = read_pair(sample)
            expected.append(METRICS["iou"](matter.alpha(rgb), np.divide(alpha, 255, dtype=np.float32)))
    groups = report["groups"]
    assert groups["all"]["iou"] == pytest.approx(np.mean(expected))
    assert groups["webcam_like"]["iou"] == pytest.approx(np.mean(expected[1::2]))
    assert groups["even"]["photographs"] == groups["odd"]["photographs"] == 2
    assert report["worst"][0] == ["012", "013", "014", "015"][int(np.argmin(expected))]
    assert "| webcam_like | 2 |" in markdown(report)


def test_the_commands_end_to_end(
    checkpoint: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(checkpoint), "-o", str(tmp_path / "model")]) == 0
    assert (
        main(["evaluate", str(tmp_path / "model"), "--root", str(people), "--out", str(tmp_path / "report.json")]) == 0
    )
    assert "boundary_iou" in capsys.readouterr().out
    assert (tmp_path / "report.json").read_text().startswith("{")
    assert main(["evaluate", str(tmp_path / "nothing"), "--root", str(people)]) == 1
    assert "Traceback" not in (words := capsys.readouterr().err)
    assert "nothing" in words


def test_wrong_words_name_the_right_ones(tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        code = "import sys; from humanseg_train.cli import main; sys.exit(main())"
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    assert run("fitt")[0] == 2
    assert "Did you mean fit?" in run("fitt")[1]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[optimiser]\nlearning_rate = 1\n")
    code, words = run("fit", str(recipe), "-o", str(tmp_path / "run"))
    assert (code, "no setting learning_rate" in words) == (1, True)
    recipe.write_text("[network]\narchitecture = 'unett'\n")
    assert "Did you mean unet?" in run("fit", str(recipe), "-o", str(tmp_path / "run"))[1]
    assert not (tmp_path / "run").exists()

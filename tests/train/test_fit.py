"""Training runs for real here, on drawn people, with a slim network."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from humanseg import settings
from humanseg.errors import HumansegError, SettingsError
from humanseg_train.checkpoints import load_recipe, read_checkpoint
from humanseg_train.fitting import fit
from humanseg_train.recipe import Recipe


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def command(recipe: Path, run: Path, *more: str) -> list[str]:
    words = ["fit", str(recipe), "-o", str(run), *more]
    return [sys.executable, "-c", "import sys; from humanseg_train.cli import main; sys.exit(main())", *words]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, people: Path, rooms: Path) -> Path:
    """A finished run of two epochs."""
    out = tmp_path_factory.mktemp("runs") / "one"
    table = {
        "name": "tiny",
        "data": {"root": str(people), "rooms": str(rooms), "room_share": 0.3},
        "augment": {"sizes": [[64, 64]]},
        "network": {"encoder_weights": "none", "decoder_channels": [16, 8, 8, 8, 8]},
        "schedule": {"epochs": 2, "samples_per_epoch": 8, "batch": 4, "workers": 0, "threads": 1},
    }
    fit(settings.build(Recipe, table), out)
    return out


def test_a_run_leaves_what_it_promises(run: Path) -> None:
    names = ["best.ckpt", "curves.png", "last.ckpt", "metrics.csv", "recipe.toml"]
    assert sorted(path.name for path in run.iterdir()) == names
    assert settings.read(run / "recipe.toml", Recipe) == load_recipe(run / "best.ckpt")
    epochs = rows(run)
    assert [row["epoch"] for row in epochs] == ["1", "2"]
    best = max(epochs, key=lambda row: float(row["val/iou"]))
    assert read_checkpoint(run / "best.ckpt")["epoch"] + 1 == int(best["epoch"])
    assert float(epochs[-1]["lr"]) < float(epochs[0]["lr"])


def test_a_run_is_not_overwritten_nor_resumed_under_another_recipe(run: Path) -> None:
    recipe = load_recipe(run / "last.ckpt")
    with pytest.raises(HumansegError, match="already holds a run"):
        fit(recipe, run)
    other = Recipe(**{**vars(recipe), "loss": {"bce": 1.0}})
    with pytest.raises(HumansegError, match=r"differs from the run's in: loss"):
        fit(other, run, resume=True)
    with pytest.raises(HumansegError, match="no run to resume"):
        fit(recipe, run / "elsewhere", resume=True)


def test_a_wrong_recipe_leaves_no_folder(run: Path, tmp_path: Path) -> None:
    recipe = load_recipe(run / "last.ckpt")
    with pytest.raises(SettingsError, match="no loss dise"):
        fit(Recipe(**{**vars(recipe), "loss": {"dise": 1.0}}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_killed_and_resumed_is_the_same_as_undisturbed(recipe_file: Path, tmp_path: Path, workers: int) -> None:
    recipe_file.write_text(recipe_file.read_text().replace("workers = 0", f"workers = {workers}"))
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    subprocess.run(command(recipe_file, straight), check=True, capture_output=True)
    process = subprocess.Popen(command(recipe_file, broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (broken / "metrics.csv").exists() or len(rows(broken)) < 2:
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(rows(broken)) < 4
    subprocess.run(command(recipe_file, broken, "--resume"), check=True, capture_output=True)
    assert [row["lr"] for row in rows(broken)] == [row["lr"] for row in rows(straight)]
    for ours, theirs in zip(rows(broken), rows(straight), strict=True):
        for name, value in theirs.items():
            assert float(ours[name]) == pytest.approx(float(value), abs=1e-6), f"{name} in epoch {ours['epoch']}"
    weights, expected = (read_checkpoint(run / "last.ckpt")["state_dict"] for run in (broken, straight))
    assert all(torch.allclose(weights[name], tensor, atol=1e-6) for name, tensor in expected.items())


@pytest.mark.slow
def test_training_learns(recipe_file: Path, tmp_path: Path) -> None:
    recipe = settings.read(recipe_file, Recipe)
    schedule = {**vars(recipe.schedule), "epochs": 6, "samples_per_epoch": 48}
    longer = Recipe(**{**vars(recipe), "schedule": type(recipe.schedule)(**schedule)})
    fit(longer, tmp_path / "run")
    epochs = rows(tmp_path / "run")
    assert float(epochs[-1]["train/loss"]) < 0.6 * float(epochs[0]["train/loss"])
    assert max(float(row["val/iou"]) for row in epochs) > 0.8


def test_a_deterministic_run_asks_torch_for_it(run: Path, tmp_path: Path) -> None:
    recipe = load_recipe(run / "last.ckpt")
    schedule = {**vars(recipe.schedule), "epochs": 1, "samples_per_epoch": 4, "deterministic": True}
    try:
        fit(Recipe(**{**vars(recipe), "schedule": type(recipe.schedule)(**schedule)}), tmp_path / "run")
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled(), "what has no such form still runs"
    finally:
        torch.use_deterministic_algorithms(False)

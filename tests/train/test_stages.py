"""A run of two stages trains for real: killed in the second, it goes on there."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.cli import main
from humanseg_train.recipe_files import read_recipe
from humanseg_train.stages import fit_stages


@pytest.fixture
def stages(recipe_file: Path) -> list[str]:
    """Recipes: the tiny network; the same in rounded numbers, its normalisation frozen, with the rooms it errs in."""
    second = recipe_file.with_name("rounded.toml")
    text = recipe_file.read_text().replace(
        "[network]\n", '[network]\nint8 = true\nfrozen = "norms"\nstart = "before"\n'
    )
    second.write_text(text.replace("[data]\n", "[data]\nhard_rooms = 4.0\n"))
    return [str(recipe_file), str(second)]


def weights(run: Path, name: str) -> dict[str, torch.Tensor]:
    return dict(read_checkpoint(run / name)["state_dict"])


@pytest.mark.slow
def test_killed_in_its_second_stage_and_resumed_it_is_the_same_as_undisturbed(
    stages: list[str], tmp_path: Path
) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    words = ["fit", *stages, "--no-report"]
    assert main([*words, "-o", str(straight)]) == 0
    run = [sys.executable, "-m", "humanseg_train", *words, "-o", str(broken)]
    process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (broken / "rounded" / "last.ckpt").exists():
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len((broken / "rounded" / "metrics.csv").read_text().splitlines()) < 5
    before = (broken / "tiny" / "last.ckpt").stat().st_mtime_ns
    assert main([*words, "-o", str(broken)]) == 1, "a run is not begun anew by mistake"
    assert main([*words, "-o", str(broken), "--resume"]) == 0
    assert (broken / "tiny" / "last.ckpt").stat().st_mtime_ns == before
    expected = weights(straight / "rounded", "last.ckpt")
    ours = weights(broken / "rounded", "last.ckpt")
    assert all(torch.allclose(ours[name], tensor, atol=1e-6) for name, tensor in expected.items())
    best = weights(straight / "tiny", "best.ckpt")
    start = weights(straight / "rounded", "start.ckpt")
    assert all(torch.equal(start[name], tensor) for name, tensor in best.items() if name in start)


@pytest.mark.slow
def test_a_stage_that_its_time_cuts_short_is_gone_on_with(stages: list[str], tmp_path: Path) -> None:
    recipes = {Path(stage).stem: read_recipe(stage) for stage in stages}
    hurried = {
        name: replace(recipe, schedule=replace(recipe.schedule, minutes=1e-9)) for name, recipe in recipes.items()
    }
    out = tmp_path / "run"
    assert fit_stages(hurried, out) == out / "tiny" / "best.ckpt"
    assert not (out / "rounded").exists()
    assert fit_stages(recipes, out, resume=True) == out / "rounded" / "best.ckpt"
    assert read_checkpoint(out / "tiny" / "last.ckpt")["epoch"] + 1 == 4


def test_stages_that_cannot_be_told_apart_are_refused(
    recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(recipe_file), str(recipe_file), "-o", str(tmp_path / "run")]) == 1
    assert "Two of the recipes have one name" in capsys.readouterr().err
    words = ["fit", str(recipe_file), "compare-unet", "--auto-batch", "-o", str(tmp_path / "run")]
    assert main(words) == 1
    assert "--auto-batch is for one recipe" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_packaged_models_stages_follow_one_another(people: Path, rooms: Path, tmp_path: Path) -> None:
    """All of its recipes, in little: what a stage lacks or drops of the one before it is taken care of."""
    names = ["first-light", "shipped", "shipped-int8", "shipped-rooms"]
    small = "--augment.sizes 64 64 --schedule.epochs 1 --schedule.samples-per-epoch 4 --schedule.batch 4"
    plain = "--schedule.no-compile --schedule.precision 32-true --schedule.workers 0 --network.encoder-weights none"
    data = ["--data.root", str(people), "--data.rooms", str(rooms)]
    assert main(["fit", *names, *small.split(), *plain.split(), *data, "--no-report", "-o", str(tmp_path / "run")]) == 0
    last = read_checkpoint(tmp_path / "run" / "shipped-rooms" / "best.ckpt")
    assert last["share"] == 0.5
    assert last["recipe"]["network"]["start"] == str(tmp_path / "run" / "shipped-int8" / "best.ckpt")

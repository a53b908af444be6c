"""What `import humanseg_train` offers, and what goes wrong in words that help."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import humanseg_train
from humanseg import settings
from humanseg.errors import HumansegError
from humanseg_train.batch_size import Trial, choose, find_batch
from humanseg_train.checkpoints import load_recipe
from humanseg_train.cli import COMMANDS, main
from humanseg_train.curves import draw_curves
from humanseg_train.data.pictures import read_rgb
from humanseg_train.data.samples import find_samples
from humanseg_train.loaders import refuse_empty
from humanseg_train.memory import explaining_memory
from humanseg_train.recipe import Recipe

LOOK = """
import json, sys
import humanseg_train
names = dir(humanseg_train)
humanseg_train.Recipe, humanseg_train.read_recipe("compare-unet")
print(json.dumps([names, sorted({"torch", "lightning", "cv2", "numpy"} & set(sys.modules))]))
"""


def test_names_are_imported_on_first_use() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    names, heavy = json.loads(done.stdout)
    assert set(humanseg_train.__all__) <= set(names)
    assert heavy == []
    for name in humanseg_train.__all__:
        assert callable(getattr(humanseg_train, name)), name
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        humanseg_train.fitt  # noqa: B018


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"humanseg-train {command}" in capsys.readouterr().out


def test_from_photographs_to_a_measured_model(people: Path, tmp_path: Path) -> None:
    table = {
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {"encoder": "resnet18", "encoder_weights": "none", "decoder_channels": [16, 8, 8, 8, 8]},
        "schedule": {"epochs": 2, "samples_per_epoch": 8, "batch": 4, "workers": 0, "threads": 1},
    }
    best = humanseg_train.fit(settings.build(Recipe, table), str(tmp_path / "run"), logs=("tensorboard",))
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.tfevents*"))
    curves = read_rgb(tmp_path / "run" / "curves.png")
    assert curves.shape[0] > 300
    assert humanseg_train.evaluate(best, people)["micro"]["photographs"] == 4
    assert main(["report", str(tmp_path / "run")]) == 0
    html = (tmp_path / "run" / "report.html").read_text()
    for part in ("all, micro", "SHA-256", "boundary_iou", "decoder_channels", "data:image/png", "data:image/jpeg"):
        assert part in html
    panels = read_rgb(tmp_path / "run" / "panels.jpg")
    assert panels.shape == (3 * (180 + 20), 5 * 240, 3)


def test_a_data_set_of_nobody_lists_its_files(people: Path, tmp_path: Path) -> None:
    samples = find_samples(people, "train")
    refuse_empty(samples)
    empty = tmp_path / "empty.png"
    cv2.imwrite(str(empty), np.zeros((72, 96), np.uint8))
    nobody = [dataclasses.replace(sample, mask=empty) for sample in samples]
    with pytest.raises(HumansegError, match=r"any of the 12 masks to train on: .*empty\.png"):
        refuse_empty(nobody)
    refuse_empty([*nobody, samples[0]])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"),
    ],
)
def test_too_little_memory_names_the_batch_to_try(error: Exception) -> None:
    recipe = settings.build(Recipe, {"schedule": {"batch": 16, "accumulate": 2}})
    with pytest.raises(HumansegError, match="batch of 16") as raised, explaining_memory(recipe):
        raise error
    assert "--schedule.batch 8 --schedule.accumulate 4" in raised.value.hint
    assert raised.value.__cause__ is error


def test_other_errors_keep_their_words() -> None:
    with pytest.raises(RuntimeError, match="shapes"), explaining_memory(Recipe()):
        raise RuntimeError("shapes do not match")


def test_a_real_allocation_that_fails_is_recognised() -> None:
    with pytest.raises(HumansegError, match="not enough memory"), explaining_memory(Recipe()):
        torch.empty(2**55, dtype=torch.uint8)


def test_the_batch_is_the_quickest_on_a_cpu_and_the_largest_on_a_gpu() -> None:
    trials = [Trial(batch=b, seconds=b / rate) for b, rate in ((2, 10), (4, 19), (8, 20), (16, 20.5))]
    assert choose(trials, by_speed=True) == 8
    assert choose(trials, by_speed=False) == 16


def test_a_batch_is_found_by_trying_and_kept(people: Path, tmp_path: Path) -> None:
    network = {"encoder": "resnet18", "encoder_weights": "none", "decoder_channels": [16, 8, 8, 8, 8]}
    table = {"augment": {"sizes": [[32, 32]]}, "network": network}
    assert find_batch(settings.build(Recipe, table), largest=4) in (2, 4)


def test_curves_of_several_runs_are_drawn(tmp_path: Path) -> None:
    rows = [
        {"epoch": k, "lr": 0.1 / k, "train/loss": 1 / k, "val/loss": 1.1 / k, "val/iou": 1 - 1 / k} for k in (1, 2, 3)
    ]
    draw_curves({"a": rows, "b": [{**rows[0], "lr": 0.0}]}, tmp_path / "curves.png")
    picture = read_rgb(tmp_path / "curves.png")
    assert picture.std() > 10
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]


def test_the_preview_shows_what_training_sees(recipe_file: Path, tmp_path: Path) -> None:
    assert main(["preview", str(recipe_file), "-o", str(tmp_path / "sheet.png"), "--count", "3"]) == 0
    sheet = read_rgb(tmp_path / "sheet.png")
    assert sheet.shape == (3 * 200, 6 * 200, 3)
    assert (sheet[:, :, 1].astype(int) - sheet[:, :, 0]).max() > 50, "people are tinted green"


def test_auto_batch_stays_when_a_run_goes_on(checkpoint: Path) -> None:
    from humanseg_train.cli.training import _with_batch

    recipe = load_recipe(checkpoint)
    other = dataclasses.replace(recipe, schedule=dataclasses.replace(recipe.schedule, batch=64))
    assert _with_batch(other, checkpoint.parent, resume=True).schedule.batch == 4

"""A network's alpha in the place of masks."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg.models import find_model
from humanseg_train.card import write_card
from humanseg_train.checkpoints import load_recipe
from humanseg_train.data.pictures import read_rgb
from humanseg_train.data.samples import find_samples
from humanseg_train.fitting import fit
from humanseg_train.module import MattingModule
from humanseg_train.networks.deployed import load_network
from humanseg_train.recipe import Data, Network, Recipe
from humanseg_train.teacher import Teacher


def frames(people: Path) -> torch.Tensor:
    pictures = [read_rgb(sample.image) for sample in find_samples(people, "val")]
    return torch.from_numpy(np.stack([cv2.resize(picture, (96, 64)) for picture in pictures])).permute(0, 3, 1, 2)


@pytest.mark.parametrize("which", ["exported", "checkpoint"])
def test_it_is_the_network_as_users_run_it(
    which: str, checkpoint: Path, people: Path, request: pytest.FixtureRequest
) -> None:
    seen = frames(people)
    found = Teacher(str(request.getfixturevalue(which))).alpha(seen)
    network, _, _ = load_network(checkpoint)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = network((seen / 255 - mean) / std)
    assert found.shape == (len(seen), 1, 64, 96)
    assert torch.allclose(found, expected, atol=1e-3)


def test_what_it_says_is_learnt_and_not_the_masks(exported: Path, people: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    shutil.copytree(people, wrong, ignore=shutil.ignore_patterns("masks"))
    (wrong / "masks").mkdir()
    for mask in (people / "masks").iterdir():
        cv2.imwrite(str(wrong / "masks" / mask.name), 255 - read_rgb(mask))
    said = Teacher(str(exported)).alpha(frames(people))
    misses = {}
    for teacher in ("", str(exported)):
        table = {
            "data": {"root": str(wrong), "teacher": teacher},
            "augment": {"sizes": [[96, 64]], "min_crop": 1.0},
            "network": {"decoder_channels": [16, 8, 8, 8, 8], "start": str(exported), "frozen": "norms"},
            "optimiser": {"lr": 3e-3},
            "schedule": {"epochs": 2, "samples_per_epoch": 32, "batch": 4, "workers": 0, "threads": 1, "ema": 0.5},
        }
        best = fit(settings.build(Recipe, table), tmp_path / f"run{bool(teacher)}")
        network, _, _ = load_network(best.with_name("last.ckpt"))
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        with torch.no_grad():
            misses[teacher] = float((network((frames(people) / 255 - mean) / std) - said).abs().mean())
    assert misses[str(exported)] < 0.5 * misses[""]


def test_while_it_teaches_nothing_is_dropped(exported: Path) -> None:
    module = MattingModule(Recipe(network=Network(encoder_weights="none"))).train()
    dropped = [layer for layer in module.network.modules() if type(layer).__name__ == "DropPath"]
    module.on_train_epoch_start()
    assert dropped
    assert all(layer.training for layer in dropped)
    module.teacher = Teacher(str(exported))
    module.on_train_epoch_start()
    assert not any(layer.training for layer in dropped)


def test_where_nobody_is_the_mask_counts(exported: Path, people: Path) -> None:
    module = MattingModule(Recipe(network=Network(encoder_weights="none")))
    module.teacher = Teacher(str(exported))
    seen, mask = frames(people)[:2], torch.zeros(2, 1, 64, 96, dtype=torch.uint8)
    mask[1, 0, 0, 0] = 1
    said = module.teacher.alpha(seen)
    found = module.target(seen, mask)
    assert said[0].max() > 0
    assert found[0].max() == 0
    assert torch.equal(found[1], said[1])


def test_far_from_a_person_it_is_not_believed(exported: Path, people: Path) -> None:
    seen, mask = frames(people)[:2], torch.zeros(2, 1, 64, 96, dtype=torch.uint8)
    mask[:, 0, 20:30, 40:50] = 255
    module = MattingModule(Recipe(network=Network(encoder_weights="none"), data=Data(teacher_reach=0.05)))
    module.teacher = Teacher(str(exported))
    said, found = module.teacher.alpha(seen), module.target(seen, mask)
    near = torch.zeros(2, 1, 64, 96, dtype=torch.bool)
    near[:, 0, 17:33, 37:53] = True
    assert said[~near].max() > 0
    assert found[~near].max() == 0
    assert torch.equal(found[near], said[near])
    with pytest.raises(SettingsError, match="teacher_reach is -1"):
        settings.build(Recipe, {"data": {"teacher_reach": -1}})


def test_one_that_looks_back_is_refused(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(find_model(exported), previous="previous")
    monkeypatch.setattr("humanseg_train.teacher.find_model", lambda _: spec)
    with pytest.raises(SettingsError, match="alpha of the frame before"):
        Teacher("some")
    with pytest.raises(SettingsError, match=r"start needs network\.start"):
        settings.build(Recipe, {"data": {"teacher": "start"}})
    with pytest.raises(SettingsError, match="three channels and one class"):
        settings.build(Recipe, {"data": {"teacher": "some"}, "network": {"previous": True}})


def test_a_card_names_it_and_not_the_folder_it_lay_in(checkpoint: Path, exported: Path, tmp_path: Path) -> None:
    recipe = load_recipe(checkpoint)
    taught = replace(recipe, data=replace(recipe.data, teacher=str(exported)))
    write_card(tmp_path, taught, checkpoint, epoch=1, check=None, elsewhere=None, figures={}, about=None)
    card = (tmp_path / "card.md").read_text()
    assert f'teacher = "{exported.name}"' in card
    assert str(exported) not in card

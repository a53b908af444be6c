"""Rooms without people: some are never trained on, and the hard ones are drawn more often."""

import dataclasses
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.data.dataset import Draw, TrainingPictures
from humanseg_train.data.rooms import find_rooms
from humanseg_train.data.samples import find_samples
from humanseg_train.fitting import fit
from humanseg_train.hard_rooms import TABLE, false_shares
from humanseg_train.module import MattingModule
from humanseg_train.networks.rounding import RoundedConv2d
from humanseg_train.recipe import Recipe


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Four hundred rooms; that they are empty files no one sees who only lists them."""
    root = tmp_path / "many"
    root.mkdir()
    for k in range(400):
        (root / f"{k:05d}.jpg").touch()
    return root


def test_one_room_in_sixteen_is_held_out_and_stays_so(many: Path) -> None:
    held, trained = (find_rooms(many, split) for split in ("val", "train"))
    assert len(held) + len(trained) == len({*held, *trained}) == len(find_rooms(many)) == 400
    assert 12 <= len(held) <= 40
    for k in range(400, 500):
        (many / f"{k:05d}.jpg").touch()
    assert set(held) < set(find_rooms(many, "val"))
    assert set(trained) < set(find_rooms(many, "train"))


def test_few_rooms_serve_for_both(rooms: Path) -> None:
    assert find_rooms(rooms, "train") == find_rooms(rooms, "val") == find_rooms(rooms)


def test_what_is_held_out_is_not_trained_on(many: Path, people: Path) -> None:
    recipe = settings.build(Recipe, {"data": {"root": str(people), "rooms": str(many), "room_share": 0.5}})
    pictures = TrainingPictures(find_samples(people, "train"), recipe)
    assert pictures.rooms == find_rooms(many, "train")


def test_rooms_are_drawn_by_their_weights(people: Path, tmp_path: Path) -> None:
    for k, level in enumerate((40, 120, 200)):
        cv2.imwrite(str(tmp_path / f"{k}.png"), np.full((64, 64, 3), level, np.uint8))
    table = {
        "data": {"root": str(people), "rooms": str(tmp_path), "empty_share": 1.0},
        "augment": {"sizes": [[64, 64]], "photometric": 0.0},
    }
    pictures = TrainingPictures(find_samples(people, "train"), settings.build(Recipe, table))

    def drawn() -> Counter[int]:
        return Counter(int(pictures[Draw(0, (64, 64), seed)][0].float().mean()) for seed in range(200))

    alike = drawn()
    assert min(alike[level] for level in (40, 120, 200)) > 45
    pictures.room_weights = np.array([1.0, 8.0, 1.0])
    weighed = drawn()
    assert weighed[120] > 140
    assert min(weighed[40], weighed[200]) > 5


def hard_recipe(start: Path, people: Path, rooms: Path, **data: float) -> Recipe:
    table = {
        "data": {"root": str(people), "rooms": str(rooms), "empty_share": 0.5, "hard_rooms": 4.0, **data},
        "augment": {"sizes": [[64, 64]]},
        "network": {"encoder_weights": "none", "decoder_channels": [16, 8, 8, 8, 8], "start": str(start)},
        "schedule": {"epochs": 1, "samples_per_epoch": 4, "batch": 4, "workers": 0, "threads": 1},
    }
    return settings.build(Recipe, table)


@pytest.fixture
def start(checkpoint: Path, tmp_path: Path) -> Path:
    """A network that takes every pixel of every picture for a person."""
    kept = read_checkpoint(checkpoint)
    for weights in (kept["state_dict"], kept["current_model_state"]):
        weights["network.segmentation_head.0.weight"].zero_()
        weights["network.segmentation_head.0.bias"].fill_(1)
    torch.save(kept, tmp_path / "everybody.ckpt")
    return tmp_path / "everybody.ckpt"


def test_rooms_are_hard_in_which_the_network_saw_somebody_at_the_start(
    start: Path, people: Path, rooms: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe, run = hard_recipe(start, people, rooms), tmp_path / "run"
    caplog.set_level("INFO", "humanseg_train")
    fit(recipe, run)
    assert (run / TABLE).read_text().split() == ["room,share", "0.jpg,1.0", "1.jpg,1.0", "2.jpg,1.0"]
    assert "3 of 3 rooms are hard" in caplog.text

    # Resumed, a run goes by what it found when it began: by now it may know them. A room that is new is like others.
    (run / TABLE).write_text("room,share\n0.jpg,0.2\n1.jpg,0.0005\n")
    longer = dataclasses.replace(recipe, schedule=dataclasses.replace(recipe.schedule, epochs=2))
    fit(longer, run, resume=True)
    assert "1 of 3 rooms are hard" in caplog.text


def test_what_measuring_rooms_needs_is_put_back(start: Path, people: Path, rooms: Path) -> None:
    recipe = hard_recipe(start, people, rooms)
    module = MattingModule(dataclasses.replace(recipe, network=dataclasses.replace(recipe.network, int8=True)))
    assert false_shares(module, find_rooms(rooms), (64, 64)).tolist() == [1, 1, 1]
    rounded = [layer for layer in module.modules() if isinstance(layer, RoundedConv2d)]
    assert rounded
    assert all(layer.rounding and layer.high == 0 for layer in rounded), "nothing was remembered"
    assert all(layer.training for layer in module.modules())


@pytest.mark.parametrize(
    "table",
    [
        {"data": {"hard_rooms": 4.0, "empty_share": 0.1}},
        {"data": {"hard_rooms": 4.0}, "network": {"start": "model"}},
        {"data": {"hard_rooms": 0.5}},
        {"data": {"hard_rooms": 4.0, "empty_share": 0.1}, "network": {"start": "model", "previous": True}},
    ],
)
def test_hard_rooms_without_what_they_need_are_refused(table: dict[str, dict[str, float]]) -> None:
    with pytest.raises(SettingsError, match="hard_rooms"):
        settings.build(Recipe, table)

"""An encoder that stays as it starts: what it computes is what it computed, and the rest learns."""

import dataclasses
from pathlib import Path

import pytest
import torch

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.fitting import fit
from humanseg_train.networks.deployed import load_network
from humanseg_train.networks.rounding import input_ranges
from humanseg_train.recipe import Recipe


def weights(checkpoint: Path, key: str = "current_model_state") -> dict[str, torch.Tensor]:
    kept = read_checkpoint(checkpoint)
    state: dict[str, torch.Tensor] = kept.get(key, kept["state_dict"])
    return state


def going_on(start: Path, people: Path, **network: bool | str) -> Recipe:
    table = {
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {"encoder_weights": "none", "decoder_channels": [16, 8, 8, 8, 8], "start": str(start), **network},
        "schedule": {"epochs": 1, "samples_per_epoch": 16, "batch": 4, "workers": 0, "threads": 1},
    }
    return settings.build(Recipe, table)


@pytest.mark.parametrize("int8", [False, True])
def test_a_frozen_encoder_stays_and_the_decoder_learns(
    checkpoint: Path, people: Path, tmp_path: Path, int8: bool
) -> None:
    best = fit(going_on(checkpoint, people, frozen="encoder", int8=int8), tmp_path / "run")
    before, after = weights(checkpoint, "state_dict"), weights(best)
    changed = {name for name, tensor in before.items() if not torch.equal(after[name], tensor)}
    assert not [name for name in changed if ".encoder." in name]
    assert any("decoder" in name for name in changed)
    assert not [name for name in changed if "running" in name], "no normalisation follows the batches"
    if int8:
        network, _, _ = load_network(best)
        encoder = [name for name in input_ranges(network) if "encoder" in name]
        assert encoder, "what its convolutions see was measured, or their integers would be of nothing"


@pytest.mark.parametrize("frozen", ["nothing", "norms"])
def test_otherwise_the_encoder_learns_with_its_norms_or_without(
    checkpoint: Path, people: Path, tmp_path: Path, frozen: str
) -> None:
    best = fit(going_on(checkpoint, people, frozen=frozen), tmp_path / "run")
    before, after = weights(checkpoint, "state_dict"), weights(best)
    changed = [name for name, tensor in before.items() if ".encoder." in name and not torch.equal(after[name], tensor)]
    assert any(name.endswith("weight") for name in changed)
    assert any("running" in name for name in changed) == (frozen == "nothing")


def test_what_is_random_is_not_frozen() -> None:
    with pytest.raises(SettingsError, match="what is random must learn"):
        settings.build(Recipe, {"network": {"frozen": "norms", "encoder_weights": "none"}})
    recipe = settings.build(Recipe, {"network": {"frozen": "encoder"}})
    assert dataclasses.replace(recipe.network, encoder_weights="none", start="model").frozen == "encoder"

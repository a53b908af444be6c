"""Weights between where a run began and where it ended."""

from pathlib import Path

import pytest
import torch

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.averaging import average
from humanseg_train.card import write_card
from humanseg_train.checkpoints import load_recipe, read_checkpoint
from humanseg_train.cli import main
from humanseg_train.fitting import fit
from humanseg_train.networks.deployed import load_network
from humanseg_train.recipe import Recipe


def run_from(start: Path, people: Path, out: Path, frozen: str, share: float = 1.0) -> Path:
    table = {
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {
            "encoder_weights": "none",
            "decoder_channels": [16, 8, 8, 8, 8],
            "start": str(start),
            "frozen": frozen,
            "share": share,
            "int8": True,
        },
        "schedule": {"epochs": 1, "samples_per_epoch": 16, "batch": 4, "workers": 0, "threads": 1},
    }
    return fit(settings.build(Recipe, table), out)


@pytest.fixture(scope="module")
def run(checkpoint: Path, people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_from(checkpoint, people, tmp_path_factory.mktemp("runs") / "norms", "norms").parent


def test_weights_lie_between_and_ranges_are_the_end_s(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "mixed.ckpt"
    assert main(["average", str(run / "start.ckpt"), str(run / "last.ckpt"), "-o", str(out), "--share", "0.25"]) == 0
    start, end, mixed = (read_checkpoint(path)["state_dict"] for path in (run / "start.ckpt", run / "last.ckpt", out))
    moved = 0
    for name, tensor in mixed.items():
        if name.endswith((".low", ".high")):
            assert torch.equal(tensor, end[name])
        elif tensor.is_floating_point():
            assert torch.allclose(tensor, 0.75 * start[name] + 0.25 * end[name], atol=1e-6)
            moved += not torch.equal(start[name], end[name])
    assert moved > 50
    assert any(name.endswith(".high") and tensor > 0 for name, tensor in mixed.items())
    network, _, epoch = load_network(out)
    assert epoch == 1
    with torch.no_grad():
        assert 0 <= float(network(torch.zeros(1, 3, 64, 64)).min()) <= 1
    write_card(tmp_path, load_recipe(out), out, epoch=1, check=None, elsewhere=None, figures={}, about=None)
    assert "25 % of the way from where the run began to epoch 1 of 1" in (tmp_path / "card.md").read_text()
    between = tmp_path / "between.ckpt"
    average(run / "last.ckpt", run / "last.ckpt", between, 0.6)
    write_card(tmp_path, load_recipe(between), between, epoch=1, check=None, elsewhere=None, figures={}, about=None)
    assert "60 % of the way from epoch 1 of another to epoch 1 of 1" in (tmp_path / "card.md").read_text()


def test_a_recipe_can_ask_for_it(checkpoint: Path, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    best = run_from(checkpoint, people, out, "norms", 0.25)
    average(out / "start.ckpt", out / "last.ckpt", tmp_path / "expected.ckpt", 0.25)
    expected, ours = (read_checkpoint(path) for path in (tmp_path / "expected.ckpt", best))
    assert ours["share"] == 0.25
    assert all(torch.equal(ours["state_dict"][name], tensor) for name, tensor in expected["state_dict"].items())
    assert sorted(path.name for path in out.glob("*.ckpt")) == ["best.ckpt", "last.ckpt", "start.ckpt"]
    assert fit(load_recipe(best), out, resume=True) == best, "a finished run that is resumed ends the same"
    assert read_checkpoint(best)["share"] == 0.25
    with pytest.raises(SettingsError, match="something frozen"):
        settings.build(Recipe, {"network": {"start": str(checkpoint), "share": 0.5}})


def test_what_cannot_be_averaged_is_refused(
    run: Path, checkpoint: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    free = run_from(checkpoint, people, tmp_path / "free", "nothing")
    assert not (free.parent / "start.ckpt").exists(), "nothing of its norms would fit"
    start, end, out = str(run / "start.ckpt"), str(run / "last.ckpt"), str(tmp_path / "out.ckpt")
    for words, told in (
        ([start, str(free), "-o", out], "normalise differently"),
        ([start, end, "-o", out, "--share", "1.5"], "no share 1.5"),
        ([start, end, "-o", end], "already exists"),
        ([str(checkpoint), end, "-o", out], "different networks"),  # it knows no ranges
        ([str(tmp_path / "none.ckpt"), end, "-o", out], "no checkpoint"),
    ):
        assert main(["average", *words]) == 1
        assert told in capsys.readouterr().err
    assert not Path(out).exists()

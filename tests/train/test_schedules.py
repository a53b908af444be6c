"""Rates, early ends and resumed runs: what is interrupted goes on as if it had not been."""

import csv
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from humanseg import settings
from humanseg_train import fitting
from humanseg_train.fitting import fit
from humanseg_train.history import History
from humanseg_train.recipe import Optimiser, Recipe
from humanseg_train.schedules import rate_curve
from humanseg_train.stopping import Patience


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def tiny(people: Path, optimiser: dict[str, object], schedule: dict[str, object]) -> Recipe:
    table = {
        "data": {"root": str(people)},
        "augment": {"sizes": [[32, 32]]},
        "network": {"encoder": "resnet18", "encoder_weights": "none", "decoder_channels": [8, 8, 8]},
        "optimiser": {"lr": 0.001, **optimiser},
        "schedule": {"epochs": 4, "samples_per_epoch": 8, "batch": 4, "workers": 0, "threads": 1, **schedule},
    }
    return settings.build(Recipe, table)


class InterruptedEarlyError(Exception):
    pass


def interrupt_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a run die when the epoch after `epochs` begins."""

    class Interrupting(History):
        def on_train_epoch_start(self, trainer: object, pl_module: object) -> None:
            if trainer.current_epoch == epochs:  # type: ignore[attr-defined]
                raise InterruptedEarlyError

    monkeypatch.setattr(fitting, "History", Interrupting)


@pytest.mark.parametrize("name", ["cosine", "poly", "one-cycle"])
def test_a_curve_rises_to_its_peak_once_and_falls(name: str) -> None:
    curve = rate_curve(Optimiser(schedule=name, warmup=0.1), 100)  # type: ignore[arg-type]
    assert curve is not None
    shares = [curve(step) for step in range(101)]
    peak = shares.index(max(shares))
    assert max(shares) == pytest.approx(1, abs=1e-2)
    assert shares[0] < 0.2
    assert shares[100] == pytest.approx(0, abs=1e-4)
    assert shares[: peak + 1] == sorted(shares[: peak + 1])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)
    assert (peak < 15) == (name != "one-cycle")


def test_a_constant_rate_stays_and_a_plateau_has_no_curve() -> None:
    constant = rate_curve(Optimiser(schedule="constant"), 10)
    assert constant is not None
    assert {constant(step) for step in range(20)} == {1.0}
    assert rate_curve(Optimiser(schedule="plateau"), 10) is None


@pytest.mark.parametrize(
    ("optimiser", "schedule"),
    [
        # Barely learning: the IoU stalls, and the rate falls; not below 1e-8, where torch stops lowering it.
        ({"schedule": "plateau", "plateau_patience": 0, "lr": 1e-5}, {"patience": 3, "epochs": 6}),
        ({"schedule": "poly", "name": "sgd"}, {"accumulate": 2}),
        ({"schedule": "one-cycle", "name": "adam"}, {"patience": 9}),
    ],
    ids=["plateau", "poly", "one-cycle"],
)
def test_interrupted_and_resumed_is_the_same_as_undisturbed(
    optimiser: dict[str, object],
    schedule: dict[str, object],
    people: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = tiny(people, optimiser, schedule)
    fit(recipe, tmp_path / "straight")
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        with pytest.raises(InterruptedEarlyError):
            fit(recipe, tmp_path / "broken")
    assert len(rows(tmp_path / "broken")) == 2
    fit(recipe, tmp_path / "broken", resume=True)
    straight, broken = rows(tmp_path / "straight"), rows(tmp_path / "broken")
    assert [row["lr"] for row in broken] == [row["lr"] for row in straight]
    assert len({row["lr"] for row in straight}) > 1
    for ours, theirs in zip(broken, straight, strict=True):
        for name, value in theirs.items():
            assert float(ours[name]) == pytest.approx(float(value), abs=1e-6), f"{name} in epoch {ours['epoch']}"


def test_a_run_stops_early_says_so_and_goes_on_with_more_patience(
    people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stalled(self: object, trainer: object, pl_module: object) -> None:
        trainer.callback_metrics["val/iou"].fill_(0.5)  # type: ignore[attr-defined]
        judged(self, trainer, pl_module)  # type: ignore[arg-type]

    judged = Patience.on_validation_end
    monkeypatch.setattr(Patience, "on_validation_end", stalled)
    recipe = tiny(people, {"schedule": "constant"}, {"epochs": 6, "patience": 2})
    with caplog.at_level(logging.INFO):
        fit(recipe, tmp_path / "run")
    assert len(rows(tmp_path / "run")) == 3
    assert "stopped early after epoch 3: val/iou has not risen above 0.5000 since epoch 1" in caplog.text
    fit(recipe, tmp_path / "run", resume=True)
    assert len(rows(tmp_path / "run")) == 3, "it has waited long enough already"
    fit(replace(recipe, schedule=replace(recipe.schedule, patience=4)), tmp_path / "run", resume=True)
    assert len(rows(tmp_path / "run")) == 5, "two more, not four"


def test_a_spent_time_budget_ends_after_the_epoch_and_can_be_resumed(people: Path, tmp_path: Path) -> None:
    recipe = tiny(people, {}, {"epochs": 3, "minutes": 1e-6})
    fit(recipe, tmp_path / "run")
    assert len(rows(tmp_path / "run")) == 1
    fit(recipe, tmp_path / "run", resume=True)
    assert len(rows(tmp_path / "run")) == 2
    fit(replace(recipe, schedule=replace(recipe.schedule, minutes=0.0)), tmp_path / "run", resume=True)
    assert len(rows(tmp_path / "run")) == 3

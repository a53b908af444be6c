"""Hard swish in the place of SiLU: where it stands, that trained weights are matched to it, and what is exported."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest
import torch
from torch.nn import functional

from humanseg import settings
from humanseg.errors import HumansegError, SettingsError
from humanseg.models import find_model
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.exporting import export
from humanseg_train.fitting import fit
from humanseg_train.networks import hard_swish
from humanseg_train.networks.build import build_network
from humanseg_train.networks.hard_swish import HardSwish, _best_factors, is_soft, match_scales, soften
from humanseg_train.networks.rounding import RoundedConv2d, stop_rounding
from humanseg_train.recipe import Network, Recipe

WIDTHS = [16, 8, 8, 8, 8]
"""As in the run behind the fixture `exported`."""

NETWORK = Network(encoder_weights="none", decoder_channels=tuple(WIDTHS))


def frames() -> torch.Tensor:
    return torch.randn(4, 3, 96, 128, generator=torch.Generator().manual_seed(3))


def alpha(network: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return torch.sigmoid(network.eval()(frames()))


def test_only_gates_keep_their_exponential() -> None:
    network = build_network(replace(NETWORK, hard_swish=True, detail=4))
    soft = [name for name, layer in network.named_modules() if type(layer).__name__ in ("SiLU", "Swish")]
    assert soft
    assert all(".se." in name for name in soft)
    assert sum(isinstance(layer, HardSwish) for layer in network.modules()) == 1 + 1 + 2 * 15 + 1 + 1, (
        "stem, blocks, head, detail"
    )


def test_a_network_without_it_is_refused() -> None:
    with pytest.raises(SettingsError, match="no SiLU"):
        build_network(replace(NETWORK, encoder="resnet18", hard_swish=True))


@pytest.mark.parametrize("int8", [False, True])
def test_the_factors_disappear_in_the_weights(int8: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a curve that two factors make SiLU, nothing may be left to see.
    curves = SimpleNamespace(silu=functional.silu, hardswish=lambda values: functional.silu(2 * values) / 3)
    monkeypatch.setattr(hard_swish, "functional", curves)
    network = build_network(replace(NETWORK, hard_swish=True, int8=int8))
    network.encoder.bn1.act = torch.nn.SiLU()  # type: ignore[union-attr]  # the one before the blocks is not matched
    stop_rounding(network)
    soften(network)
    expected = alpha(network)
    rounded = {name: layer for name, layer in network.named_modules() if isinstance(layer, RoundedConv2d)}
    for layer in rounded.values():
        layer.high.fill_(4.0)
    match_scales(network, [frames()[:2], frames()[2:]])
    assert not is_soft(network)
    assert torch.allclose(alpha(network), expected, atol=1e-4)
    # The depthwise ones are not rounded; so those are left that take what a gate lets through.
    anew = {name for name, layer in rounded.items() if layer.high == 0}
    assert anew == {name for name in rounded if name.endswith("conv_pwl") or name == "encoder.blocks.0.0.conv_pw"}


def test_with_its_factors_the_curve_is_nearer() -> None:
    spread = torch.linspace(0.3, 1.5, 8)[:, None]
    values = spread * torch.randn(8, 4000, generator=torch.Generator().manual_seed(1)) - spread / 2
    before, behind = _best_factors(values)
    wanted = functional.silu(values)
    near = (behind[:, None] * functional.hardswish(before[:, None] * values) - wanted).square().mean()
    assert near < 0.6 * (functional.hardswish(values) - wanted).square().mean()


def test_until_they_are_it_is_the_network_that_they_come_from(exported: Path) -> None:
    start = replace(NETWORK, start=str(exported))
    network = build_network(replace(start, hard_swish=True))
    assert is_soft(network)
    assert torch.allclose(alpha(network), alpha(build_network(start)), atol=1e-5)


def test_a_run_matches_them_first_and_what_it_exports_is_hard(exported: Path, people: Path, tmp_path: Path) -> None:
    def run(start: Path, name: str, **rest: object) -> Path:
        table = {
            "data": {"root": str(people)},
            "augment": {"sizes": [[64, 64]]},
            "network": {"decoder_channels": WIDTHS, "start": str(start), "hard_swish": True, **rest},
            "optimiser": {"lr": 1e-9, "weight_decay": 0.0},
            "schedule": {"epochs": 1, "samples_per_epoch": 4, "batch": 4, "workers": 0, "threads": 1},
        }
        return fit(settings.build(Recipe, table), tmp_path / name)

    best = run(exported, "run", frozen="norms", int8=True)
    assert not export(best, tmp_path / "model").faults
    spec = find_model(tmp_path / "model")
    found: list[torch.Tensor] = []
    for path in (spec.path, spec.cpu_path):
        kinds = [node.op_type for node in onnx.load(path).graph.node]
        assert kinds.count("HardSwish") == 1 + 1 + 2 * 15
        assert kinds.count("Sigmoid") == 2 * 16 + 1, "the two of each gate, and that of alpha"
    for start in (best, tmp_path / "model"):
        again = build_network(replace(NETWORK, start=str(start), hard_swish=True, int8=True))
        assert not is_soft(again)
        stop_rounding(again)
        found.append(alpha(again))
    assert torch.allclose(found[0], found[1], atol=1e-4)
    with pytest.raises(HumansegError, match="trained with hard swish"):
        build_network(replace(NETWORK, start=str(best), int8=True))


def test_a_run_that_goes_on_is_hard_from_its_first_step(exported: Path, people: Path, tmp_path: Path) -> None:
    table = {
        "data": {"root": str(people), "teacher": "start"},
        "augment": {"sizes": [[64, 64]]},
        "network": {"decoder_channels": WIDTHS, "start": str(exported), "hard_swish": True, "frozen": "norms"},
        "schedule": {"epochs": 2, "samples_per_epoch": 8, "batch": 4, "workers": 0, "threads": 1, "minutes": 1e-6},
    }
    recipe = settings.build(Recipe, table)
    whole = replace(recipe, schedule=replace(recipe.schedule, minutes=0.0))
    fit(whole, tmp_path / "whole")
    fit(recipe, tmp_path / "halves")
    fit(whole, tmp_path / "halves", resume=True)
    states = [read_checkpoint(tmp_path / name / "last.ckpt")["state_dict"] for name in ("whole", "halves")]
    assert all(torch.equal(states[0][name], tensor) for name, tensor in states[1].items())


def test_a_checkpoint_with_silu_is_matched_too(checkpoint: Path) -> None:
    assert is_soft(build_network(replace(NETWORK, start=str(checkpoint), hard_swish=True)))

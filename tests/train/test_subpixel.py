"""A last stage at half the frame's size: what it takes over from a decoder, learns alone, and computes in engines."""

import dataclasses
from pathlib import Path

import pytest
import torch

from humanseg import settings
from humanseg.errors import HumansegError, SettingsError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.exporting import export
from humanseg_train.fitting import fit
from humanseg_train.networks.build import build_network
from humanseg_train.networks.from_model import measure_norms
from humanseg_train.recipe import Network, Recipe

STAGES = (16, 8, 8, 8)
"""All but the last of the decoder behind the fixtures `checkpoint` and `exported`."""

NETWORK = Network(encoder_weights="none", decoder_channels=STAGES, subpixel=8)


def run(start: Path, people: Path, out: Path, **network: object) -> Path:
    table = {
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {"decoder_channels": list(STAGES), "subpixel": 8, "start": str(start), **network},
        "schedule": {"epochs": 1, "samples_per_epoch": 16, "batch": 4, "workers": 0, "threads": 1},
    }
    return fit(settings.build(Recipe, table), out)


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = read_checkpoint(checkpoint)["state_dict"]
    return state


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("channels", [(16, 8, 8, 8), (), (16, 8, 8)])
def test_logits_are_as_large_as_the_frame_and_no_convolution_is(channels: tuple[int, ...], classes: int) -> None:
    network = build_network(dataclasses.replace(NETWORK, decoder_channels=channels, classes=classes)).eval()
    places: list[tuple[int, int]] = []
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda _, __, output: places.append(tuple(output.shape[2:])))
    with torch.no_grad():
        assert network(torch.randn(2, 3, 64, 96)).shape == (2, classes, 64, 96)
    assert max(places) == (32, 48)


def test_every_pixel_of_the_frame_counts() -> None:
    network = build_network(NETWORK).eval()
    frame = torch.randn(1, 3, 64, 64, requires_grad=True)
    looked = network.subpixel.look(frame)  # type: ignore[union-attr, operator]
    looked.square().sum().backward()
    assert frame.grad is not None
    assert (frame.grad != 0).all()


@pytest.mark.parametrize("donor", ["checkpoint", "exported"])
def test_all_before_the_last_stage_comes_from_a_network_with_its_own(
    donor: str, request: pytest.FixtureRequest, people: Path
) -> None:
    start = str(request.getfixturevalue(donor))
    plain = Network(encoder_weights="none", decoder_channels=(*STAGES, 8), start=start)
    before = build_network(plain).eval()
    after = build_network(dataclasses.replace(NETWORK, start=start)).eval()
    frame = torch.randn(1, 3, 64, 96)
    decoder = before.get_submodule("decoder")
    del decoder.blocks[-1]  # type: ignore[union-attr, operator]
    with torch.no_grad():
        features = after.encoder(frame)  # type: ignore[operator]
        assert torch.equal(after.decoder(features), decoder(before.encoder(frame)))  # type: ignore[operator]
    measure_norms(after, [frame])


def test_a_start_that_differs_before_the_last_stage_is_refused(checkpoint: Path, exported: Path) -> None:
    for start in (checkpoint, exported):
        for other in (
            dataclasses.replace(NETWORK, decoder_channels=(32, 8, 8, 8), start=str(start)),
            dataclasses.replace(NETWORK, encoder="resnet18", start=str(start)),
        ):
            with pytest.raises(HumansegError, match="of another network"):
                build_network(other)


@pytest.mark.parametrize("int8", [False, True])
def test_the_stage_learns_alone_and_then_with_the_rest(
    exported: Path, people: Path, tmp_path: Path, int8: bool
) -> None:
    alone = run(exported, people, tmp_path / "alone", frozen="trunk", int8=int8)
    before, after = weights(tmp_path / "alone" / "start.ckpt"), weights(alone)
    learnt = [name for name, tensor in after.items() if not torch.equal(before[name], tensor)]
    learnt = [name for name in learnt if not name.endswith((".low", ".high"))]
    assert learnt
    assert all(name.startswith("network.subpixel.") for name in learnt)
    assert any("running_mean" in name for name in learnt), "its normalisation had nothing to remember"
    together = run(alone, people, tmp_path / "together", frozen="norms", int8=int8)
    changed = [name for name, tensor in weights(together).items() if not torch.equal(after[name], tensor)]
    assert any("encoder" in name for name in changed)
    assert any("subpixel" in name for name in changed)
    assert not [name for name in changed if "running" in name]
    verification = export(together, tmp_path / "model")
    assert not verification.faults
    again = Network(encoder_weights="none", decoder_channels=STAGES, subpixel=8, start=str(tmp_path / "model"))
    build_network(again)  # as it was exported, its last stage too


def test_settings_that_do_not_go_together_are_refused() -> None:
    for network, why in (
        ({"subpixel": 8, "architecture": "fpn"}, "only for unet"),
        ({"subpixel": 8, "detail": 4}, "without detail"),
        ({"subpixel": 8, "decoder_channels": [8, 8, 8, 8, 8]}, "one of them"),
        ({"frozen": "trunk", "start": "model"}, "only that stage learns"),
        ({"frozen": "trunk", "subpixel": 8}, "only that stage learns"),
    ):
        with pytest.raises(SettingsError, match=why):
            settings.build(Recipe, {"network": network})

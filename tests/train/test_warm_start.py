import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from humanseg.errors import HumansegError, SettingsError
from humanseg_train.networks.build import build_network
from humanseg_train.networks.warm_start import load_encoder
from humanseg_train.recipe import Network


def encoder() -> torch.nn.Module:
    return build_network(Network(encoder_weights="none")).encoder  # type: ignore[return-value]


def without_gates(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in module.state_dict().items() if ".se." not in name}


def test_weights_of_the_relative_without_gates_start_with_gates_open(tmp_path: Path) -> None:
    donor, receiver = encoder(), encoder()
    save_file({name: tensor.half() for name, tensor in without_gates(donor).items()}, tmp_path / "lite.safetensors")
    load_encoder(receiver, tmp_path / "lite.safetensors")
    for name, tensor in without_gates(donor).items():
        assert torch.allclose(receiver.state_dict()[name].float(), tensor.float(), atol=1e-2)
    for name, block in receiver.named_modules():
        if name.endswith(".se"):
            squeezed = block(torch.ones(1, block.conv_reduce.in_channels, 4, 4))
            assert (squeezed > 0.98).all(), "an open gate lets everything pass"


def test_weights_with_gates_are_taken_as_they_are(tmp_path: Path) -> None:
    donor, receiver = encoder(), encoder()
    save_file(donor.state_dict(), tmp_path / "b0.safetensors")
    load_encoder(receiver, tmp_path / "b0.safetensors")
    assert all(torch.equal(tensor, donor.state_dict()[name]) for name, tensor in receiver.state_dict().items())


def test_foreign_and_unreadable_weights_are_refused(tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(HumansegError, match="another encoder"):
        load_encoder(encoder(), tmp_path / "other.safetensors")
    (tmp_path / "noise.safetensors").write_bytes(b"noise")
    with pytest.raises(HumansegError, match="cannot be read"):
        load_encoder(encoder(), tmp_path / "noise.safetensors")
    with pytest.raises(HumansegError, match="cannot be read"):
        load_encoder(encoder(), tmp_path / "missing.safetensors")


def saved(network: torch.nn.Module, path: Path) -> str:
    """A checkpoint as `fit` writes them, as far as a start needs it."""
    state = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"recipe": {}, "state_dict": {**state, "other.weight": torch.zeros(1)}}, path)
    return str(path)


def test_a_run_starts_from_the_whole_network_of_another(tmp_path: Path) -> None:
    plain = Network(encoder="resnet18", encoder_weights="none", decoder_channels=(16, 8, 8, 8, 8))
    donor = build_network(plain).eval()
    start = saved(donor, tmp_path / "best.ckpt")
    same = build_network(dataclasses.replace(plain, start=start)).eval()
    wider = build_network(dataclasses.replace(plain, start=start, previous=True, detail=4)).eval()
    frame, before = torch.randn(1, 3, 64, 64), torch.rand(1, 1, 64, 64)
    assert torch.equal(same(frame), donor(frame))
    assert torch.allclose(wider(torch.cat([frame, before], dim=1)), donor(frame), atol=1e-5)
    # And from there on, all of it is taken over.
    with torch.no_grad():
        for parameter in wider.parameters():
            parameter.add_(0.01)
    again = dataclasses.replace(plain, start=saved(wider, tmp_path / "wider.ckpt"), previous=True, detail=4)
    both = torch.cat([frame, before], dim=1)
    assert torch.equal(build_network(again).eval()(both), wider(both))


def test_a_start_of_another_network_is_refused(tmp_path: Path) -> None:
    narrow = Network(encoder="resnet18", encoder_weights="none", decoder_channels=(16, 8, 8, 8, 8))
    start = saved(build_network(narrow), tmp_path / "best.ckpt")
    for other in (
        dataclasses.replace(narrow, decoder_channels=(32, 8, 8, 8, 8)),
        dataclasses.replace(narrow, encoder="resnet34"),
        dataclasses.replace(narrow, architecture="linknet", decoder_channels=()),
    ):
        with pytest.raises(HumansegError, match="of another network"):
            build_network(dataclasses.replace(other, start=start))


def test_an_unknown_encoder_is_named_with_its_neighbours() -> None:
    with pytest.raises(SettingsError, match="efficientnet-b0"):
        build_network(Network(encoder="efficientnt-b0", encoder_weights="none"))

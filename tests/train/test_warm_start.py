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


def test_an_unknown_encoder_is_named_with_its_neighbours() -> None:
    with pytest.raises(SettingsError, match="efficientnet-b0"):
        build_network(Network(encoder="efficientnt-b0", encoder_weights="none"))

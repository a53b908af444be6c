"""A model folder can be trained on: its network starts as what the engines compute."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from humanseg import settings
from humanseg.engines.onnx import import_onnxruntime
from humanseg.errors import HumansegError
from humanseg.models import find_model
from humanseg_train.fitting import fit
from humanseg_train.networks.build import build_network
from humanseg_train.networks.deployed import load_network
from humanseg_train.networks.from_model import measure_norms
from humanseg_train.networks.rounding import stop_rounding
from humanseg_train.recipe import Network, Recipe

NETWORK = Network(encoder_weights="none", decoder_channels=(16, 8, 8, 8, 8))
"""As in the run behind the fixture `exported`."""


def frames() -> torch.Tensor:
    return torch.randn(4, 3, 96, 128, generator=torch.Generator().manual_seed(3))


def engine_alpha(model: Path) -> np.ndarray:
    session = import_onnxruntime().InferenceSession(find_model(model).path)
    alphas = [session.run(None, {"frame": frame[None].numpy()})[0] for frame in frames()]
    return np.concatenate(alphas)


def alpha(network: torch.nn.Module) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(torch.sigmoid(network(frames())))


@pytest.mark.parametrize("int8", [False, True])
def test_the_network_of_a_model_folder_computes_what_its_engine_does(exported: Path, int8: bool) -> None:
    expected = engine_alpha(exported)
    network = build_network(replace(NETWORK, start=str(exported), int8=int8)).eval()
    measure_norms(network, [frames()[:2], frames()[2:]])
    stop_rounding(network)
    assert np.abs(alpha(network) - expected).max() < 1e-4
    for layer in network.modules():
        layer.train(isinstance(layer, torch.nn.BatchNorm2d))  # as in training, but for what training drops at random
    assert np.abs(alpha(network) - expected).max() < 1e-3, "by the batch at hand is by what was measured on it"


def test_a_run_goes_on_from_a_model_folder(exported: Path, people: Path, tmp_path: Path) -> None:
    table = {
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {"decoder_channels": [16, 8, 8, 8, 8], "start": str(exported)},
        "optimiser": {"lr": 1e-9, "weight_decay": 0.0},
        "schedule": {"epochs": 1, "samples_per_epoch": 4, "batch": 4, "workers": 0, "threads": 1},
    }
    best = fit(settings.build(Recipe, table), tmp_path / "run")
    network, _, _ = load_network(best)
    # One step at no rate: only what the layers remember of the batch can have changed.
    assert np.abs(alpha(network.network) - engine_alpha(exported)).max() < 0.1


def test_the_packaged_model_can_be_trained_on() -> None:
    build = {"decoder_channels": (128, 64, 32, 24, 16), "detail": 8, "hard_swish": True}
    shipped = {**build, "start": "unet-efficientnet-b0"}
    network = build_network(replace(NETWORK, **shipped)).eval()  # type: ignore[arg-type]
    assert np.abs(alpha(network) - engine_alpha(find_model("unet-efficientnet-b0").folder)).max() < 1e-4


def test_a_model_of_another_network_is_refused(exported: Path, tmp_path: Path) -> None:
    for other in (
        replace(NETWORK, decoder_channels=(32, 8, 8, 8, 8)),
        replace(NETWORK, encoder="resnet18"),
        replace(NETWORK, architecture="linknet", decoder_channels=()),
        replace(NETWORK, architecture="segformer", encoder="resnet18", decoder_channels=()),
    ):
        with pytest.raises(HumansegError, match="of another network"):
            build_network(replace(other, start=str(exported)))
    with pytest.raises(HumansegError, match="no model"):
        build_network(replace(NETWORK, start=str(tmp_path / "missing")))

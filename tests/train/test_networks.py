"""Every architecture trains and exports; the layers that are exchanged compute what they stand for."""

import dataclasses
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from humanseg import settings
from humanseg.engines.onnx import import_onnxruntime
from humanseg.errors import HumansegError, SettingsError
from humanseg_train.losses import WeightedSum
from humanseg_train.networks import download
from humanseg_train.networks.build import CLASSES, build_network
from humanseg_train.networks.deployed import AlphaNetwork, write_onnx
from humanseg_train.networks.repairs import LenientBatchNorm, PyramidBlock
from humanseg_train.networks.rounding import stop_rounding
from humanseg_train.recipe import Augment, Network, Recipe
from humanseg_train.recipe_files import RECIPES
from humanseg_train.scenes.cityscapes import PEOPLE
from humanseg_train.scenes.module import CrossEntropy
from humanseg_train.schedules import make_optimiser

PACKAGED = sorted(path.stem for path in RECIPES.glob("*.toml"))


def step(recipe: Recipe, *, batch: int) -> torch.nn.Module:
    """A network of the recipe after one step at 64x64."""
    torch.manual_seed(0)
    network = build_network(recipe.network, pretrained=False).train()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    optimiser = make_optimiser(network.parameters(), recipe.optimiser)
    logits = network(torch.randn(batch, 4 if recipe.network.previous else 3, 64, 64))
    assert logits.shape == (batch, recipe.network.classes, 64, 64)
    if recipe.network.classes > 1:
        loss = CrossEntropy(1.0)(logits, torch.randint(0, recipe.network.classes, (batch, 64, 64)))
    else:
        loss, _ = WeightedSum(recipe.loss)(logits, (torch.rand(batch, 1, 64, 64) > 0.5).float())
    loss.backward()
    optimiser.step()
    assert any(not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
    assert all(bool(parameter.isfinite().all()) for parameter in network.parameters())
    return network.eval()


def exported_difference(network: torch.nn.Module, path: Path, settings: Network) -> float:
    """Largest difference of alpha between torch and ONNX Runtime, at 320x192, 288x224 and 192x320."""
    alpha = AlphaNetwork(network, previous=settings.previous, people=PEOPLE if settings.classes > 1 else ()).eval()
    stop_rounding(alpha)
    write_onnx(alpha, path)
    session = import_onnxruntime().InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    worst = 0.0
    for height, width in ((192, 320), (224, 288), (320, 192)):
        feeds = {"frame": random.normal(size=(1, 3, height, width)).astype(np.float32)}
        if settings.previous:
            feeds["previous"] = random.random((1, 1, height, width), np.float32)
        with torch.inference_mode():
            expected = alpha(*map(torch.from_numpy, feeds.values())).numpy()
        worst = max(worst, float(np.abs(session.run(["alpha"], feeds)[0] - expected).max()))
    return worst


@pytest.mark.parametrize("architecture", CLASSES)
def test_every_architecture_trains_even_on_one_picture(architecture: str) -> None:
    table = {"network": {"architecture": architecture, "encoder": "resnet18", "encoder_weights": "none"}}
    step(settings.build(Recipe, table), batch=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("architecture", sorted({"unetplusplus", "pspnet", "segformer"}))
def test_architectures_without_a_recipe_export(architecture: str, tmp_path: Path) -> None:
    table = {"network": {"architecture": architecture, "encoder": "resnet18", "encoder_weights": "none"}}
    recipe = settings.build(Recipe, table)
    assert exported_difference(step(recipe, batch=2), tmp_path / "model.onnx", recipe.network) <= 1e-3


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_recipe_loads_and_trains(name: str) -> None:
    step(settings.read(RECIPES / f"{name}.toml", Recipe), batch=2)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_recipe_exports(name: str, tmp_path: Path) -> None:
    recipe = settings.read(RECIPES / f"{name}.toml", Recipe)
    assert exported_difference(step(recipe, batch=2), tmp_path / "model.onnx", recipe.network) <= 1e-3


def test_the_compared_recipes_differ_in_nothing_but_the_architecture() -> None:
    recipes = [settings.read(RECIPES / f"compare-{name}.toml", Recipe) for name in ("unet", "fpn", "deeplabv3plus")]
    for recipe in recipes:
        assert (recipe.schedule.epochs, recipe.schedule.batch, recipe.optimiser.name) == (25, 16, "adam")
        assert (recipe.optimiser.lr, recipe.augment.sizes, recipe.loss) == (0.003, ((320, 320),), {"dice": 1, "bce": 1})
        assert vars(recipe) | {"name": "", "network": ""} == vars(recipes[0]) | {"name": "", "network": ""}


def test_previous_alpha_and_detail_change_nothing_until_they_are_trained() -> None:
    plain = Network(architecture="unet", encoder="resnet18", encoder_weights="none", decoder_channels=(32, 16, 8, 8, 8))
    torch.manual_seed(0)
    network = build_network(plain).eval()
    torch.manual_seed(0)
    wider = build_network(dataclasses.replace(plain, previous=True, detail=4)).eval()
    frame, before = torch.randn(1, 3, 64, 64), torch.rand(1, 1, 64, 64)
    assert torch.allclose(wider(torch.cat([frame, before], dim=1)), network(frame), atol=1e-5)
    logits = wider.train()(torch.cat([frame, before], dim=1).repeat(2, 1, 1, 1))
    logits.sum().backward()
    stem = next(layer for layer in wider.modules() if isinstance(layer, torch.nn.Conv2d))
    assert stem.weight.grad is not None
    assert stem.weight.grad[:, 3].abs().sum() > 0, "the fourth channel learns"
    assert wider.detail[-1].weight.grad.abs().sum() > 0, "the skip learns"  # type: ignore[index, union-attr]


def test_detail_is_for_decoders_that_end_at_full_resolution() -> None:
    with pytest.raises(SettingsError, match="only for unet and unetplusplus"):
        settings.build(Recipe, {"network": {"architecture": "fpn", "detail": 4}})


@pytest.mark.parametrize("cells", [1, 2, 3, 6])
@pytest.mark.parametrize("size", [(6, 10), (7, 9), (8, 8)])
def test_matrix_products_pool_as_adaptive_pooling_does(cells: int, size: tuple[int, int]) -> None:
    values = torch.randn(2, 3, *size)
    block = PyramidBlock(cells, torch.nn.Identity())
    expected = torch.nn.functional.adaptive_avg_pool2d(values, cells)
    expected = torch.nn.functional.interpolate(expected, size=size, mode="bilinear", align_corners=True)
    assert torch.allclose(block(values), expected, atol=1e-6)


def test_lenient_normalisation_is_the_usual_one_but_for_a_single_value() -> None:
    lenient, usual = LenientBatchNorm(4), torch.nn.BatchNorm2d(4)
    values = torch.randn(2, 4, 1, 1)
    assert torch.equal(lenient(values), usual(values))
    assert lenient(torch.randn(1, 4, 1, 1)).isfinite().all()


def test_wrong_words_name_the_right_ones() -> None:
    with pytest.raises(SettingsError, match="Did you mean deeplabv3plus"):
        settings.build(Recipe, {"network": {"architecture": "deeplabv3"}})
    with pytest.raises(SettingsError, match="does not apply to fpn"):
        settings.build(Recipe, {"network": {"architecture": "fpn", "decoder_channels": [16, 8, 8, 8, 8]}})
    with pytest.raises(SettingsError, match="Did you mean plateau"):
        settings.build(Recipe, {"optimiser": {"schedule": "platau"}})
    with pytest.raises(SettingsError, match="tu-resnet18"):
        build_network(Network(encoder="tu-resnet81", encoder_weights="none"))
    with pytest.raises(SettingsError, match="Did you mean tversky"):
        WeightedSum({"tverski": 1.0})


def test_an_encoder_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot be built on the encoder mit_b0"):
        build_network(Network(architecture="linknet", encoder="mit_b0", encoder_weights="none"))


@pytest.mark.parametrize("encoder", ["timm-efficientnet-b0", "resnet34", "tu-resnet18"])
def test_without_a_network_imagenet_weights_are_refused_at_once(
    encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setattr(constants, name, str(tmp_path), raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(HumansegError, match="could not be downloaded") as raised:
            build_network(Network(encoder=encoder))
    assert "safetensors" in raised.value.hint
    assert "'none'" in raised.value.hint
    assert not constants.HF_HUB_OFFLINE, "only while weights are asked for"


def test_a_server_that_refuses_is_not_reachable() -> None:
    assert not download.reachable("http://127.0.0.1:9")


def test_horizontal_flip_only_leaves_the_photograph_whole(
    draw_person: Callable[..., tuple[np.ndarray, np.ndarray]],
) -> None:
    import cv2

    from humanseg_train.data.augment import Augmenter

    rgb, alpha = draw_person(3)
    still = Augmenter(Augment(sizes=((64, 64),), min_crop=1.0, rotation=0.0, shear=0.0, photometric=0.0))
    whole = cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA)
    true = cv2.resize(alpha, (64, 64), interpolation=cv2.INTER_AREA)
    seen = set()
    for seed in range(20):
        frame, mask = still.photograph(rgb, alpha, (64, 64), seed)
        mirrored = not np.array_equal(frame, whole)
        assert np.array_equal(frame[:, ::-1] if mirrored else frame, whole)
        assert np.array_equal(mask[:, ::-1] if mirrored else mask, true)
        seen.add(mirrored)
    assert seen == {False, True}

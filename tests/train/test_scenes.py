"""Networks of several classes: from a data set in the layout of Cityscapes to figures and panels."""

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from humanseg import settings
from humanseg.errors import HumansegError, SettingsError
from humanseg_train.cli import main
from humanseg_train.curves import read_metrics
from humanseg_train.data.dataset import Draw
from humanseg_train.data.pictures import read_rgb
from humanseg_train.data.samples import find_samples
from humanseg_train.fitting import fit
from humanseg_train.recipe import Recipe
from humanseg_train.recipe_files import read_recipe
from humanseg_train.scenes.cityscapes import CLASSES, IGNORE, PEOPLE
from humanseg_train.scenes.dataset import LabelledPictures, read_labelled
from humanseg_train.scenes.evaluate import colours, evaluate_scenes
from humanseg_train.scenes.module import CrossEntropy, SceneModule, scene_figures


def draw_street(seed: int, size: tuple[int, int] = (128, 64)) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of the nineteen classes, each in its own colour under a light of its own: HxWx3 RGB and HxW labels."""
    random = np.random.default_rng(seed)
    width, height = size
    labels = np.full((height, width), int(random.integers(19)), np.uint8)
    for label in random.permutation(19)[:10]:
        x, y = int(random.integers(-8, width - 24)), int(random.integers(-8, height - 16))
        cv2.rectangle(
            labels, (x, y), (x + int(random.integers(28, 60)), y + int(random.integers(20, 44))), int(label), -1
        )
    palette = np.array(list(CLASSES.values()), np.float32)
    rgb = palette[labels] * random.uniform(0.9, 1.1) + random.normal(0, 4, (height, width, 3))
    labels[: int(random.integers(1, 6))] = IGNORE
    return np.clip(rgb, 0, 255).astype(np.uint8), labels


@pytest.fixture(scope="session")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in the layout of Cityscapes: 48 train, 8 val, nineteen classes and 255."""
    root = tmp_path_factory.mktemp("streets")
    for k in range(56):
        split, city = ("train", "drawn") if k < 48 else ("val", "painted")
        for kind, ending, picture in zip(
            ("leftImg8bit", "gtFine"), ("leftImg8bit", "gtFine_labelTrainIds"), draw_street(k), strict=True
        ):
            folder = root / kind / split / city
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{city}_{k:06d}_000019_{ending}.png"
            cv2.imwrite(str(folder / name), picture[..., ::-1] if picture.ndim == 3 else picture)
    return root


def small(streets: Path, **schedule: Any) -> Recipe:
    """The packaged recipe on a slim network and small pictures."""
    recipe = read_recipe("cityscapes-unet")
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, root=streets),
        augment=dataclasses.replace(recipe.augment, sizes=((128, 64),), min_crop=0.7, photometric=0.0),
        network=dataclasses.replace(
            recipe.network, encoder="resnet18", encoder_weights="none", decoder_channels=(48, 32, 32, 16, 16)
        ),
        optimiser=dataclasses.replace(recipe.optimiser, lr=0.004, plateau_patience=0),
        schedule=dataclasses.replace(recipe.schedule, workers=0, threads=1, **schedule),
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_recipe_learns_drawn_streets_lowers_its_rate_and_stops(
    streets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    best = fit(small(streets, epochs=40, patience=2, samples_per_epoch=64), run)
    figures = evaluate_scenes(best, streets, panels=tmp_path / "panels.png")
    assert figures["pixel_accuracy"] > 0.9
    assert figures["mean_iou"] == pytest.approx(np.mean(list(figures["iou"].values())))
    assert set(figures["iou"]) == set(CLASSES)
    rows = read_metrics(run)
    assert len(rows) < 40, "it stopped early"
    assert rows[-1]["lr"] < rows[0]["lr"], "the rate was lowered"
    assert "val/iou/person" in rows[-1]
    assert read_rgb(tmp_path / "panels.png").shape[1] == 4 * 240
    assert main(["evaluate", str(best), "--root", str(streets)]) == 0
    assert "traffic light" in capsys.readouterr().out


def test_geometry_treats_labels_as_labels(streets: Path) -> None:
    recipe = dataclasses.replace(
        small(streets), augment=dataclasses.replace(small(streets).augment, rotation=30.0, photometric=0.0)
    )
    samples = find_samples(streets, "train")
    pictures = LabelledPictures(samples, recipe)
    known = set(range(19)) | {IGNORE}
    turned = 0
    for seed in range(12):
        frame, labels = pictures[Draw(3, (128, 64), seed)]
        assert (frame.shape, frame.dtype) == ((3, 64, 128), torch.uint8)
        assert (labels.shape, labels.dtype) == ((64, 128), torch.int64)
        assert set(np.unique(labels.numpy())) <= known, "no class in between two"
        # Where a colour is that of its class, frame and labels were moved together.
        palette = np.array(list(CLASSES.values()))
        said = labels.numpy() != IGNORE
        off = np.abs(frame.numpy().transpose(1, 2, 0)[said] - palette[labels.numpy()[said]]).max(axis=1)
        assert (off < 45).mean() > 0.8
        turned += bool((labels == IGNORE).float().mean() > 0.12)
    assert turned, "what a rotation uncovers is ignored"


def test_figures_of_a_known_confusion() -> None:
    confusion = torch.tensor([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    figures = scene_figures(confusion, ["a", "b", "c"])
    assert figures["pixel_accuracy"] == pytest.approx(7 / 8)
    assert figures["iou"] == {"a": pytest.approx(3 / 4), "b": pytest.approx(4 / 5)}
    assert figures["mean_iou"] == pytest.approx((3 / 4 + 4 / 5) / 2), "a class that is nowhere is in no mean"


def test_what_nothing_is_said_of_plays_no_part() -> None:
    logits = torch.randn(1, 3, 2, 2)
    labels = torch.tensor([[[0, IGNORE], [2, IGNORE]]])
    expected = torch.nn.functional.cross_entropy(logits[:, :, :, 0], labels[:, :, 0])
    assert CrossEntropy(2.0)(logits, labels) == pytest.approx(float(2 * expected))
    assert CrossEntropy(1.0)(logits, torch.full((1, 2, 2), IGNORE)) == 0


def test_wrong_labels_losses_and_settings_are_named(streets: Path, tmp_path: Path) -> None:
    sample = find_samples(streets, "val")[0]
    with pytest.raises(HumansegError, match="and there are 5 classes"):
        read_labelled(sample, 5)
    with pytest.raises(SettingsError, match="cannot be trained by dice"):
        SceneModule(dataclasses.replace(small(streets), loss={"dice": 1.0}))
    with pytest.raises(SettingsError, match="neither previous nor detail"):
        settings.build(Recipe, {"network": {"classes": 3, "previous": True}})


def test_colours_are_those_of_the_data_set() -> None:
    labels = np.array([[0, PEOPLE[0], IGNORE]], np.uint8)
    assert colours(labels)[0].tolist() == [[128, 64, 128], [220, 20, 60], [0, 0, 0]]

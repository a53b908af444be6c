"""A tiny data set of drawn people: enough to run every step of training for real."""

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

SHARED = Path(__file__).parents[2].parent / "shared"


def draw_person(seed: int, size: tuple[int, int] = (96, 72)) -> tuple[np.ndarray, np.ndarray]:
    """A head and shoulders of one colour before a noisy wall of another: HxWx3 RGB and HxW alpha, uint8."""
    random = np.random.default_rng(seed)
    width, height = size
    alpha = np.zeros((height, width), np.uint8)
    x = int(width * random.uniform(0.35, 0.65))
    cv2.circle(alpha, (x, int(height * 0.4)), int(height * 0.18), 255, -1, cv2.LINE_AA)
    cv2.ellipse(alpha, (x, height), (int(width * 0.3), int(height * 0.42)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    person, wall = random.integers(120, 256, 3), random.integers(0, 110, 3)
    weight = alpha[..., None] / 255
    rgb = weight * person + (1 - weight) * wall + random.normal(0, 6, (height, width, 3))
    return np.clip(rgb, 0, 255).astype(np.uint8), alpha


@pytest.fixture(scope="session", name="draw_person")
def _draw_person() -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    return draw_person


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in the layout people.csv + images/ + masks/: 12 train, 4 val (2 webcam_like), 2 test."""
    root = tmp_path_factory.mktemp("people")
    (root / "images").mkdir()
    (root / "masks").mkdir()
    with (root / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "source", "split", "webcam_like"])
        for k in range(18):
            split = "train" if k < 12 else "val" if k < 16 else "test"
            rows.writerow([f"{k:03d}", "even" if k % 2 else "odd", split, k % 2])
            rgb, alpha = draw_person(k)
            cv2.imwrite(str(root / "images" / f"{k:03d}.png"), rgb[..., ::-1])
            cv2.imwrite(str(root / "masks" / f"{k:03d}.png"), alpha)
    return root


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, people: Path) -> Path:
    """The best checkpoint of a run that learnt a little; averaged weights, so that an export must choose those."""
    from humanseg import settings
    from humanseg_train.fitting import fit
    from humanseg_train.recipe import Recipe

    table = {
        "name": "tiny",
        "data": {"root": str(people)},
        "augment": {"sizes": [[64, 64]]},
        "network": {"encoder_weights": "none", "decoder_channels": [16, 8, 8, 8, 8]},
        "schedule": {"epochs": 2, "samples_per_epoch": 32, "batch": 4, "ema": 0.5, "workers": 0, "threads": 1},
    }
    return fit(settings.build(Recipe, table), tmp_path_factory.mktemp("run") / "tiny")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path, people: Path) -> Path:
    from humanseg_train.exporting import export

    about = tmp_path_factory.mktemp("about") / "about.md"
    about.write_text("Drawn people, free of any licence.\n")
    folder = tmp_path_factory.mktemp("models") / "tiny"
    assert not export(checkpoint, folder, check=people, about=about).faults
    return folder


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three pictures without anybody."""
    root = tmp_path_factory.mktemp("rooms")
    for k in range(3):
        picture = np.random.default_rng(k).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(root / f"{k}.jpg"), cv2.resize(picture, (128, 96), interpolation=cv2.INTER_CUBIC))
    return root


@pytest.fixture
def recipe_file(people: Path, rooms: Path, tmp_path: Path) -> Path:
    """A recipe that trains a slim network in a few seconds."""
    path = tmp_path / "tiny.toml"
    path.write_text(f"""
name = "tiny"
seed = 3
[data]
root = "{people}"
rooms = "{rooms}"
room_share = 0.3
empty_share = 0.1
[augment]
sizes = [[64, 64], [96, 64]]
[network]
encoder_weights = "none"
decoder_channels = [16, 8, 8, 8, 8]
[optimiser]
lr = 0.003
[schedule]
epochs = 4
samples_per_epoch = 8
batch = 4
ema = 0.5
workers = 0
threads = 1
""")
    return path


@pytest.fixture(scope="session")
def real_people() -> Path:
    """The photographs beside the checkout, unpacked (the first part only); skips where there are none."""
    archive = SHARED / "data" / "people-0.tar"
    if not archive.exists():
        pytest.skip("no photographs beside the checkout")
    return archive

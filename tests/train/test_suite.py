"""The suite, held to a network whose answer is known, and the gates."""

import hashlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnx.parser
import pytest

from humanseg_train.data.motion import SIZE, empty_room, moving_person
from humanseg_train.gates import GATES, behind
from humanseg_train.metrics import iou
from humanseg_train.suite import dtssd, flicker, markdown, suite


@pytest.fixture(scope="module")
def red_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people in red; nothing else is."""
    root = tmp_path_factory.mktemp("red")
    (root / "images").mkdir()
    (root / "masks").mkdir()
    for k in range(3):
        alpha = np.zeros((120, 160), np.uint8)
        cv2.ellipse(alpha, (80, 130), (40, 100), 0, 0, 360, 255, -1)
        rgb = np.full((120, 160, 3), (0, 90, 60 + 20 * k), np.uint8)
        rgb[alpha > 0] = (255, 40, 40)
        cv2.imwrite(str(root / f"images/{k}.png"), rgb[..., ::-1])
        cv2.imwrite(str(root / f"masks/{k}.png"), alpha)
    (root / "people.csv").write_text("name,split,webcam_like\n0,val,1\n1,val,1\n2,val,0\n")
    return root


@pytest.fixture(scope="module")
def green_rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("green")
    random = np.random.default_rng(0)
    for k in range(3):
        coarse = random.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        coarse[..., 2] = 0  # blue, green, red
        cv2.imwrite(str(root / f"{k}.png"), cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_LINEAR))
    return root


def model(folder: Path, body: str) -> Path:
    text = (
        '<ir_version: 8, opset_import: ["" : 17]> net (float[1,3,H,W] frame) => (float[1,A,B,C] alpha) '
        "<int64[1] zero = {0}> {" + body + "}"
    )
    folder.mkdir()
    onnx.save(onnx.parser.parse_model(text), folder / "model.onnx")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    (folder / "model.toml").write_text(
        f'format = 1\nname = "red"\nfile = "model.onnx"\nsha256 = "{digest}"\npixels = 61440\nmultiple = 32\n'
        'mean = [0, 0, 0]\nstd = [1, 1, 1]\ninput = "frame"\noutput = "alpha"\n'
    )
    return folder


def test_a_checkpoint_is_measured_as_its_export_is(
    checkpoint: Path, exported: Path, red_people: Path, green_rooms: Path
) -> None:
    figures = [suite(model, red_people, green_rooms, scenes=1) for model in (checkpoint, exported)]
    assert figures[0] == pytest.approx(figures[1], abs=1e-3)
    assert figures[0]["webcam mae"] > 0


def test_a_network_that_knows_red_people_is_measured_as_good(
    red_people: Path, green_rooms: Path, tmp_path: Path
) -> None:
    red = model(tmp_path / "red", "alpha = Gather<axis=1>(frame, zero)")
    figures = suite(red, red_people, green_rooms, scenes=2)
    assert figures["webcam iou"] > 0.98
    assert figures["motion iou"] > 0.97
    assert figures["motion boundary_iou"] > 0.8
    assert figures["cut iou"] > 0.97
    assert figures["empty area"] == figures["worst empty area"] == 0
    assert figures["room area"] == figures["rooms not clean"] == 0
    assert figures["silhouette area"] == 0, "a thing of a room's colours is nobody"
    assert all(np.isfinite(value) for value in figures.values())
    assert "| motion iou | 0.9" in markdown({"live": figures})


def test_somebody_leaves_every_room(red_people: Path, green_rooms: Path, tmp_path: Path) -> None:
    for room in green_rooms.iterdir():
        shutil.copy(room, tmp_path)
    cv2.imwrite(str(tmp_path / "3.png"), np.full((180, 320, 3), (0, 0, 255), np.uint8))
    red = model(tmp_path / "red", "alpha = Gather<axis=1>(frame, zero)")
    figures = suite(red, red_people, tmp_path, scenes=1)
    assert figures["worst empty area"] == figures["rooms not clean"] * 4 == 100
    assert figures["empty area"] == figures["room area"] == 25, "one of four rooms looks like a person"


def test_a_network_that_sees_people_everywhere_is_measured_as_bad(
    red_people: Path, green_rooms: Path, tmp_path: Path
) -> None:
    body = "red = Gather<axis=1>(frame, zero) all = Sub(red, red) alpha = Cos(all)"  # 1 everywhere
    figures = suite(model(tmp_path / "everywhere", body), red_people, green_rooms, scenes=2)
    assert figures["empty area"] == figures["silhouette area"] == 100
    assert figures["room area"] == figures["rooms not clean"] == 100
    assert figures["motion iou"] < 0.5
    assert figures["flicker"] == 0


def test_a_moving_person_is_the_same_for_the_same_seed_and_moves() -> None:
    random = np.random.default_rng(0)
    rgb, room = random.integers(0, 256, (90, 120, 3), np.uint8), random.integers(0, 256, (200, 300, 3), np.uint8)
    alpha = np.zeros((90, 120), np.uint8)
    alpha[30:, 40:80] = 255
    one, other = (list(moving_person(rgb, alpha, room, frames=5, seed=3)) for _ in range(2))
    for (frame, true), (again, same) in zip(one, other, strict=True):
        assert frame.shape == (SIZE[1], SIZE[0], 3)
        assert frame.dtype == np.uint8
        assert np.array_equal(frame, again)
        assert np.array_equal(true, same)
        assert 0 <= true.min() < 0.01 < 0.99 < true.max() <= 1
        assert true[-1].max() == 1, "whom the photograph cuts stays cut"
    assert iou(one[0][1], one[2][1]) < 0.97
    still = [true for _, true in moving_person(rgb, alpha, room, frames=3, seed=3, still=True)]
    assert np.array_equal(still[0], still[2])
    rooms = list(empty_room(room, frames=2, seed=1))
    assert 1 < np.abs(rooms[0].astype(int) - rooms[1]).mean() < 10, "noise only"


def test_change_that_is_true_is_no_error_and_no_flicker() -> None:
    true = [np.full((4, 4), level, np.float32) for level in (0.0, 0.5, 1.0)]
    assert dtssd(true, true) == 0
    assert dtssd([alpha * 0 for alpha in true], true) == pytest.approx(0.5)
    assert flicker(true) == pytest.approx(0.5)


def test_a_model_that_falls_behind_in_anything_is_named() -> None:
    shipped = {gate.figure: 0.9 if gate.sign > 0 else 2.0 for gate in GATES}
    assert behind(shipped, shipped) == []
    assert (
        behind(
            {name: value + 0.01 for name, value in shipped.items() if value < 1}
            | {name: value - 0.5 for name, value in shipped.items() if value > 1},
            shipped,
        )
        == []
    )
    for gate in GATES:
        worse = {**shipped, gate.figure: shipped[gate.figure] - gate.sign * 10 * gate.slack}
        assert [line.split(" is ")[0] for line in behind(worse, shipped)] == [gate.figure]
        assert behind({**shipped, gate.figure: float("nan")}, shipped), "NaN passes nothing"
    steady = {**shipped, "flicker": 0.1}
    assert behind({**shipped, "flicker": 0.4}, steady) == [], "steady enough for anybody"

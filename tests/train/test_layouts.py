"""Data sets as others publish them: the same drawn people in every layout, read to the same alpha."""

import base64
import csv
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from humanseg.errors import HumansegError
from humanseg_train.check_data import check
from humanseg_train.data.digest import digest
from humanseg_train.data.outlines import Outlines
from humanseg_train.data.pictures import read_labels, read_mask, read_pair
from humanseg_train.data.samples import find_samples, scan

Draw = Callable[..., tuple[np.ndarray, np.ndarray]]


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)
    return path


def decided(alpha: np.ndarray) -> np.ndarray:
    return np.where(alpha > 127, np.uint8(255), np.uint8(0))


def runs(mask: np.ndarray) -> list[int]:
    """COCO's run lengths, down the columns, of nobody first."""
    flat = (mask > 0).T.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff([0, *ends, flat.size]).tolist()
    return [0, *lengths] if flat[0] else lengths


def compressed(counts: list[int]) -> str:
    """The text in which COCO's own tools write run lengths."""
    text = ""
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text += chr((bits | 32 if more else bits) + 48)
    return text


def test_coco_people_are_joined_and_others_left_out(tmp_path: Path, draw_person: Draw) -> None:
    rgb, alpha = draw_person(1)
    person = decided(alpha)
    height, width = person.shape
    box = [70.0, 5.0, 90.0, 5.0, 90.0, 25.0, 70.0, 25.0]
    annotations = [
        {
            "image_id": 1,
            "category_id": 1,
            "iscrowd": 1,
            "segmentation": {"counts": runs(person), "size": [height, width]},
        },
        {"image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [box]},
        {"image_id": 1, "category_id": 3, "iscrowd": 0, "segmentation": [[0, 0, 10, 0, 10, 10]]},
        {
            "image_id": 2,
            "category_id": 1,
            "segmentation": {"counts": compressed(runs(person)), "size": [height, width]},
        },
    ]
    images = [{"id": k, "file_name": f"{k}.png", "width": width, "height": height} for k in (1, 2, 3, 4)]
    categories = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]
    for k in (1, 2, 3):
        write(tmp_path / "val2017" / f"{k}.png", rgb)
    content = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    found = scan(tmp_path)
    assert [fault.kind for fault in found.faults] == ["missing-image"]
    assert {sample.split for sample in found.samples} == {"val"}
    first, second, third = (read_mask(sample) for sample in found.samples)
    expected = person.copy()
    expected[5:26, 70:91] = 255
    assert np.array_equal(first, expected)
    assert np.array_equal(second, person)
    assert not third.any(), "a photograph of nobody"


def test_supervisely_polygons_holes_and_bitmaps(tmp_path: Path, draw_person: Draw) -> None:
    rgb, alpha = draw_person(2)
    person = decided(alpha)
    png = cv2.imencode(".png", np.dstack([person] * 3 + [person])[10:50, 20:70])[1].tobytes()
    bitmap = {"data": base64.b64encode(zlib.compress(png)).decode(), "origin": [20, 10]}
    square, hole = [[2, 60], [12, 60], [12, 70], [2, 70]], [[5, 63], [8, 63], [8, 66], [5, 66]]
    objects: list[dict[str, Any]] = [
        {"classTitle": "person_bmp", "bitmap": bitmap},
        {"classTitle": "Person", "points": {"exterior": square, "interior": [hole]}},
        {"classTitle": "dog", "points": {"exterior": [[0, 0], [40, 0], [40, 40]], "interior": []}},
    ]
    content = {"size": {"height": rgb.shape[0], "width": rgb.shape[1]}, "objects": objects}
    (tmp_path / "meta.json").write_text("{}")
    write(tmp_path / "ds1" / "img" / "one.png", rgb)
    (tmp_path / "ds1" / "ann").mkdir()
    (tmp_path / "ds1" / "ann" / "one.png.json").write_text(json.dumps(content))
    (sample,) = find_samples(tmp_path)
    expected = np.zeros_like(person)
    expected[10:50, 20:70] = person[10:50, 20:70]
    expected[60:71, 2:13] = 255
    expected[63:67, 5:9] = 0
    assert np.array_equal(read_pair(sample)[1], expected)
    assert sample.name == "ds1/one"


def labelled(*shapes: dict[str, Any], size: tuple[int, int] = (96, 72), image: str = "") -> str:
    return json.dumps({"shapes": shapes, "imageWidth": size[0], "imageHeight": size[1], "imagePath": image})


def test_labelme_polygons_rectangles_circles_and_masks(tmp_path: Path, draw_person: Draw) -> None:
    rgb, alpha = draw_person(2)
    person = decided(alpha)
    png = base64.b64encode(cv2.imencode(".png", person[10:50, 20:70])[1].tobytes()).decode()
    shapes: list[dict[str, Any]] = [
        {"label": "Person 1", "points": [[20, 10], [69, 49]], "shape_type": "mask", "mask": png},
        {"label": "human", "points": [[2, 60], [12, 60], [12, 70], [2, 70]]},
        {"label": "people", "points": [[80, 2], [90, 8]], "shape_type": "rectangle"},
        {"label": "person", "points": [[85, 60], [85, 66]], "shape_type": "circle"},
        {"label": "person", "points": [[0, 0], [95, 71]], "shape_type": "line"},
        {"label": "dog", "points": [[0, 0], [40, 0], [40, 40]], "shape_type": "polygon"},
    ]
    write(tmp_path / "one.PNG", rgb)
    (tmp_path / "one.json").write_text(labelled(*shapes))
    write(tmp_path / "photos" / "two.png", rgb)
    (tmp_path / "two.json").write_text(labelled(image="photos\\two.png"))
    first, second = find_samples(tmp_path)
    expected = np.zeros_like(person)
    expected[10:50, 20:70] = person[10:50, 20:70]
    expected[60:71, 2:13] = 255
    expected[2:9, 80:91] = 255
    found = read_pair(first)[1]
    assert np.array_equal(found[:, :75], expected[:, :75])
    assert np.array_equal(found[:30], expected[:30])
    assert found[50:, 75:].astype(bool).sum() == pytest.approx(np.pi * 6.5**2, rel=0.05), "a disc of that radius"
    assert not read_pair(second)[1].any()
    assert [first.split, second.split] == ["val", "train"]


def test_labelme_without_a_label_or_a_photograph(tmp_path: Path, draw_person: Draw) -> None:
    for split in ("train", "val"):
        write(tmp_path / split / "seen.png", draw_person(1)[0])
        (tmp_path / split / "seen.json").write_text(labelled())
    write(tmp_path / "train" / "unlabelled.png", draw_person(2)[0])
    (tmp_path / "val" / "gone.json").write_text(labelled(image="gone.png"))
    found = scan(tmp_path)
    assert [(sample.name, sample.split) for sample in found.samples] == [("train/seen", "train"), ("val/seen", "val")]
    assert [(fault.kind, fault.name) for fault in found.faults] == [
        ("missing-mask", "train/unlabelled"),
        ("missing-image", "val/gone"),
    ]
    for damage in ("[]", "no", '{"shapes": [{"label": "person", "points": [[1]]}]}'):
        (tmp_path / "val" / "seen.json").write_text(damage)
        with pytest.raises(HumansegError, match="no annotation of LabelMe"):
            scan(tmp_path)


def test_cityscapes_has_people_among_its_classes(tmp_path: Path) -> None:
    labels = np.full((32, 64), 255, np.uint8)
    labels[:, :20], labels[:, 20:30], labels[:, 30:35] = 0, 11, 12
    for split, city in (("train", "aachen"), ("val", "ulm"), ("test", "bonn")):
        name = f"{city}_000000_000019"
        write(tmp_path / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", np.zeros((32, 64, 3), np.uint8))
        if split != "test":
            write(tmp_path / "gtFine" / split / city / f"{name}_gtFine_labelTrainIds.png", labels)
    found = scan(tmp_path)
    assert [(sample.split, sample.group) for sample in found.samples] == [("train", "aachen"), ("val", "ulm")]
    assert not found.faults, "the test split is published without labels"
    alpha = read_mask(found.samples[0])
    assert set(np.flatnonzero(alpha[0])) == set(range(20, 35))


@pytest.mark.parametrize("style", ["pairs", "split folders", "splits.csv"])
def test_folders_and_lists(tmp_path: Path, draw_person: Draw, style: str) -> None:
    names = [f"{k}" for k in range(12)]
    root = tmp_path / "set"
    with_split = {name: "val" if int(name) % 10 == 0 else "train" for name in names}
    rows = []
    for name in names:
        rgb, alpha = draw_person(int(name))
        folder = root / with_split[name] if style == "split folders" else root
        rows.append([write(folder / "images" / f"{name}.png", rgb), write(folder / "masks" / f"{name}.png", alpha)])
    if style == "splits.csv":
        with (root / "splits.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["image", "mask", "split"], *([*row, with_split[row[0].stem]] for row in rows)])
    found = {Path(sample.name).stem: sample for sample in find_samples(root)}
    assert {name: sample.split for name, sample in found.items()} == with_split
    assert np.array_equal(read_pair(found["7"])[1], draw_person(7)[1])
    assert not [one for one in check(root).findings if one.severity == "error"]


def test_drawn_masks_are_checked_as_pictures_are(tmp_path: Path, draw_person: Draw) -> None:
    rgb, _ = draw_person(4)
    (tmp_path / "meta.json").write_text("{}")
    for k in range(3):
        write(tmp_path / "train" / "img" / f"{k}.png", rgb + np.uint8(k))
        (tmp_path / "train" / "ann").mkdir(exist_ok=True)
        content = {"size": {"height": 10 if k == 1 else rgb.shape[0], "width": rgb.shape[1]}, "objects": []}
        (tmp_path / "train" / "ann" / f"{k}.png.json").write_text(json.dumps(content))
    kinds = [finding.kind for finding in check(tmp_path).findings]
    assert kinds.count("empty-mask") == 3
    assert "all-empty" in kinds
    assert "size-mismatch" in kinds


def test_damaged_annotations_are_named(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_train.json").write_text('{"images": []}')
    with pytest.raises(HumansegError, match="no COCO file"):
        scan(tmp_path)
    (tmp_path / "annotations" / "instances_train.json").write_text(
        '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}'
    )
    with pytest.raises(HumansegError, match="no category person"):
        scan(tmp_path)
    with pytest.raises(ValueError, match="damaged"):
        Outlines.of_supervisely(
            [{"bitmap": {"data": base64.b64encode(b"no").decode(), "origin": [0, 0]}}], (4, 4)
        ).alpha()


def test_the_digest_knows_pictures_masks_and_splits_but_no_order(people: Path, tmp_path: Path) -> None:
    samples = find_samples(people)
    whole = digest(samples)
    assert digest(samples[::-1]) == whole
    assert digest(samples[1:]) != whole
    copy = tmp_path / "mask.png"
    mask = read_labels(samples[0].mask)
    mask[0, 0] ^= 1
    cv2.imwrite(str(copy), mask)
    changed = type(samples[0])(**{**vars(samples[0]), "mask": copy})
    assert digest([changed, *samples[1:]]) != whole
    moved = type(samples[0])(**{**vars(samples[0]), "split": "test"})
    assert digest([moved, *samples[1:]]) != whole

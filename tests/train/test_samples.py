from pathlib import Path

import cv2
import numpy as np
import pytest

from humanseg.errors import HumansegError
from humanseg_train.data.pictures import read_alpha, read_pair
from humanseg_train.data.rooms import find_rooms
from humanseg_train.data.samples import find_samples


def test_csv_layout_keeps_order_split_and_marks(people: Path) -> None:
    samples = find_samples(people)
    assert [sample.name for sample in samples] == [f"{k:03d}" for k in range(18)]
    assert [sample.split for sample in samples].count("val") == 4
    assert [sample.name for sample in find_samples(people, "val") if sample.webcam_like] == ["013", "015"]
    assert {sample.source for sample in samples} == {"odd", "even"}


def test_folder_layout_takes_every_tenth_as_validation(tmp_path: Path) -> None:
    for folder, ending in (("Training_Images", "jpg"), ("Ground_Truth", "png")):
        (tmp_path / folder).mkdir()
        for k in [*range(1, 12), 100]:
            cv2.imwrite(str(tmp_path / folder / f"{k}.{ending}"), np.zeros((4, 4), np.uint8))
    samples = find_samples(tmp_path)
    assert [int(sample.name) for sample in samples] == [*range(1, 12), 100], "in the order of their numbers"
    assert [sample.name for sample in samples if sample.split == "val"] == ["1", "11"]


def test_missing_pictures_are_named(people: Path, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    (tmp_path / "people.csv").write_text("name,split\nlost,train\n")
    with pytest.raises(HumansegError, match="lost"):
        find_samples(tmp_path)
    with pytest.raises(HumansegError, match="no data set"):
        find_samples(tmp_path / "images")
    with pytest.raises(HumansegError, match=r"splits are: test, train, val"):
        find_samples(people, "nope")


def test_a_photograph_without_its_mask_is_named(tmp_path: Path) -> None:
    (tmp_path / "Training_Images").mkdir()
    (tmp_path / "Ground_Truth").mkdir()
    cv2.imwrite(str(tmp_path / "Training_Images" / "7.jpg"), np.zeros((4, 4), np.uint8))
    with pytest.raises(HumansegError, match="without the other: 7"):
        find_samples(tmp_path)


def test_rooms_are_found_in_the_folder_or_in_images(rooms: Path, people: Path, tmp_path: Path) -> None:
    assert [room.name for room in find_rooms(rooms)] == ["0.jpg", "1.jpg", "2.jpg"]
    assert len(find_rooms(people)) == 18
    with pytest.raises(HumansegError, match="no pictures"):
        find_rooms(tmp_path)


def test_masks_of_zero_and_one_are_stretched(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.eye(4, dtype=np.uint8))
    assert sorted(np.unique(read_alpha(tmp_path / "mask.png"))) == [0, 255]


def test_a_pair_of_unequal_shape_is_refused(people: Path) -> None:
    sample = find_samples(people)[0]
    rgb, alpha = read_pair(sample)
    assert rgb.shape == (72, 96, 3)
    assert alpha.shape == (72, 96)
    try:
        cv2.imwrite(str(sample.mask), alpha[:-4])
        with pytest.raises(HumansegError, match="96x72 and 96x68"):
            read_pair(sample)
        cv2.imwrite(str(sample.mask), cv2.resize(alpha, (48, 36), interpolation=cv2.INTER_AREA))
        assert read_pair(sample)[1].shape == (72, 96), "a smaller mask of the same shape is enlarged"
    finally:
        cv2.imwrite(str(sample.mask), alpha)

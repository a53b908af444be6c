"""check-data: every planted fault is found, and nothing else is reported."""

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from humanseg.errors import HumansegError
from humanseg.sources.demo import DemoSource
from humanseg_train.check_data import check
from humanseg_train.check_sheets import write_sheets
from humanseg_train.cli import main
from humanseg_train.data.likeness import BITS, likeness
from humanseg_train.data.masks import decode_mask, unexpected_values
from humanseg_train.data.pictures import read_alpha, read_rgb
from humanseg_train.data.samples import find_samples, scan

Rgb = Any  # what OpenCV gives is typed too widely for NDArray[np.uint8]
SIZE = (160, 120)


def texture(seed: int, size: tuple[int, int] = SIZE) -> Rgb:
    """HxWx3 RGB: noise at four scales, as different from another seed's as two photographs are."""
    chance, (width, height) = np.random.default_rng(seed), size
    total = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((3, 60), (6, 40), (14, 25), (40, 10)):
        coarse = chance.standard_normal((cells, cells, 3)).astype(np.float32)
        total += weight * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(total + 128, 0, 255).astype(np.uint8)


def outline(size: tuple[int, int] = SIZE) -> Rgb:
    alpha = np.zeros((size[1], size[0]), np.uint8)
    cv2.ellipse(alpha, (size[0] // 2, size[1]), (size[0] // 4, size[1] * 3 // 4), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return alpha


class Set:
    """A data set in the CSV layout, written row by row."""

    def __init__(self, root: Path) -> None:
        self.root, self.rows = root, list[dict[str, str]]()
        (root / "images").mkdir(parents=True)
        (root / "masks").mkdir()

    def add(
        self, name: str, split: str = "train", rgb: Rgb | None = None, alpha: Rgb | None = None, group: str = ""
    ) -> None:
        rgb = texture(len(self.rows)) if rgb is None else rgb
        cv2.imwrite(str(self.image(name)), rgb[..., ::-1])
        cv2.imwrite(str(self.mask(name)), outline((rgb.shape[1], rgb.shape[0])) if alpha is None else alpha)
        self.row(name, split, group)

    def row(self, name: str, split: str, group: str = "") -> None:
        self.rows.append({"name": name, "split": split, "group": group})
        with (self.root / "people.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["name", "split", "group"])
            writer.writeheader()
            writer.writerows(self.rows)

    def image(self, name: str) -> Path:
        return self.root / "images" / f"{name}.png"

    def mask(self, name: str) -> Path:
        return self.root / "masks" / f"{name}.png"

    def kinds(self) -> Counter[str]:
        return Counter(finding.kind for finding in check(self.root).findings)


@pytest.fixture
def data(tmp_path: Path) -> Set:
    """Clean: 8 train, 6 val."""
    made = Set(tmp_path / "set")
    for k in range(14):
        made.add(f"{k:03d}", "train" if k < 8 else "val")
    return made


def turned_jpeg(rgb: Rgb, orientation: int) -> bytes:
    """A JPEG whose EXIF says how it is to be turned."""
    jpeg = cv2.imencode(".jpg", rgb[..., ::-1])[1].tobytes()
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00" + bytes([orientation]) + b"\x00\x00"
    exif = b"Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def palette_png(indices: Rgb, colours: list[tuple[int, int, int]]) -> bytes:
    """A PNG with a palette."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = indices.shape
    lines = b"".join(b"\0" + row.tobytes() for row in indices)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
    plte = chunk(b"PLTE", b"".join(bytes(colour) for colour in colours))
    return b"\x89PNG\r\n\x1a\n" + header + plte + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def test_a_clean_set_is_clean(data: Set) -> None:
    report = check(data.root)
    assert report.findings == ()
    assert report.samples == {"train": 8, "val": 6, "test": 0}


def test_every_planted_fault_is_found_and_nothing_else(data: Set) -> None:
    data.image("000").unlink()
    data.mask("001").unlink()
    data.image("002").write_bytes(b"no picture")
    data.mask("003").write_bytes(data.mask("003").read_bytes()[:30])
    cv2.imwrite(str(data.mask("004")), outline()[:-6])
    cv2.imwrite(str(data.mask("005")), np.zeros((120, 160), np.uint8))
    cv2.imwrite(str(data.mask("006")), np.full((120, 160), 255, np.uint8))
    cv2.imwrite(str(data.mask("007")), (outline() > 127).astype(np.uint8) * 128)
    data.image("008").unlink()
    data.image("008").with_suffix(".jpg").write_bytes(turned_jpeg(texture(8), 6))
    data.add("copy", "train", texture(6))
    data.add("leak", "train", texture(9))
    data.add("near", "train", cv2.resize(texture(10), (110, 82), interpolation=cv2.INTER_AREA))
    data.add("clip_0001", "train")
    data.add("clip_0002", "val")
    data.add("odd", "tset")
    data.row("011", "val")
    data.add("apart", "train", group="monday")
    data.add("asunder", "val", group="monday")
    report = check(data.root)
    found = {(finding.kind, Path(finding.files[0]).stem) for finding in report.findings}
    assert found == {
        ("missing-image", "000"),
        ("missing-mask", "001"),
        ("unreadable-image", "002"),
        ("unreadable-mask", "003"),
        ("size-mismatch", "004"),
        ("empty-mask", "005"),
        ("full-mask", "006"),
        ("mask-values", "007"),
        ("exif-rotation", "008"),
        ("duplicate", "006"),
        ("duplicate-across-splits", "009"),
        ("near-duplicate-across-splits", "010"),
        ("group-across-splits", "clip_0001"),
        ("group-across-splits", "apart"),
        ("unknown-split", "people"),
        ("repeated-row", "people"),
    }
    assert len(report.findings) == 16
    assert report.leaks == 4
    assert all(finding.hint and finding.text for finding in report.findings)


def test_a_split_that_is_missing_or_tiny(tmp_path: Path) -> None:
    data = Set(tmp_path / "set")
    for k in range(3):
        data.add(f"{k}")
    assert data.kinds() == {"missing-split": 1, "few-samples": 1}


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(("scale", "quality"), [(1.0, 30), (0.5, 60), (1.7, 80), (0.73, 40)])
def test_near_duplicates_are_found(data: Set, scale: float, quality: int, mirror: bool) -> None:
    rgb = DemoSource(size=(480, 270)).frame(20).rgb
    data.add("demo", "train", rgb)
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    again: Any = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    data.add("again", "val", again[:, ::-1] if mirror else again)
    assert data.kinds() == {"near-duplicate-across-splits": 1}


def test_near_duplicates_within_one_split_are_no_leak(data: Set) -> None:
    data.add("half", "train", cv2.resize(texture(3), (80, 60), interpolation=cv2.INTER_AREA))
    assert data.kinds() == {}


def test_distinct_people_in_one_room_are_not_near_duplicates(data: Set) -> None:
    demo = DemoSource(size=(480, 270))
    data.add("portrait", "train", demo.frame(0).rgb)
    for number, at in enumerate((0.38, 0.5, 0.62)):
        weight = np.zeros((270, 480, 1), np.float32)
        cv2.circle(weight, (int(480 * at), 110), 45, 1.0, -1)
        cv2.ellipse(weight, (int(480 * at), 290), (110, 140), 0, 0, 360, 1.0, -1)
        # The room alone, but for the place of the portrait, which the other person covers or shares.
        person = texture(50 + number, (480, 270))
        rgb = (weight * person + (1 - weight) * demo.frame(0).rgb).astype(np.uint8)
        data.add(f"other{'abc'[number]}", ("val", "test", "val")[number], rgb)
    assert data.kinds() == {}


def test_somebody_small_in_the_same_room_is_somebody_else(data: Set) -> None:
    room = texture(77, (480, 270))
    for name, split, shade in (("bright", "train", 145), ("dark", "val", 105)):
        rgb = room.copy()
        cv2.ellipse(rgb, (90, 187), (28, 17), 0, 0, 360, (shade, shade, shade), -1)
        data.add(name, split, rgb)
    inspected = [likeness(read_rgb(data.image(name))) for name in ("bright", "dark")]
    differing = np.unpackbits((inspected[0].straight ^ inspected[1].straight).view(np.uint8)).sum()
    assert differing <= BITS, "the hash alone takes them for one photograph"
    assert data.kinds() == {}


def test_an_all_empty_set_lists_its_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = Set(tmp_path / "set")
    for k in range(10):
        data.add(f"{k}", "train" if k % 2 else "val", alpha=np.zeros((120, 160), np.uint8))
    assert data.kinds() == {"all-empty": 1, "empty-mask": 10}
    assert main(["check-data", str(data.root)]) == 1
    listed = capfd.readouterr().out
    assert all(f"masks/{k}.png" in listed for k in range(10))


def person_of(values: list[int]) -> Rgb:
    """A mask with one band of each value."""
    return np.repeat(np.array(values, np.uint8), 10)[:, None] * np.ones((1, 40), np.uint8)


@pytest.mark.parametrize(
    ("alpha", "said"),
    [
        (person_of([0, 1]), ""),
        (person_of([0, 255]), ""),
        (cv2.GaussianBlur(outline(), (9, 9), 0), ""),
        (person_of([0, 128]), "none of them 255"),
        (person_of(list(range(21))), "none of them 255"),
        (person_of([0, 128, 255]), "large areas of 128"),
        (person_of([0, 3, 3, 255]), "small numbers"),
        (person_of([0, 255]).astype(np.uint16) * 257, "16 bits"),
        (texture(1), "several colours"),
    ],
)
def test_mask_values(alpha: Rgb, said: str) -> None:
    mask = decode_mask(cv2.imencode(".png", alpha)[1].tobytes())
    assert mask is not None
    assert said in unexpected_values(mask)
    assert bool(said) == bool(unexpected_values(mask))


def test_palette_and_alpha_channel_masks_are_read(tmp_path: Path) -> None:
    true = np.where(outline() > 127, np.uint8(255), np.uint8(0))
    path = tmp_path / "mask.png"
    path.write_bytes(palette_png(true // 255, [(0, 0, 0), (128, 0, 0)]))
    assert np.array_equal(read_alpha(path), true)
    path.write_bytes(palette_png(true // 255 + texture(3)[..., 0] // 200, [(0, 0, 0), (128, 0, 0), (0, 128, 0)]))
    many = decode_mask(path.read_bytes())
    assert many is not None
    assert unexpected_values(many) == "several colours"
    cv2.imwrite(str(path), np.dstack([texture(2), outline()]))
    assert np.array_equal(read_alpha(path), outline())


@pytest.mark.parametrize(
    ("orientation", "turn", "faults"),
    [(6, cv2.ROTATE_90_CLOCKWISE, 0), (3, None, 1), (1, None, 0), (6, None, 1)],
)
def test_exif_rotation(data: Set, orientation: int, turn: int | None, faults: int) -> None:
    data.image("004").unlink()
    data.image("004").with_suffix(".jpg").write_bytes(turned_jpeg(texture(4), orientation))
    if turn is not None:
        cv2.imwrite(str(data.mask("004")), cv2.rotate(outline(), turn))
    assert data.kinds() == ({"exif-rotation": 1} if faults else {})


def test_numbering_is_no_group(tmp_path: Path) -> None:
    data = Set(tmp_path / "set")
    for k in range(12):
        data.add(f"holiday_{k:04d}", "train" if k < 6 else "val")
    assert data.kinds() == {}


def test_the_folder_layout_is_checked_too(tmp_path: Path) -> None:
    for folder, ending in (("Training_Images", "jpg"), ("Ground_Truth", "png")):
        (tmp_path / folder).mkdir()
        for k in range(1, 50):
            picture = texture(k) if ending == "jpg" else outline()
            cv2.imwrite(str(tmp_path / folder / f"{k}.{ending}"), picture)
    assert check(tmp_path).findings == ()
    (tmp_path / "Ground_Truth" / "7.png").unlink()
    (tmp_path / "Training_Images" / "9.jpg").unlink()
    assert [finding.kind for finding in check(tmp_path).findings] == ["missing-image", "missing-mask"]


def test_scan_and_find_samples_agree(data: Set) -> None:
    assert list(scan(data.root).samples) == find_samples(data.root)
    (data.root / "people.csv").write_text("file,split\na,train\n")
    with pytest.raises(HumansegError, match="no column name"):
        check(data.root)


@pytest.fixture(scope="module")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        code = "import sys; from humanseg_train.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, "check-data", *map(str, words)], capture_output=True, text=True, check=False
        )

    return run


def test_exit_codes_of_the_command(data: Set, command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert command(data.root, "--fail-on-leak").returncode == 0
    data.add("half", "val", cv2.resize(texture(3), (80, 60), interpolation=cv2.INTER_AREA))
    out, written = data.root.parent / "out", data.root.parent / "report.json"
    leaking = command(data.root, "--out", out, "--json", written)
    assert leaking.returncode == 0
    assert "near-dup" in leaking.stdout
    report = json.loads(written.read_text())
    assert (report["errors"], report["leaks"]) == (0, 1)
    assert report["findings"][0]["files"] == ["images/003.png", "images/half.png"]
    assert json.loads((out / "report.json").read_text()) == report
    assert command(data.root, "--fail-on-leak").returncode == 1
    shutil.rmtree(data.root / "masks")
    (data.root / "masks").mkdir()
    assert command(data.root).returncode == 1
    assert "is no data set" in command(out).stderr


def test_sheets_show_the_pairs(data: Set) -> None:
    data.add("half", "val", cv2.resize(texture(3), (80, 60), interpolation=cv2.INTER_AREA))
    data.image("005").write_bytes(b"")
    out = data.root.parent / "out"
    names = {path.name for path in write_sheets(check(data.root), out)}
    assert names == {"report.json", "samples.png", "near-duplicate-across-splits.png", "unreadable-image.png"}
    pair: Any = cv2.imread(str(out / "near-duplicate-across-splits.png"))
    assert pair.shape == (200, 400, 3)
    difference = np.abs(pair[:150, :200].astype(int) - pair[:150, 200:])
    assert difference.mean() < 15, "the two stand side by side"
    green = (pair[..., 1] == 255) & (pair[..., 0] == 0) & (pair[..., 2] == 0)
    assert green.sum() > 100, "with the outlines of their masks"

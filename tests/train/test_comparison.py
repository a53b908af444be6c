"""A comparison trained for real, at its smallest: one table, pictures, and nothing done twice."""

import base64
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from humanseg import settings
from humanseg.errors import HumansegError
from humanseg_train.cli import main
from humanseg_train.comparison import compare
from humanseg_train.data.pictures import read_rgb
from humanseg_train.page import Page
from humanseg_train.panels import pick
from humanseg_train.recipe import Recipe

TINY = """
[augment]
sizes = [[64, 64]]
[network]
encoder = "resnet18"
encoder_weights = "none"
architecture = "{architecture}"
[schedule]
samples_per_epoch = 4
batch = 4
workers = 0
threads = 1
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_compare_makes_one_table_and_does_nothing_twice(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for architecture in ("fpn", "linknet"):
        (tmp_path / f"{architecture}.toml").write_text(TINY.format(architecture=architecture))
    out = tmp_path / "comparison"
    recipes = [str(tmp_path / f"{name}.toml") for name in ("fpn", "linknet")]
    words = ["compare", *recipes, "-o", str(out), "--data.root", str(people), "--schedule.epochs", "1"]
    assert main(words) == 0
    capsys.readouterr()
    rows = json.loads((out / "comparison.json").read_text())
    assert [row["name"] for row in rows] == ["fpn", "linknet"]
    for row in rows:
        assert row["parameters"] > 1
        assert row["gflops"] > 0.1
        assert row["minutes"] > 0
        assert set(row["ms"]) == {"openvino", "onnxruntime"}
        assert 0 <= row["metrics"]["iou"] <= 1
        assert {"flicker", "dtssd"} <= set(row)
        assert (out / row["name"] / "report.html").exists()
        assert "## Verified" in (out / row["name"] / "model" / "card.md").read_text()
    table = (out / "comparison.md").read_text()
    assert f"| fpn | fpn | resnet18 | none | {rows[0]['parameters']:.2f} |" in table
    sheet = read_rgb(out / "side-by-side.jpg")
    assert sheet.shape == (3 * (180 + 20), 4 * 240, 3), "worst, best, random; picture, truth and two models"
    html = (out / "report.html").read_text()
    assert html.count("data:image/") == 2
    assert not re.findall(r"(?:src|href)=\"(?!data:)", html), "nothing is fetched from anywhere"

    weights = {name: (out / name / "best.ckpt").stat().st_mtime_ns for name in ("fpn", "linknet")}
    (out / "linknet" / "measured.json").unlink()
    before = (out / "fpn" / "measured.json").stat().st_mtime_ns
    assert main(words) == 0
    assert (out / "linknet" / "measured.json").exists()
    assert (out / "fpn" / "measured.json").stat().st_mtime_ns == before
    assert weights == {name: (out / name / "best.ckpt").stat().st_mtime_ns for name in weights}
    assert main([*words[:-1], "2"]) == 1, "a longer training is another comparison"
    assert "was begun with 1 epochs" in capsys.readouterr().err
    assert main([*words, "--optimiser.lr", "0.5"]) == 1
    assert "another recipe" in capsys.readouterr().err


def test_an_unfair_comparison_is_refused(people: Path, tmp_path: Path) -> None:
    one = settings.build(Recipe, {"data": {"root": str(people)}})
    other = settings.build(Recipe, {"data": {"root": str(people)}, "seed": 5})
    with pytest.raises(HumansegError, match="differ in seed: 5 and 0"):
        compare({"one": one, "other": other}, tmp_path)
    with pytest.raises(HumansegError, match="nothing to compare"):
        compare({}, tmp_path)
    assert main(["compare", "-o", str(tmp_path)]) == 1


def test_panels_show_each_photograph_once() -> None:
    scores = {str(k): k / 10 for k in range(10)}
    picked = pick(scores, 2)
    assert [name for kind, name in picked if kind == "worst"] == ["0", "1"]
    assert [name for kind, name in picked if kind == "best"] == ["9", "8"]
    assert len({name for _, name in picked}) == len(picked) == 6
    assert [kind for kind, _ in pick({"a": 1.0, "b": 0.0, "c": 0.5, "d": 0.2}, 4)] == ["worst", "best", "random"]


def test_a_page_escapes_what_it_is_given(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((2, 2, 3), np.uint8))
    page = Page("a < b")
    page.table(["", "x"], [["<script>", "1"], ["b", "2"]], [(1, 1)])
    page.picture(tmp_path / "dot.png", 'a "dot"')
    page.write(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text()
    assert "<script>" not in html
    assert "<title>a &lt; b</title>" in html
    assert html.count("class=best") == 1
    assert "<td class=best>2</td>" in html
    data = re.search(r"base64,([^\"]+)\"", html)
    assert data is not None
    assert base64.b64decode(data[1]) == (tmp_path / "dot.png").read_bytes()

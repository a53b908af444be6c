"""The model that ships, on the built-in demo, where the true alpha is known."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import humanseg
from humanseg.compositing.image import read_picture
from humanseg.models import find_model
from humanseg.sources.demo import DemoSource


@pytest.fixture(scope="module")
def demo() -> DemoSource:
    return DemoSource(size=(640, 360))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_it_finds_the_person_and_nothing_else(engine: str, demo: DemoSource) -> None:
    with humanseg.open_matter(None, engine) as matter:
        for index in (0, 45, 90, 135):
            found, true = matter.alpha(demo.frame(index).rgb) > 0.5, demo.truth(index) > 0.5
            assert (found & true).sum() / (found | true).sum() > 0.95


def test_the_engines_give_the_same_alpha(demo: DemoSource) -> None:
    frame = demo.frame(7).rgb
    apart = {}
    for model in (find_model(), find_model().full_precision):
        alphas = []
        for engine in ("onnxruntime", "openvino"):
            with humanseg.open_matter(model, engine) as matter:
                alphas.append(matter.alpha(frame))
        apart[bool(model.int8_file)] = np.abs(alphas[0] - alphas[1])
    assert apart[False].max() < 1e-3
    # A value half way between two integers may fall to either, and moves an outline by a part of a pixel.
    assert apart[True].mean() < 1e-3
    assert (apart[True] > 0.02).mean() < 5e-3


def test_nobody_is_found_in_an_empty_room() -> None:
    room = read_picture(Path(str(files("humanseg_assets") / "demo" / "room.webp")))
    with humanseg.open_matter() as matter:
        assert (matter.alpha(room) > 0.5).mean() < 0.01


def test_its_card_says_what_it_was_made_from_and_what_it_scores() -> None:
    card = (find_model().folder / "card.md").read_text()
    for part in ("Data and licences", "EfficientNet-Lite0", "| webcam_like |", "boundary_iou", "[schedule]"):
        assert part in card

"""The demo clip: the same every time, honest about its alpha, and never showing where the portrait was cut."""

import subprocess
import sys
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from humanseg.errors import SourceError
from humanseg.sources import demo, open_source
from humanseg.sources.demo import DemoSource

SMALL = (320, 180)


@pytest.fixture(scope="module")
def clip() -> DemoSource:
    return DemoSource(size=SMALL)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (853, 479), (240, 320), (2000, 3), (1, 1)])
def test_frames_and_truth_have_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    source = DemoSource(size=size, seconds=0.1)
    frames = list(source)
    assert (source.info.width, source.info.height) == size
    assert len(frames) == source.info.frames == 3
    for frame in frames:
        alpha = source.truth(frame.index)
        assert frame.size == size
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb.flags.c_contiguous
        assert not frame.rgb.flags.writeable
        assert alpha.shape == size[::-1]
        assert alpha.dtype == np.float32
        assert 0 <= alpha.min() <= alpha.max() <= 1


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(30000, 1001), Fraction(15, 2)])
def test_times_are_exact(rate: Fraction) -> None:
    source = DemoSource(size=(64, 36), rate=rate, seconds=2)
    frames = list(source)
    assert source.info.rate == rate
    assert source.info.time_base == 1 / rate
    assert not source.info.live
    assert len(frames) == source.info.frames == round(rate * 2)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert [frame.time for frame in frames] == [index / rate for index in range(len(frames))]
    assert {frame.duration for frame in frames} == {1 / rate}


def test_the_default_is_six_seconds_of_720p() -> None:
    source = open_source("demo")
    assert isinstance(source, DemoSource)
    assert (source.info.width, source.info.height, source.info.rate, source.info.frames) == (
        1280,
        720,
        Fraction(30),
        180,
    )


def test_a_frame_depends_on_its_index_alone(clip: DemoSource) -> None:
    forwards = [frame.rgb for frame in DemoSource(size=SMALL, seconds=1)]
    other = DemoSource(size=SMALL, seconds=1)
    backwards = {index: (other.truth(index), other.frame(index).rgb) for index in reversed(range(30))}
    for index, rgb in enumerate(forwards):
        np.testing.assert_array_equal(backwards[index][1], rgb)
        np.testing.assert_array_equal(backwards[index][0], clip.truth(index))


@pytest.mark.parametrize("index", [0, 44, 97, 151])
@pytest.mark.parametrize("size", [SMALL, (213, 120)])
def test_the_truth_is_what_the_frame_was_made_with(
    index: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two even rooms betray the alpha: their difference is what shines through.
    source = DemoSource(size=size)
    seen = {}
    for grey in (64, 192):
        monkeypatch.setattr(source, "_room", np.full_like(source._room, grey))
        seen[grey] = source.frame(index).rgb.astype(np.float32)
    through = (seen[192] - seen[64]).mean(axis=2)
    alpha = 1 - through / through.max()
    # Three roundings, and an exposure within five per cent.
    assert np.abs(alpha - source.truth(index)).max() < 0.03


def test_the_room_stands_still_and_the_person_hides_it(clip: DemoSource) -> None:
    indices = range(0, 180, 12)
    frames = np.array([clip.frame(index).rgb for index in indices], np.float32)
    alphas = np.array([clip.truth(index) for index in indices])
    shown = np.where((alphas == 0)[..., None], frames, np.nan)[:, (alphas == 0).any(axis=0)]
    assert np.nanmax(np.nanstd(shown, axis=0)) < 20
    always = (alphas == 1).all(axis=0)
    never = (alphas == 0).all(axis=0)
    assert always.mean() > 0.1
    assert never.mean() > 0.4
    # Below the middle the person wears orange.
    suit = frames[:, 140:][:, always[140:]].mean(axis=(0, 1))
    assert suit[0] > 1.5 * suit[2]


def test_light_and_noise_change_from_frame_to_frame(clip: DemoSource) -> None:
    never = np.all([clip.truth(index) == 0 for index in range(0, 180, 12)], axis=0)
    first, second = (clip.frame(index).rgb[never].astype(np.float32) for index in (0, 1))
    assert 1 < np.abs(first - second).mean() < 8
    levels = [clip.frame(index).rgb[never].mean() for index in range(0, 180, 12)]
    assert 1.02 < max(levels) / min(levels) < 1.12


@pytest.mark.parametrize("size", [SMALL, (400, 300)])
def test_the_person_is_cut_by_the_lower_edge_and_by_nothing_else(size: tuple[int, int]) -> None:
    source = DemoSource(size=size)
    height = size[1]
    for index in range(0, 180, 2):
        alpha = source.truth(index)
        assert not alpha[0].any()
        assert not alpha[:, 0].any()
        assert not alpha[:, -1].any()
        inside = np.flatnonzero(alpha[-1] > 0.5)
        assert len(inside) > 0.45 * size[0]
        assert np.ptp(inside) + 1 == len(inside), "a gap in the lower edge"
        # The silhouette widens towards the edge; where the portrait ends it would narrow.
        widths = (alpha[-height // 10 :] > 0.5).sum(axis=1)
        assert (np.diff(widths) >= -1).all()


def test_it_moves_smoothly_and_comes_back(clip: DemoSource) -> None:
    alphas = [clip.truth(index) for index in range(180)]
    steps = [np.abs(a - b).mean() for a, b in zip(alphas[1:], alphas[:-1], strict=True)]
    assert max(steps) < 0.02
    assert np.abs(alphas[45] - alphas[135]).mean() > 0.05
    assert np.abs(alphas[0] - alphas[-1]).mean() < 0.02


def test_close_ends_it() -> None:
    source = DemoSource(size=(64, 36))
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
    assert source.info.frames == 180
    assert source.truth(0).any()


def test_after_close_there_are_no_frames() -> None:
    source = DemoSource(size=(64, 36))
    source.close()
    assert list(source) == []


def test_it_is_read_once() -> None:
    source = DemoSource(size=(64, 36), seconds=0.1)
    list(source)
    with pytest.raises(RuntimeError, match="once"):
        iter(source)


@pytest.mark.parametrize("index", [-1, 180])
def test_there_is_no_frame_outside_the_clip(clip: DemoSource, index: int) -> None:
    with pytest.raises(IndexError):
        clip.truth(index)
    with pytest.raises(IndexError):
        clip.frame(index)


@pytest.mark.parametrize(
    "bad", [{"size": (0, 90)}, {"size": (160, -1)}, {"rate": Fraction(0)}, {"rate": Fraction(-30)}, {"seconds": 0.0}]
)
def test_an_empty_clip_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no frames"):
        DemoSource(**bad)


def test_missing_and_damaged_pictures_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "files", lambda _: tmp_path)
    with pytest.raises(SourceError, match=r"room\.webp is missing") as caught:
        DemoSource(size=SMALL)
    assert "Install" in caught.value.hint
    (tmp_path / "demo").mkdir()
    for data in (b"not a picture", b""):
        (tmp_path / "demo" / "room.webp").write_bytes(data)
        with pytest.raises(SourceError, match=r"room\.webp is damaged"):
            DemoSource(size=SMALL)


def test_the_pictures_are_small_and_credited() -> None:
    folder = files("humanseg_assets") / "demo"
    assert len((folder / "person.png").read_bytes()) < 400_000
    assert len((folder / "room.webp").read_bytes()) < 300_000
    assert "public domain" in (folder / "CREDITS.md").read_text()


def test_neither_scikit_image_nor_scipy_is_needed() -> None:
    program = (
        "import sys; sys.modules.update(skimage=None, scipy=None)\n"
        "from humanseg.sources.demo import DemoSource\n"
        "print(DemoSource(size=(32, 18)).frame(0).size)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(32, 18)"

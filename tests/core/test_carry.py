"""An alpha that is moved along with the picture: right where it is given, and not given where it would be wrong."""

import cv2
import numpy as np
import pytest

from humanseg.errors import EngineError
from humanseg.matting import Matter, MattingOptions, open_matter
from humanseg.matting.carry import Carrier
from humanseg.sources.demo import DemoSource

SIZE = (384, 224)


def disc(x: float, y: float) -> np.ndarray:
    """Alpha of somebody round."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    return np.asarray(np.clip(60.5 - np.hypot(columns - x, rows - y), 0, 1), np.float32)


def drawn(alpha: np.ndarray, *, seed: int = 0, sigma: float = 2.0, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A picture of them before a room, with the noise of a sensor; their clothes move with them by `shift`."""
    random = np.random.default_rng(7)
    room, clothes = (
        cv2.resize(random.random((14, 24, 3), np.float32), SIZE, interpolation=cv2.INTER_CUBIC) for _ in range(2)
    )
    clothes = np.roll(clothes, shift, axis=(1, 0))
    person = alpha[:, :, np.newaxis]
    rgb = person * (120 + 100 * clothes) + (1 - person) * (30 + 100 * room)
    noise = np.random.default_rng(seed).normal(0, sigma, rgb.shape)
    return np.asarray(np.clip(rgb + noise + 0.5, 0, 255).astype(np.uint8))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    one, other = first > 0.5, second > 0.5
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("sigma", [0.0, 2.0, 6.0])
@pytest.mark.parametrize("step", [(0, 0), (1, -1), (-2, 1)])
def test_alpha_goes_where_the_person_went(step: tuple[int, int], sigma: float) -> None:
    before, after = disc(180, 120), disc(180 + step[0], 120 + step[1])
    carrier = Carrier()
    carrier.keep(before, drawn(before, sigma=sigma))
    found = carrier.carried(drawn(after, seed=1, sigma=sigma, shift=step))
    assert found is not None
    assert found.dtype == np.float32
    assert found.shape == after.shape
    assert 0 <= found.min() <= found.max() <= 1
    assert overlap(found, after) > 0.98
    assert step == (0, 0) or overlap(found, after) > overlap(before, after) + 0.01


def test_it_is_given_once_and_not_after_a_reset_or_for_another_size() -> None:
    alpha = disc(180, 120)
    rgb, carrier = drawn(alpha), Carrier()
    assert carrier.carried(rgb) is None
    carrier.keep(alpha, rgb)
    assert carrier.carried(rgb) is not None
    assert carrier.carried(rgb) is None
    carrier.keep(alpha, rgb)
    carrier.reset()
    assert carrier.carried(rgb) is None
    carrier.keep(alpha, rgb)
    assert carrier.carried(np.ascontiguousarray(rgb[:, :256])) is None
    for side in (1, 8, 15):  # too small for the search
        carrier.keep(alpha[:side, :side], rgb[:side, :side])
        assert carrier.carried(rgb[:side, :side]) is None


def test_what_motion_does_not_explain_is_left_to_the_network() -> None:
    before = disc(180, 120)
    hand = before.copy()
    cv2.circle(hand, (255, 90), 24, 1.0, -1)
    for other in (hand, disc(320, 40)):  # a hand that comes up, and somebody who is elsewhere
        carrier = Carrier()
        carrier.keep(before, drawn(before))
        assert carrier.carried(drawn(other, seed=1)) is None


def test_the_matter_asks_the_network_for_every_other_frame_of_a_person_before_a_webcam() -> None:
    source = DemoSource(size=(640, 360))
    with open_matter(engine="onnxruntime", threads=1) as matter:
        each = found(matter, source, MattingOptions())
        carried = found(matter, source, MattingOptions(carry=True))
    assert each[1] == [True] * 12
    assert carried[1] == [True, False] * 6
    assert np.mean(each[0]) > 0.97
    assert np.mean(carried[0]) > np.mean(each[0]) - 0.003


def found(matter: Matter, source: DemoSource, options: MattingOptions) -> tuple[list[float], list[bool]]:
    """IoU of each frame with the truth, and whether the network ran for it."""
    matter.reset()
    matter.options = options
    overlaps, asked = [], []
    for index in range(12):
        matte = matter.matte(source.frame(index))
        overlaps.append(overlap(matte.alpha, source.truth(index)))
        asked.append(matte.spent is not None and matte.spent.infer_s > 0)
    return overlaps, asked


def test_a_cut_is_seen_at_once() -> None:
    source = DemoSource(size=(640, 360))
    here = source.frame(0).rgb
    there = np.ascontiguousarray(255 - here[:, ::-1])
    with open_matter(engine="onnxruntime", threads=1, options=MattingOptions(carry=True)) as matter:
        matter.alpha(here)
        after = matter.alpha(there)
        matter.reset()
        np.testing.assert_array_equal(after, matter.alpha(there))


def test_a_network_that_fails_is_not_covered_up_by_what_it_found_before() -> None:
    source = DemoSource(size=(640, 360))
    with open_matter(engine="onnxruntime", threads=1, options=MattingOptions(carry=True)) as matter:
        network = matter._network
        good = network.engine
        for index in range(2):
            matter.alpha(source.frame(index).rgb)
        network.engine = Broken()  # type: ignore[assignment]
        for index in range(2, 6):
            with pytest.raises(EngineError):
                matter.alpha(source.frame(index).rgb)
        network.engine = good
        assert overlap(matter.alpha(source.frame(6).rgb), source.truth(6)) > 0.97


class Broken:
    name = "broken"

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"alpha": np.full_like(next(iter(inputs.values()))[:, :1], np.nan)}

"""What the figures of a run say, from times that are given."""

import pytest

from humanseg.frames import Spent
from humanseg.pipeline.stats import Meter


def told(meter: Meter) -> dict[str, tuple[float, float]]:
    stages = meter.snapshot().stages
    return {stage.name: (round(1000 * stage.p50_s, 3), round(1000 * stage.p95_s, 3)) for stage in stages}


def add(meter: Meter, index: int, *, pre_ms: float = 2, infer_ms: float = 20) -> None:
    """A frame that waits 3 ms for its turn and takes 30 ms for its matte and 5 for its composite."""
    born = float(index)
    spent = Spent(pre_s=pre_ms / 1000, infer_s=infer_ms / 1000)
    meter.add(born=born, began=born + 0.003, matted=born + 0.033, done=born + 0.038, spent=spent)


def test_the_stages_are_told_in_order_and_are_the_whole_latency() -> None:
    meter = Meter()
    add(meter, 0)
    stages = told(meter)
    assert stages == {"capture": (3, 3), "pre": (2, 2), "infer": (20, 20), "post": (8, 8), "composite": (5, 5)}
    assert list(stages) == ["capture", "pre", "infer", "post", "composite"]
    assert sum(p50 for p50, _ in stages.values()) == pytest.approx(1000 * meter.snapshot().latency_p50_s)


def test_each_stage_has_a_median_and_what_95_of_100_do_not_exceed() -> None:
    meter = Meter()
    for index in range(100):
        add(meter, index, infer_ms=1 + index / 10, pre_ms=1)
    assert told(meter)["infer"] == (5.9, 10.4)
    assert told(meter)["pre"] == (1, 1)


@pytest.mark.parametrize("seen", [3, 0])
def test_of_the_network_only_the_frames_count_that_it_saw(seen: int) -> None:
    meter = Meter()
    for index in range(10):
        add(meter, index, infer_ms=20 if index < seen else 0)
    assert told(meter)["infer"] == ((20, 20) if seen else (0, 0))
    assert list(told(meter)) == ["capture", "pre", "infer", "post", "composite"]


def test_a_matte_that_tells_nothing_is_one_stage() -> None:
    meter = Meter()
    meter.add(born=0, began=0.003, matted=0.033, done=0.038)
    assert list(told(meter)) == ["capture", "matte", "composite"]


def test_a_frame_done_in_one_go_is_one_stage() -> None:
    meter = Meter()
    add(meter, 0)
    meter.add(born=1, began=1.003, matted=1.003, done=1.008)
    assert told(meter) == {"capture": (3, 3), "frame": (5, 5)}


def test_before_the_first_frame_there_are_no_stages() -> None:
    assert Meter().snapshot().stages == ()


def test_the_work_since_a_moment_leaves_older_frames_out() -> None:
    meter = Meter()
    assert meter.work_since(0) is None
    for index, took_s in enumerate((0.9, 0.9, 0.9, 0.1, 0.2, 0.3)):
        meter.add(born=index, began=index, matted=index + took_s, done=index + took_s)
    assert meter.work_since(0) == pytest.approx(0.5)
    assert meter.work_since(3.05) == pytest.approx(0.15)
    assert meter.work_since(4.1) == pytest.approx(0.25)  # the one that was under way then counts
    assert meter.work_since(5.2) == pytest.approx(0.3)
    assert meter.work_since(6) is None


@pytest.mark.parametrize("frames", [100, 101])
def test_a_network_that_looks_at_every_other_frame_is_half_of_the_work(frames: int) -> None:
    meter = Meter()
    for index in range(frames):
        took_s = 0.02 if index % 2 else 0.05
        meter.add(born=index, began=index, matted=index + took_s, done=index + took_s)
    assert meter.work_since(0) == pytest.approx(0.035)


def done(meter: Meter, index: int, *, beside: bool, half_s: float = 0.03, rest_s: float = 0.01) -> None:
    """A frame that was looked at, waited 2 ms for its turn, and was finished: half of that for its matte."""
    half = index + half_s
    resumed = half + 0.002 * beside
    matted, finished = resumed + rest_s / 2, resumed + rest_s
    meter.add(born=index, began=index, half=half, resumed=resumed, matted=matted, done=finished, beside=beside)


def test_beside_each_other_the_longer_of_the_two_halves_is_what_a_frame_takes() -> None:
    meter = Meter()
    for index in range(4):
        done(meter, index, beside=True)
    assert meter.work_since(0) == pytest.approx(0.03)
    done(meter, 4, beside=True, half_s=0.01, rest_s=0.05)
    assert meter.work_since(4) == pytest.approx(0.05)
    stats = meter.snapshot()
    assert stats.work_p50_s == pytest.approx(0.04)
    assert stats.matte_p50_s == pytest.approx(0.035), "waiting is no work"
    assert stats.composite_p50_s == pytest.approx(0.005)
    assert told(meter) == {"capture": (0, 0), "matte": (37, 37), "composite": (5, 25)}
    assert sum(stage.p50_s for stage in stats.stages) == pytest.approx(stats.latency_p50_s)


def test_where_frames_were_done_both_ways_the_quicker_one_counts() -> None:
    meter = Meter()
    for index in range(4):
        done(meter, index, beside=index == 3)
    assert meter.work_since(0) == pytest.approx(0.03)
    meter = Meter()
    for index in range(4):
        done(meter, index, beside=index == 3, half_s=0.05 if index == 3 else 0.03)
    assert meter.work_since(0) == pytest.approx(0.04)

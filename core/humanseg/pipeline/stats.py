"""How a run is doing: a frozen snapshot, and the meter that the worker feeds."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from time import perf_counter

from humanseg.frames import Spent


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one stage takes, in seconds."""

    name: str
    """capture (until the worker takes the frame up), pre, infer, post, composite; matte in place of the three in the
    middle where they are not told apart, and frame in place of all four where a frame is done in one go. Where frames
    are held back to look ahead, that stands before composite. Of infer only the frames count that the network saw.
    """

    p50_s: float
    p95_s: float


@dataclass(frozen=True, kw_only=True)
class Stats:
    """A run at one moment. Rates and times are taken over the last frames (300 at most) and are 0 before the first."""

    frames: int = 0
    """Frames composited since the start."""

    dropped: int = 0
    """Frames of a live source that were never composited, because a newer one came first."""

    fps: float = 0.0
    """Frames composited per second; sinks when no more come."""

    latency_p50_s: float = 0.0
    """Seconds from `Frame.born` to the finished composite: the median."""

    latency_p95_s: float = 0.0
    """Seconds from `Frame.born` to the finished composite: 95 of 100 frames took no longer."""

    work_p50_s: float = 0.0
    """Seconds the worker spent on a frame, matte and composite together: the median."""

    matte_p50_s: float = 0.0
    """Seconds spent computing the matte: the median."""

    composite_p50_s: float = 0.0
    """Seconds spent compositing: the median."""

    stages: tuple[Stage, ...] = ()
    """Where the latency comes from, in order: the stages that the newest frame went through."""


@dataclass(frozen=True)
class _Sample:
    born: float
    began: float
    half: float
    resumed: float
    matted: float
    due: float | None
    done: float
    spent: Spent | None
    beside: bool

    @property
    def first_s(self) -> float:
        """What is done of a frame while the one before is finished, where that is done beside."""
        return self.half - self.began

    @property
    def second_s(self) -> float:
        return self.matted - self.resumed + self.composite_s

    @property
    def matte_s(self) -> float:
        return self.first_s + self.matted - self.resumed

    @property
    def composite_s(self) -> float:
        return self.done - (self.matted if self.due is None else self.due)

    @property
    def stages(self) -> dict[str, float]:
        """Seconds by stage; together they are the latency."""
        stages = {"capture": self.began - self.born}
        if self.matted == self.began:
            return stages | {"frame": self.done - self.began}
        if self.spent is None:
            stages["matte"] = self.matted - self.began
        else:
            before_s = self.spent.pre_s + self.spent.infer_s
            stages |= {
                "pre": self.spent.pre_s,
                "infer": self.spent.infer_s,
                "post": self.matted - self.began - before_s,
            }
        if self.due is None:
            return stages | {"composite": self.done - self.matted}
        return stages | {"look ahead": self.due - self.matted, "composite": self.done - self.due}


class Meter:
    """Collects the times of the last frames. One thread adds, any thread takes a snapshot."""

    def __init__(self, window: int = 300) -> None:
        self._samples: deque[_Sample] = deque(maxlen=window)
        self._frames = 0
        self._lock = Lock()

    def add(
        self,
        *,
        born: float,
        began: float,
        matted: float,
        done: float,
        half: float | None = None,
        resumed: float | None = None,
        due: float | None = None,
        spent: Spent | None = None,
        beside: bool = False,
    ) -> None:
        """Note one frame.

        Args:
            born: when it was born (`perf_counter` seconds, as all of these).
            began: when the worker took it up.
            matted: when its matte was there; `began` where it was done in one go.
            done: when it was composited.
            half: when the first half of its matte was done; None is when all of it was.
            resumed: when the second half began; None is when the first was done.
            due: when it had been held back long enough to look ahead; None where it was not held back.
            spent: what its matte took by stage, where that is told.
            beside: whether the next frame was looked at while this one was finished.
        """
        half = matted if half is None else half
        resumed = half if resumed is None else resumed
        with self._lock:
            self._samples.append(_Sample(born, began, half, resumed, matted, due, done, spent, beside))
            self._frames += 1

    def work_since(self, moment: float) -> float | None:
        """Seconds that must lie between two frames for the worker to keep up; None where it did none.

        Matte and composite together; where frames are finished while the next one is looked at, the longer of the two
        halves, as it was beside the other. The median over the frames finished since a moment, each with the one before
        it: the network may look at every other one only. Where frames were done both ways, the quicker one counts.

        Args:
            moment: `perf_counter` seconds; of older frames only the window's are known.
        """
        with self._lock:
            samples = [sample for sample in self._samples if sample.done >= moment]
        ways = (
            [sample.matte_s + sample.composite_s for sample in samples if not sample.beside],
            [max(sample.first_s, sample.second_s) for sample in samples if sample.beside],
        )
        return min((_percentile(_pairs(times), 50) for times in ways if times), default=None)

    def snapshot(self, *, dropped: int = 0, now: float | None = None) -> Stats:
        """What was noted so far; `now` (`perf_counter` seconds, None for this moment) lets a stalled run be seen."""
        with self._lock:
            samples = list(self._samples)
            frames = self._frames
        if not samples:
            return Stats(dropped=dropped)
        latencies = [sample.done - sample.born for sample in samples]
        return Stats(
            frames=frames,
            dropped=dropped,
            fps=_rate([sample.done for sample in samples], perf_counter() if now is None else now),
            latency_p50_s=_percentile(latencies, 50),
            latency_p95_s=_percentile(latencies, 95),
            work_p50_s=_percentile((sample.matte_s + sample.composite_s for sample in samples), 50),
            matte_p50_s=_percentile((sample.matte_s for sample in samples), 50),
            composite_p50_s=_percentile((sample.composite_s for sample in samples), 50),
            stages=_stages(samples),
        )


def _stages(samples: list[_Sample]) -> tuple[Stage, ...]:
    times = [sample.stages for sample in samples]
    taken = {name: [each[name] for each in times if name in each] for name in times[-1]}
    if "infer" in taken:
        taken["infer"] = [seconds for seconds in taken["infer"] if seconds] or [0.0]
    return tuple(
        Stage(name=name, p50_s=_percentile(seconds, 50), p95_s=_percentile(seconds, 95))
        for name, seconds in taken.items()
    )


def _rate(times: list[float], now: float) -> float:
    """Events per second over sorted `times` (seconds), and no more than if the next one came `now`."""
    if len(times) < 2 or times[-1] == times[0]:
        return 0.0
    return min((len(times) - 1) / (times[-1] - times[0]), len(times) / (max(now, times[-1]) - times[0]))


def _percentile(values: Iterable[float], percent: int) -> float:
    """The smallest of `values` that `percent` of 100 do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _pairs(times: list[float]) -> list[float]:
    """Each time averaged with the one before it; a single one is as it is."""
    return [(before + time) / 2 for before, time in pairwise(times)] or times

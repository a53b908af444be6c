"""What benchmarks/app.py measures with: durations, samples of the process, switches of the background."""

import os
import resource
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from humanseg_desktop.ui.window import Window

BEAT_MS = 5
"""Milliseconds between two looks at whether the window's thread is free."""

LOST_S = 10.0
"""Seconds after which a switch is not waited for any more."""

BACKGROUNDS: tuple[dict[str, Any], ...] = (
    {"background": "colour", "colour": "#204060"},
    {"background": "picture", "picture": "lagoon"},
    {"background": "none"},
    {"background": "picture", "picture": "night-lights"},
    {"background": "blur", "blur": 0.8},
)


class Tally:
    """Counts durations in tenths of a millisecond. It takes all its memory at once: growth is measured here."""

    def __init__(self) -> None:
        import numpy as np

        self._counts: NDArray[np.int64] = np.full(20_000, 0)
        self.longest_s = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self._counts[min(len(self._counts) - 1, int(seconds * 10_000))] += 1
        self.longest_s = max(self.longest_s, seconds)

    @property
    def count(self) -> int:
        """How many were added."""
        return int(self._counts.sum())

    def ms(self, percent: float) -> float:
        """Milliseconds that so many of 100 do not exceed, to a tenth."""
        passed = self._counts.cumsum()
        return int((passed < passed[-1] * percent / 100).sum()) / 10


class Watch:
    """Everything that is measured while the window runs."""

    COLUMNS = ("time", "memory", "handles", "threads", "frames", "cpu", "level", "block", "own", "stolen")
    """Of each sample: seconds, MB, counts, seconds of all threads' CPU, steps of work less than chosen, since the last
    sample the window's longest block and the most CPU of its own between two beats (s), and what the host took (s)."""

    def __init__(self, window: "Window", seconds: float, began: float) -> None:
        """Begin to look at the window's thread.

        Args:
            window: what is measured.
            seconds: how long it will run.
            began: when the program did (`perf_counter` seconds).
        """
        import numpy as np
        from PySide6.QtCore import QTimer

        self.window, self._began = window, began
        self.gaps, self.own, self.painted = Tally(), Tally(), Tally()
        self.figures: dict[str, float] = {}
        self.samples: NDArray[np.float64] = np.full((600, len(self.COLUMNS)), 0.0)
        self.taken = 0
        self._beat: tuple[float, float] | None = None
        self._block, self._own = 0.0, 0.0
        window.live.preview.painted.connect(self.painted.add)
        self._beats = QTimer(interval=BEAT_MS)
        self._beats.timeout.connect(self._take_beat)
        self._beats.start()
        self._sampler = QTimer(interval=max(200, round(1000 * seconds / 500)))
        self._sampler.timeout.connect(self._take_sample)

    def begin(self) -> None:
        """From now on everything counts."""
        session = self.window.controller.session
        if session is None:
            raise SystemExit("Nothing ran.")
        self.gaps, self.own = Tally(), Tally()
        self.window.live.preview.painted.disconnect(self.painted.add)
        self.painted = Tally()
        self.window.live.preview.painted.connect(self.painted.add)
        self.figures |= {"began": perf_counter(), "frames": session.stats.frames, "dropped": session.stats.dropped}
        self._take_sample()
        self._sampler.start()

    def stop_samples(self) -> None:
        """What comes now is another measurement."""
        self._take_sample()
        self._sampler.stop()

    def _take_beat(self) -> None:
        now = (perf_counter(), thread_time())
        window = self.window
        if "window" not in self.figures and window.windowHandle() and window.windowHandle().isExposed():
            self.figures |= {"window": now[0] - self._began, "window cpu": process_time()}
        if self._beat is not None:
            gap, own = now[0] - self._beat[0], now[1] - self._beat[1]
            self.gaps.add(gap)
            self.own.add(own)
            self._block, self._own = max(self._block, gap), max(self._own, own)
        self._beat = now

    def _take_sample(self) -> None:
        session = self.window.controller.session
        self.samples[min(self.taken, len(self.samples) - 1)] = (
            perf_counter(),
            resident_mb(),
            entries("fd"),
            entries("task"),
            session.stats.frames if session else 0,
            process_time(),
            self.window.controller.pacer.level,
            self._block,
            self._own,
            stolen_s(),
        )
        self._block, self._own = 0.0, 0.0
        self.taken += 1

    def of(self, name: str) -> "NDArray[np.float64]":
        """All samples of one kind."""
        return self.samples[: self.taken, self.COLUMNS.index(name)]

    def growth(self, name: str) -> tuple[float, float]:
        """Per hour, in the later three quarters: the slope of a line by least squares, and the median slope.

        One step tilts the line: 5.6 MB within half an hour gave 15.5 MB an hour. The median of the slopes between any
        two samples (Theil, Sen) leaves it out, but tells of what goes on growing, be it in steps.
        """
        import numpy as np

        late = self.taken // 4
        if self.taken - late < 3:
            return 0.0, 0.0
        time, value = self.of("time")[late:], self.of(name)[late:]
        earlier, later = np.triu_indices(len(time), 1)
        slopes = (value[later] - value[earlier]) / (time[later] - time[earlier])
        return float(3600 * np.polyfit(time, value, 1)[0]), float(3600 * np.median(slopes))

    def undisturbed(self) -> tuple[float, int]:
        """Of the samples in which the host took under a hundredth of the cores: the longest block (s), and how many."""
        import numpy as np

        if self.taken < 2:
            return 0.0, 0
        time, stolen = (np.diff(self.of(name)) for name in ("time", "stolen"))
        blocks = self.of("block")[1:][stolen < 0.01 * time * (os.cpu_count() or 1)]
        return float(blocks.max(initial=0)), len(blocks)

    def per_frame_ms(self, third: int, name: str) -> float:
        """Milliseconds of the clock or of all threads' CPU for a frame, in one third of the time (0, 1, 2)."""
        first, last = third * (self.taken - 1) // 3, (third + 1) * (self.taken - 1) // 3
        frames = self.of("frames")[last] - self.of("frames")[first]
        return float(1000 * (self.of(name)[last] - self.of(name)[first]) / max(1, frames))

    def write(self, path: Path) -> None:
        """All samples, as CSV."""
        lines = [",".join(self.COLUMNS)]
        lines += [",".join(f"{value:.3f}" for value in row) for row in self.samples[: self.taken]]
        path.write_text("\n".join(lines) + "\n")


class Switches:
    """Switches backgrounds one after the other and takes the time of each, the first use of each apart."""

    def __init__(self, window: "Window", rounds: int) -> None:
        self.window = window
        self.first, self.later = Tally(), Tally()
        self._todo: Iterator[tuple[Tally, dict[str, Any]]] = iter(
            [(self.later if turn else self.first, look) for turn in range(rounds + 1) for look in BACKGROUNDS]
        )
        self._began = 0.0
        self._into = self.first
        self._new: int | None = None
        window.live.preview.painted.connect(self._look)

    def next(self) -> bool:
        """Begin a switch, if the last one is done; False if there are no more."""
        if self._began and perf_counter() - self._began < LOST_S:
            return True
        self._into, changes = next(self._todo, (self.first, {}))
        if not changes:
            return False
        session = self.window.controller.session
        if session is None:
            raise SystemExit("Nothing ran.")
        clearance = session.clearance
        old, self._new = clearance.policy, None

        def composite(frame: Any, matte: Any) -> Any:
            if clearance.policy is not old and self._new is None:
                self._new = frame.index
            return type(clearance).composite(clearance, frame, matte)

        clearance.composite = composite  # type: ignore[method-assign]
        self._began = perf_counter()
        self.window.controller.set_look(**changes)
        return True

    def _look(self) -> None:
        shown = self.window.controller.outlet.shown
        if self._began and self._new is not None and shown and not shown.slate and shown.frame.index >= self._new:
            self._into.add(perf_counter() - self._began)
            self._began = 0.0


def resident_mb() -> float:
    """What is in memory now; Linux only, else 0."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20 if statm.exists() else 0.0


def entries(kind: str) -> int:
    """Open files (fd) or threads (task); Linux only, else 0."""
    folder = Path("/proc/self") / kind
    return len(os.listdir(folder)) if folder.exists() else 0  # noqa: PTH208 a list of names is enough


def stolen_s() -> float:
    """Seconds of all cores that a virtual machine's host gave to others since it began; Linux only, else 0."""
    stat = Path("/proc/stat")
    return int(stat.read_text().split(maxsplit=9)[8]) / os.sysconf("SC_CLK_TCK") if stat.exists() else 0.0

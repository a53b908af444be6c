"""One source, one network, one pipeline: what runs between two changes of camera or engine."""

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from humanseg.errors import HumansegError
from humanseg_desktop.clearance import Clearance, Policy, WholeClearance
from humanseg_desktop.outlet import Outlet, OutletSink
from humanseg_desktop.settings import Input

if TYPE_CHECKING:
    from humanseg.frames import StreamInfo
    from humanseg.matting import Matter
    from humanseg.pipeline import Stats
    from humanseg.sources import Source

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Network:
    """An open matter and what it was opened by: it is kept while these stay."""

    matter: "Matter"
    wanted: Input

    def fits(self, wanted: Input) -> bool:
        """Whether this is the network that is wanted."""
        mine = self.wanted
        return (mine.model, mine.engine, mine.preset) == (wanted.model, wanted.engine, wanted.preset)


class Session:
    """A running pipeline into the outlet. Made, stopped and closed on the opener's thread."""

    def __init__(self, wanted: Input, source: "Source", network: Network, policy: Policy, outlet: Outlet) -> None:
        from humanseg.pipeline import Pipeline
        from humanseg.pipeline.gpu_frames import open_gpu_frames

        self.wanted = wanted
        self.source = source
        self.network = network
        self.clearance = Clearance(network.matter, policy, lambda: outlet.wanted)
        self.clearance.whole = open_gpu_frames(network.matter)
        whole = WholeClearance(self.clearance)
        self._pipeline = Pipeline(
            source, self.clearance, self.clearance, [OutletSink(outlet)], on_fault="slate", whole=whole
        )

    @property
    def info(self) -> "StreamInfo":
        """What the source gives."""
        return self.source.info

    @property
    def stats(self) -> "Stats":
        """How it is doing."""
        return self._pipeline.stats

    @property
    def trouble(self) -> HumansegError | None:
        """Why a slate is shown although it runs: a fault, or a source that is lost or black; None if all is well."""
        lost: HumansegError | None = getattr(self.source, "problem", None)
        return self._pipeline.fault or lost

    @property
    def lost(self) -> bool:
        """Whether the source gives nothing now, and is looked for."""
        return bool(getattr(self.source, "lost", False))

    @property
    def flicker(self) -> float | None:
        """How much alpha changed lately where the picture did not, in thousandths; None: nothing is matted here."""
        return self.clearance.flicker.mean if self.clearance.at_work else None

    def work_s(self, since: float) -> float | None:
        """Seconds that a frame takes, the median of those done since then (`perf_counter`); None: none is matted."""
        return self._pipeline.work_since(since) if self.clearance.at_work else None

    def start(self) -> None:
        """Start the pipeline."""
        self._pipeline.start()

    def runs_on(self, wanted: Input) -> bool:
        """Whether it runs, and on the source and mode that are wanted."""
        mine = self.wanted
        return (mine.source, mine.mode) == (wanted.source, wanted.mode) and self.ended() is False

    def exchange(self, network: Network, wanted: Input) -> None:
        """Go on with another network: the old one gives the picture until this one is warm, and is not used after that.

        Raises:
            HumansegError: the network fails; the old one goes on.
        """
        import numpy as np

        from humanseg.frames import Frame
        from humanseg.pipeline.gpu_frames import open_gpu_frames

        black = np.zeros((self.info.height, self.info.width, 3), np.uint8)
        network.matter.matte(Frame(rgb=black))
        network.matter.reset()
        whole = self.clearance.exchange(network.matter, open_gpu_frames(network.matter))
        self.network, self.wanted = network, wanted
        if whole:
            whole.close()

    def ended(self) -> HumansegError | bool | None:
        """Look whether the run is over, without waiting.

        Returns:
            False while it runs; None after its regular end; else what ended it (a bug too, in words).
        """
        try:
            return None if self._pipeline.wait(0) else False
        except HumansegError as error:
            return error
        except Exception as error:
            logger.exception("The pipeline ended with a bug.")
            return HumansegError(f"Something went wrong inside humanseg: {error!r}.", "The log file has the details.")

    def break_off(self) -> None:
        """Ask for the end without waiting for it; any thread."""
        self._pipeline.stop()

    def stop(self) -> None:
        """End the run and wait for it; the network stays open."""
        self._pipeline.stop()
        with contextlib.suppress(Exception):  # `ended` tells it
            self._pipeline.wait()
        if self.clearance.whole:
            self.clearance.whole.close()

"""The outlet: everything that leaves passes here, and what has no valid ticket is replaced by a slate."""

import logging
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING

from humanseg.frames import Frame, StreamInfo
from humanseg_desktop.tickets import ClearedFrame, Ticket

if TYPE_CHECKING:
    from humanseg_desktop.output import Output

logger = logging.getLogger(__name__)

SLATE_SIZE = (1280, 720)
"""(width, height) of slates before the first frame."""

BEAT_S = 0.2
"""Seconds between two looks at whether frames still come; while they do not, outputs get one each beat."""

STALE_S = 3.0
"""Seconds after which the last picture is taken down: nobody shall believe that it still moves."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What is going out now."""

    frame: Frame
    slate: bool
    number: int
    """Grows with every new picture, so that a preview need not paint the same one twice."""


class Outlet:
    """Hands cleared frames to the preview and to the outputs; slates where there are none.

        held (slates) --admit(ticket)--> open: frames with that ticket pass
                      <-----hold()------ and, after `STALE_S` without a frame, slates too

    Any thread may call anything. When `hold` or `admit` has returned, no frame of an earlier ticket leaves any more.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._ticket: Ticket | None = None
        self._size = SLATE_SIZE
        self._outputs: list[Output] = []
        self._at = 0.0
        self._number = 0
        self._ended = Event()
        self._shown: Shown | None = None
        self.window_seen = True
        """Whether the window is on the screen; it says so itself."""
        self._beat = Thread(target=self._beats, name="humanseg-outlet", daemon=True)

    @property
    def shown(self) -> Shown | None:
        """The newest picture that left; None at the very start."""
        return self._shown

    @property
    def outputs(self) -> "tuple[Output, ...]":
        """Where frames go now, beside the preview."""
        with self._lock:
            return tuple(self._outputs)

    @property
    def wanted(self) -> bool:
        """Whether anybody sees what leaves, here or elsewhere."""
        return self.window_seen or any(output.wanted for output in self.outputs)

    def start(self) -> None:
        """Begin to send; slates, until a ticket is admitted."""
        self._beat.start()

    def close(self) -> None:
        """End, and finish all outputs."""
        self.hold()
        self._ended.set()
        if self._beat.ident is not None:
            self._beat.join()
        for output in self.outputs:
            self.remove(output)

    def admit(self, ticket: Ticket) -> None:
        """From now on frames with this ticket pass, and no others."""
        with self._lock:
            if self._ticket is not ticket:
                self._ticket = ticket
                self._send_slate()

    def hold(self) -> None:
        """Let nothing pass: a slate is shown at once."""
        with self._lock:
            self._ticket = None
            self._send_slate()

    def show(self, frame: Frame) -> bool:
        """Send a frame out if it is cleared and its ticket holds; else a slate in its place.

        Returns:
            False when it was refused.
        """
        with self._lock:
            self._size = frame.size
            if not isinstance(frame, ClearedFrame) or self._ticket is None or frame.ticket is not self._ticket:
                self._send_slate()
                return False
            self._at = perf_counter()
            self._number += 1
            self._send(Shown(frame, slate=False, number=self._number))
        return True

    def add(self, output: "Output") -> None:
        """Send everything to this output too, from now on."""
        with self._lock:
            self._outputs.append(output)
            if self._shown is not None:
                output.offer(self._shown.frame)

    def remove(self, output: "Output") -> None:
        """Send nothing more to this output and finish it; waits for its end."""
        with self._lock:
            if output in self._outputs:
                self._outputs.remove(output)
        output.finish()

    def _beats(self) -> None:
        while not self._ended.wait(BEAT_S):
            with self._lock:
                still = perf_counter() - self._at
                if self._shown is None or self._ticket is None or still > STALE_S:
                    self._send_slate()
                elif still > BEAT_S:
                    self._send(self._shown)

    def _send_slate(self) -> None:
        # The same slate again is no new picture for the preview, but outputs want one each beat.
        shown = self._shown
        if shown is None or not shown.slate or shown.frame.size != self._size:
            from humanseg.slate import Slate  # not before the window stands: it brings OpenCV

            self._number += 1
            shown = Shown(Slate(self._size).frame(), slate=True, number=self._number)
        self._send(shown)

    def _send(self, shown: Shown) -> None:
        self._shown = shown
        for output in self._outputs:
            output.offer(shown.frame)


class OutletSink:
    """The pipeline's end of the outlet: a sink that keeps nothing."""

    lossless = False

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def open(self, info: StreamInfo) -> None:
        """Nothing to prepare."""

    def write(self, frame: Frame) -> None:
        """Show the frame."""
        self._outlet.show(frame)

    def close(self) -> None:
        """Nothing to finish: the outlet outlives the pipeline."""

    def abandon(self) -> None:
        """Nothing to take back."""

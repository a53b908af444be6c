"""One sink of a pipeline: its hand-off, and the thread that makes all its calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from humanseg.frames import Frame, StreamInfo
from humanseg.pipeline.handoff import Handoff
from humanseg.pipeline.part import Part
from humanseg.sinks.sink import Sink

if TYPE_CHECKING:
    from humanseg.errors import SinkError

FILE_DEPTH = 4
"""Frames between two threads while files are processed: enough to even out a slow frame, small in memory."""

RECORDER_BYTES = 256 * 2**20
"""What a recorder may fall behind before its file is ended: 41 frames of 1080p."""


class Branch:
    """Feeds one sink until its hand-off ends, then closes or abandons it."""

    def __init__(
        self,
        sink: Sink,
        info: StreamInfo,
        number: int,
        *,
        failed: Callable[["Branch", BaseException], None],
        broken_off: Callable[[], bool],
    ) -> None:
        """Prepare; nothing is opened before the thread runs.

        Args:
            sink: where the frames go.
            info: the stream.
            number: for the thread's name.
            failed: told of each error that the sink raises, on the branch's thread.
            broken_off: whether the run was stopped or has failed: then a file is not whole.
        """
        self.sink = sink
        self.outlet = _outlet(sink, info)
        self.thread = Part(self._serve, f"humanseg-sink-{number}")
        self.problem: SinkError | None = None
        """Why it ended before the run, if it did."""
        self.removed = False
        """Whether it was taken out of the run on request."""
        self._info = info
        self._failed = failed
        self._broken_off = broken_off

    def _serve(self) -> None:
        """All of the sink's methods are called here."""
        sink, written = self.sink, 0
        try:
            sink.open(self._info)
            for composite in self.outlet:
                sink.write(composite)
                written += 1
        except BaseException as error:  # noqa: BLE001 `wait` raises it, or `problems` tells it
            self._failed(self, error)
            # A dead sink takes nothing more: without this a full hand-off would hold up the worker, or keep its frames.
            self.outlet.abort()
        keep = written > 0 and (self._info.live or not self._broken_off())
        for end in (sink.close, sink.abandon) if keep else (sink.abandon,):
            try:
                end()
                break
            except BaseException as error:  # noqa: BLE001 as above
                self._failed(self, error)


def _outlet(sink: Sink, info: StreamInfo) -> Handoff[Frame]:
    if not info.live:
        return Handoff.every(FILE_DEPTH)
    if sink.lossless:
        return Handoff.every_or_end(max(FILE_DEPTH, RECORDER_BYTES // (3 * info.width * info.height)))
    return Handoff.newest()

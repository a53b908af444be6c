"""The sinks of a running pipeline, which may change while it runs."""

import itertools
from collections.abc import Callable, Sequence
from threading import Event, Lock

from humanseg.errors import SinkError
from humanseg.frames import Frame, StreamInfo
from humanseg.pipeline.branch import Branch
from humanseg.pipeline.part import Part
from humanseg.sinks.sink import Sink


class Branches:
    """Hands each composite to all sinks. The worker hands on; anyone may add and remove."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        info: StreamInfo,
        *,
        note: Callable[[SinkError], None],
        fail: Callable[[BaseException], None],
        broken_off: Callable[[], bool],
    ) -> None:
        """Prepare a branch for each sink.

        Args:
            sinks: the first ones.
            info: the stream.
            note: told why a sink ended alone.
            fail: told what ends the whole run.
            broken_off: whether the run was stopped or has failed.
        """
        self._info = info
        self._note = note
        self._fail = fail
        self._broken_off = broken_off
        self._lock = Lock()
        self._numbers = itertools.count()
        self._over = False
        self._taking = [self._branch(sink) for sink in sinks]
        self._all = list(self._taking)

    @property
    def threads(self) -> list[Part]:
        """Of every branch, those that take no more frames too; what ended long ago may be missing."""
        with self._lock:
            return [branch.thread for branch in self._all]

    def add(self, sink: Sink, *, start: bool) -> None:
        """One more sink; its thread is started if the others' were.

        Raises:
            RuntimeError: no more frames will come.
        """
        with self._lock:
            if self._over:
                raise RuntimeError("The run has ended.")
            branch = self._branch(sink)
            if start:
                branch.thread.start()
            self._taking.append(branch)
            over = [old for old in self._all if old.thread.ended.is_set() and not old.thread.is_alive()]
            self._all = [*(old for old in self._all if old not in over), branch]

    def remove(self, sink: Sink) -> Event:
        """Let a sink write what waits for it and end. The event is set when it has; at once if it is not here."""
        with self._lock:
            found = next((branch for branch in self._all if branch.sink is sink), None)
            if found is None:
                gone = Event()
                gone.set()
                return gone
            if found in self._taking:
                self._taking.remove(found)
            found.removed = True
            if found.thread.ident is None:  # it was never started
                self._all.remove(found)
                found.thread.ended.set()
        found.outlet.close()
        return found.thread.ended

    def hand_on(self, composite: Frame, *, newest_only: bool = False) -> None:
        """Give a composite to all sinks, or to those that need the newest only; those that take no more are dropped.

        Raises:
            SinkError: why the last sink ended, when that leaves none.
        """
        with self._lock:
            branches = tuple(self._taking)
        for branch in branches:
            if (newest_only and branch.sink.lossless) or branch.outlet.put(composite) or branch.removed:
                continue
            with self._lock:
                if branch in self._taking:
                    self._taking.remove(branch)
                last = not self._taking
            if branch.outlet.overflowed:
                hint = "What it holds was saved. Record to a faster disk, or at a smaller size."
                branch.problem = SinkError("A recording could not keep up and was ended.", hint)
                self._note(branch.problem)
            if last and branch.problem is not None:
                raise branch.problem

    def finish(self) -> None:
        """No more frames will come: every sink writes what waits for it and ends."""
        with self._lock:
            self._over = True
            branches = tuple(self._taking)
        for branch in branches:
            branch.outlet.close()

    def abort(self) -> None:
        """Every sink ends at once; what waits for it is let go."""
        with self._lock:
            branches = tuple(self._taking)
        for branch in branches:
            branch.outlet.abort()

    def _branch(self, sink: Sink) -> Branch:
        return Branch(sink, self._info, next(self._numbers), failed=self._failed, broken_off=self._broken_off)

    def _failed(self, branch: Branch, error: BaseException) -> None:
        if self._info.live and isinstance(error, SinkError):
            branch.problem = error
            self._note(error)
        else:
            self._fail(error)

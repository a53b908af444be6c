"""What stands between two threads: a bounded queue with one rule for what happens when it is full."""

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class _WhenFull(Enum):
    WAIT = auto()
    DROP_OLDEST = auto()
    END = auto()


class Handoff(Generic[T]):
    """A bounded queue between one producer and one consumer.

    Made by `every`, `newest` or `every_or_end`, which say what a full one does. The producer calls `put` and, when it
    has no more, `close`; the consumer iterates. Either of them, or anyone else, may `abort`.

        open --close()--------------> closed   what it holds can still be taken, then the iteration ends
        open --put() into a full
               every_or_end---------> closed   and `overflowed`
        open, closed --abort()------> aborted  empty: what it held is let go, both sides end at once

    A consumer that gives up must call `abort`, or a waiting producer would wait for ever and the queue would keep what
    it holds alive.
    """

    def __init__(self, depth: int, when_full: _WhenFull) -> None:
        if depth < 1:
            raise ValueError(f"a hand-off holds at least 1, not {depth}")
        self._depth = depth
        self._when_full = when_full
        self._items: deque[T] = deque()
        self._changed = Condition()
        self._closed = False
        self._overflowed = False
        self._dropped = 0

    @classmethod
    def every(cls, depth: int) -> "Handoff[T]":
        """Nothing is lost: a full one makes the producer wait."""
        return cls(depth, _WhenFull.WAIT)

    @classmethod
    def newest(cls) -> "Handoff[T]":
        """Nothing is late: it holds one, and a newer one takes its place."""
        return cls(1, _WhenFull.DROP_OLDEST)

    @classmethod
    def every_or_end(cls, depth: int) -> "Handoff[T]":
        """Nobody is held up: a put into a full one closes it, and the consumer gets what it held, without a gap."""
        return cls(depth, _WhenFull.END)

    @property
    def dropped(self) -> int:
        """How many were replaced by a newer one before they were taken."""
        return self._dropped

    @property
    def overflowed(self) -> bool:
        """True once an `every_or_end` was closed because its consumer was too slow."""
        return self._overflowed

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> bool:
        """Hand one over; may wait (`every` only).

        Returns:
            False when nobody will take it: the producer may stop.
        """
        with self._changed:
            if self._when_full is _WhenFull.WAIT:
                self._changed.wait_for(lambda: self._closed or len(self._items) < self._depth)
            if self._closed:
                return False
            if len(self._items) == self._depth:
                if self._when_full is _WhenFull.END:
                    self._overflowed = self._closed = True
                    self._changed.notify_all()
                    return False
                self._items.popleft()
                self._dropped += 1
            self._items.append(item)
            self._changed.notify_all()
            return True

    def ready(self, timeout_s: float) -> bool:
        """Wait until there is one to take, or the end; False when the time (seconds) was up before."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._items) or self._closed, timeout_s)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed)
            if not self._items:
                raise StopIteration
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """No more will be put; what is held can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """End both sides at once and let go of what is held."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

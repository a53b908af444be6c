import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from humanseg.pipeline import Handoff


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not left, f"threads left behind: {left}"


def in_thread(body: Callable[[], object]) -> Thread:
    thread = Thread(target=body, name="humanseg-test", daemon=True)  # a failing test must not hold up the exit
    thread.start()
    return thread


def ended(thread: Thread) -> bool:
    thread.join(10)
    return not thread.is_alive()


@settings(deadline=None)
@given(items=st.lists(st.integers(), max_size=50), depth=st.integers(1, 5))
def test_every_hands_over_everything_in_order_and_never_holds_more_than_its_depth(items: list[int], depth: int) -> None:
    handoff: Handoff[int] = Handoff.every(depth)
    held: list[int] = []

    def produce() -> None:
        for item in items:
            handoff.put(item)
            held.append(len(handoff))
        handoff.close()

    producer = in_thread(produce)
    taken = list(handoff)
    assert ended(producer)
    assert taken == items
    assert max(held, default=0) <= depth
    assert handoff.dropped == 0


@settings(deadline=None)
@given(items=st.lists(st.integers(), min_size=1, max_size=50, unique=True))
def test_newest_keeps_the_order_delivers_the_last_and_counts_what_it_dropped(items: list[int]) -> None:
    handoff: Handoff[int] = Handoff.newest()
    taken: list[int] = []
    consumer = in_thread(lambda: taken.extend(handoff))
    assert all(handoff.put(item) for item in items)
    handoff.close()
    assert ended(consumer)
    places = [items.index(item) for item in taken]
    assert places == sorted(set(places))
    assert taken[-1] == items[-1]
    assert len(taken) + handoff.dropped == len(items)


@settings(deadline=None)
@given(items=st.lists(st.integers(), max_size=30), depth=st.integers(1, 5))
def test_every_or_end_gives_a_beginning_without_a_gap(items: list[int], depth: int) -> None:
    handoff: Handoff[int] = Handoff.every_or_end(depth)
    taken: list[int] = []
    consumer = in_thread(lambda: taken.extend(handoff))
    accepted = [item for item in items if handoff.put(item)]
    handoff.close()
    assert ended(consumer)
    assert taken == accepted == items[: len(accepted)]
    assert handoff.overflowed == (len(accepted) < len(items))


class AgainstAModel(RuleBasedStateMachine):
    """Any sequence of calls from one thread, against a few lines that say what each kind must do."""

    def __init__(self) -> None:
        super().__init__()
        self.held: deque[int] = deque()
        self.open = True
        self.dropped = 0
        self.overflowed = False

    @initialize(kind=st.sampled_from(["every", "newest", "every_or_end"]), depth=st.integers(1, 3))
    def make(self, kind: str, depth: int) -> None:
        self.kind = kind
        self.depth = 1 if kind == "newest" else depth
        self.handoff: Handoff[int] = Handoff.newest() if kind == "newest" else getattr(Handoff, kind)(depth)

    @rule(items=st.lists(st.integers(), min_size=1, max_size=5))
    def put(self, items: list[int]) -> None:
        for item in items:
            full = len(self.held) == self.depth
            if self.kind == "every" and full and self.open:
                return  # it would wait, and there is nobody to end it
            if self.open and full and self.kind == "newest":
                self.held.popleft()
                self.dropped += 1
            elif self.open and full:
                self.open = False
                self.overflowed = True
            if self.open:
                self.held.append(item)
            assert self.handoff.put(item) == self.open
            self.agrees()

    @rule()
    def take(self) -> None:
        if self.held:
            assert next(self.handoff) == self.held.popleft()
        elif not self.open:
            assert not self.handoff.put(0), "else the next line would wait for ever"
            with pytest.raises(StopIteration):
                next(self.handoff)

    @precondition(lambda self: len(self.held) > 1)
    @rule()
    def close(self) -> None:
        self.handoff.close()
        self.open = False

    @precondition(lambda self: len(self.held) > 1)
    @rule()
    def abort(self) -> None:
        self.handoff.abort()
        self.held.clear()
        self.open = False

    @invariant()
    def agrees(self) -> None:
        assert len(self.handoff) == len(self.held)
        assert self.handoff.dropped == self.dropped
        assert self.handoff.overflowed == self.overflowed


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(deadline=None)


def blocked_producer() -> tuple[Handoff[int], Thread, list[bool]]:
    """A full `every`, and a thread in its `put` (or about to enter it: the outcome must be the same)."""
    handoff: Handoff[int] = Handoff.every(1)
    assert handoff.put(0)
    answers: list[bool] = []
    return handoff, in_thread(lambda: answers.append(handoff.put(1))), answers


def test_a_waiting_producer_goes_on_when_one_is_taken() -> None:
    handoff, producer, answers = blocked_producer()
    assert next(handoff) == 0
    assert ended(producer)
    assert answers == [True]
    assert next(handoff) == 1


def test_abort_ends_a_waiting_producer_and_answers_false() -> None:
    handoff, producer, answers = blocked_producer()
    handoff.abort()
    assert ended(producer)
    assert answers == [False]
    assert len(handoff) == 0


@pytest.mark.parametrize("end", [Handoff.close, Handoff.abort])
def test_either_end_wakes_a_waiting_consumer(end: Callable[[Handoff[int]], None]) -> None:
    handoff: Handoff[int] = Handoff.every(1)
    taken: list[int] = []
    consumer = in_thread(lambda: taken.extend(handoff))
    end(handoff)
    assert ended(consumer)
    assert taken == []


def test_an_aborted_one_lets_go_of_what_it_held_and_takes_nothing_more() -> None:
    class Item:
        pass

    handoff: Handoff[Item] = Handoff.every_or_end(4)
    item = Item()
    gone = weakref.ref(item)
    handoff.put(item)
    del item
    assert gone() is not None
    handoff.abort()
    assert gone() is None
    assert not handoff.put(Item())
    assert list(handoff) == []
    assert not handoff.overflowed


def test_after_an_overflow_what_was_held_can_be_taken_and_no_more_comes() -> None:
    handoff: Handoff[int] = Handoff.every_or_end(2)
    assert [handoff.put(item) for item in range(3)] == [True, True, False]
    assert next(handoff) == 0
    assert not handoff.put(3)
    assert list(handoff) == [1]
    assert handoff.overflowed
    assert handoff.dropped == 0


def test_a_hand_off_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Handoff.every(0)

"""A source is read once, and released once, by whoever is the last to need it."""

from collections.abc import Generator

import numpy as np
import pytest

from humanseg.frames import Frame
from humanseg.sources.once import Once


def frames(once: Once) -> Generator[Frame, None, None]:
    index = 0
    while not once.closing.is_set():
        yield Frame(rgb=np.zeros((2, 2, 3), np.uint8), index=index)
        index += 1


def test_it_can_be_read_once() -> None:
    once = Once(lambda: None)
    once.frames(frames(once))
    with pytest.raises(RuntimeError, match="read once"):
        once.frames(frames(once))


def test_closing_before_reading_releases_at_once_and_gives_nothing() -> None:
    released: list[str] = []
    once = Once(lambda: released.append("x"))
    once.close()
    once.close()
    assert released == ["x"]
    assert list(once.frames(frames(once))) == []
    assert released == ["x"]


def test_closing_while_reading_leaves_the_release_to_the_reader() -> None:
    released: list[str] = []
    once = Once(lambda: released.append("x"))
    reading = once.frames(frames(once))
    assert next(reading).index == 0
    once.close()
    assert released == []
    assert list(reading) == []
    assert released == ["x"]


def test_a_reader_that_stops_early_releases() -> None:
    released: list[str] = []
    once = Once(lambda: released.append("x"))
    reading = once.frames(frames(once))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert released == ["x"]

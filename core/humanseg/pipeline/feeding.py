"""The beginning of a pipeline: frames come from the source."""

from collections.abc import Generator

from humanseg.frames import Frame
from humanseg.pipeline.handoff import Handoff
from humanseg.sources.source import Source


def feed(source: Source, inlet: Handoff[Frame]) -> int:
    """Hand on every frame of a source until it ends or the inlet takes no more; returns how many there were.

    The source is closed in the end, on this thread: nobody else may release it while it is read.
    """
    frames = iter(source)
    count = 0
    try:
        for frame in frames:
            count += 1
            if not inlet.put(frame):
                break
    finally:
        source.close()
        if isinstance(frames, Generator):
            frames.close()
    return count

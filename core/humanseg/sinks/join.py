"""From finished segments to the finished video: packets are copied, nothing is encoded again."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from humanseg.frames import StreamInfo
from humanseg.sinks.animation import Animation
from humanseg.sinks.coding import Coding
from humanseg.sinks.container import Format
from humanseg.sinks.copies import StreamCopies
from humanseg.sinks.muxing import Muxing
from humanseg.sinks.spool import read_spool
from humanseg.sinks.whole import final_place, hidden_place, writing


def join(
    segments: Sequence[Path], output: Path, form: Format, info: StreamInfo, coding: Coding, copies: StreamCopies | None
) -> Path:
    """Write a video from its segments, under a hidden name.

    Args:
        segments: Finished spools, in order.
        output: The final place; only the folder is used, and the name in errors.
        form: The container.
        info: The stream.
        coding: How the segments were coded.
        copies: What else goes in; closed at the end. None for an animation.

    Returns:
        The hidden file, ready to be published.

    Raises:
        SinkError: it cannot be written, a segment is damaged, or what is copied cannot be read. Nothing is left.
    """
    partial = hidden_place(final_place(output))
    file: Muxing | Animation | None = None
    try:
        with writing(output):
            file = Animation(partial, form, info) if form.animated else Muxing(partial, form, info, coding, copies)
            for segment in segments:
                file.write(read_spool(segment))
            file.finish()
    except BaseException:
        if file is not None:
            file.drop()
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    return partial

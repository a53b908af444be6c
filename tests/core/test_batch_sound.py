"""Sound stays in step with the picture over an hour of variable rate."""

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from humanseg.pipeline.process import Output, process_video
from humanseg.sources.video_file import VideoFileSource

HOUR = 3600
CLOCK = 90_000
MARKS = (*range(0, HOUR, 300), HOUR - 2)
"""Seconds at which a picture flashes and a tone begins."""


def irregular(rng: random.Random) -> list[int]:
    """Times of frames, in ticks of 1/90000 s: 0.3 to 1.7 s apart, a few at once, and one at each mark."""
    ticks = {mark * CLOCK for mark in MARKS}
    at = 0
    while at < HOUR * CLOCK:
        ticks.add(at)
        at += rng.choice((CLOCK // 30, rng.randint(3 * CLOCK // 10, 17 * CLOCK // 10), CLOCK))
    return sorted(ticks)


def hour(path: Path, ticks: list[int]) -> None:
    """White pictures at the marks, dark ones between; eight thousand samples a second, silent but after the marks."""
    flashes = {mark * CLOCK for mark in MARKS}
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=2, options={"preset": "ultrafast", "g": "50"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = Fraction(1, CLOCK)
        audio: Any = container.add_stream("aac", rate=8000, layout="mono")
        container.start_encoding()
        size = audio.codec_context.frame_size
        tone = (np.sin(np.arange(HOUR * 8000) * 0.7) * 0.5).astype(np.float32)
        loud = np.zeros(HOUR * 8000, bool)
        for mark in MARKS:
            loud[mark * 8000 : mark * 8000 + 4000] = True
        tone[~loud] = 0
        sound = iter(range(0, len(tone) - size, size))
        reached = 0
        for number, tick in enumerate(ticks):
            grey = np.full((48, 64, 3), 250 if tick in flashes else 10, np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, "rgb24")
            picture.pts, picture.time_base = tick, Fraction(1, CLOCK)
            for packet in video.encode(picture):
                following = ticks[number + 1] if number + 1 < len(ticks) else tick + CLOCK
                packet.duration = max(1, following - tick)
                container.mux(packet)
            while reached < tick * 8000 // CLOCK and (first := next(sound, None)) is not None:
                block = av.AudioFrame.from_ndarray(tone[None, first : first + size], format="fltp", layout="mono")
                block.sample_rate, block.pts, block.time_base = 8000, first, Fraction(1, 8000)
                container.mux(audio.encode(block))
                reached = first + size
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def flashes_of(path: Path) -> list[Fraction]:
    return [frame.time for frame in VideoFileSource(path) if frame.rgb.mean() > 128]


def tones_of(path: Path) -> list[float]:
    """When each tone begins, from the decoded sound."""
    found: list[float] = []
    silent = True
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray()[0])
            loud = np.flatnonzero(samples > 0.1)
            if silent and loud.size:
                found.append(float(frame.pts * frame.time_base) + int(loud[0]) / frame.sample_rate)  # type: ignore[operator]
            silent = not loud.size
    return found


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_hour_of_variable_rate_ends_in_step(media: Any, red: Any) -> None:
    ticks = irregular(random.Random(4))
    clip = media.folder / "hour.mp4"
    hour(clip, ticks)
    outputs = [Output(path=media.folder / name) for name in ("out.mp4", "out.mkv")]
    assert process_video(clip, outputs, background="#000000", matter=red).frames == len(ticks)
    assert ticks[-1] > 3590 * CLOCK
    for output in (output.path for output in outputs):
        # The picture: every frame where it was; Matroska counts in milliseconds.
        rounding = Fraction(0) if output.suffix == ".mp4" else Fraction(1, 2000)
        for made, tick in zip(media.times(output), ticks, strict=True):
            assert abs(made - Fraction(tick, CLOCK)) <= rounding
        # The sound: every packet where it was, bit by bit.
        [before], [after] = media.sounds(clip), media.sounds(output)
        assert [data for _, data in after] == [data for _, data in before]
        assert max(abs(made - given) for (made, _), (given, _) in zip(after, before, strict=True)) <= 2 * rounding
        # What is seen and heard: flash and tone together, from the beginning to the end.
        seen, heard = flashes_of(output), tones_of(output)
        assert len(seen) == len(heard) == len(MARKS)
        assert all(abs(float(flash) - mark) < 0.001 for flash, mark in zip(seen, MARKS, strict=True))
        assert max(abs(float(flash) - tone) for flash, tone in zip(seen, heard, strict=True)) <= 1 / 30

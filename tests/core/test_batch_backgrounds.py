"""A video as the background of a batch: looping, at its own rate, the same after a kill and as in a live run."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from humanseg.cli.batch import main
from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.video import VideoBackground
from humanseg.errors import SinkError
from humanseg.frames import Frame, Matte
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
from humanseg.sources.video_file import VideoFileSource

CUT = Segments(length=10, warm_up=3)


def room(index: int, size: tuple[int, int]) -> Any:
    """Nobody anywhere: no red."""
    return np.full((size[1], size[0], 3), (0, 90, 40), np.uint8)


def shades(index: int, size: tuple[int, int]) -> Any:
    return np.full((size[1], size[0], 3), 20 + 20 * index, np.uint8)


@pytest.fixture
def loop(media: Any) -> Path:
    """Seven frames, 10 a second: 20, 40, ... 140; with pictures that are shown in another order than coded."""
    options = {"g": "4", "bf": "2"}
    path: Path = media.clip("loop.mp4", frames=7, rate=10, size=(64, 48), picture=shades, options=options)
    return path


def shown(path: Path) -> list[int]:
    """The number of the background's picture in each frame."""
    return [round((float(frame.rgb.mean()) - 20) / 20) for frame in VideoFileSource(path)]


def test_it_loops_at_its_own_rate_through_the_command(loop: Path, media: Any, red_model: Path) -> None:
    clip = media.clip(frames=50, rate=25, size=(64, 48), picture=room)
    words = [clip, "-o", media.folder / "out.mp4", "--background", loop, "--model", red_model]
    assert main([*map(str, words), "--engine", "onnxruntime", "--threads", "1"]) == 0
    assert shown(media.folder / "out.mp4") == [index * 10 // 25 % 7 for index in range(50)]


def test_variable_times_get_the_picture_of_their_moment(loop: Path, media: Any, red: Any) -> None:
    ticks = [0, 100, 3100, 9200, 30000, 61000]
    clip = media.clip(times=ticks, last_duration=3000, picture=room)
    process_video(clip, media.folder / "out.mp4", background=str(loop), matter=red)
    assert shown(media.folder / "out.mp4") == [int(Fraction(tick, 30000) * 10) % 7 for tick in ticks]


def test_a_run_that_was_broken_off_gives_the_same_frames(loop: Path, media: Any, red: Any) -> None:
    clip = media.clip(frames=47, picture=room)

    class Breaks:
        def __init__(self, at: int | None) -> None:
            self.model, self.engine, self.options, self._at = red.model, red.engine, red.options, at

        def reset(self) -> None:
            pass

        def matte(self, frame: Frame) -> Matte:
            if frame.index == self._at:
                raise RuntimeError("killed")
            result: Matte = red.matte(frame)
            return result

    def make(name: str, at: int | None = None) -> Any:
        # Without loss: x264's bytes for flat pictures as small as these depend on what lay in memory before.
        output = Output(path=media.folder / name, codec="ffv1")
        return process_video(clip, output, background=str(loop), matter=Breaks(at), segments=CUT)  # type: ignore[arg-type]

    make("whole.mkv")
    for at in (13, 29, 45):
        with pytest.raises(RuntimeError, match="killed"):
            make("out.mkv", at)
        assert make("out.mkv").made < 47
        for made, expected in zip(
            VideoFileSource(media.folder / "out.mkv"), VideoFileSource(media.folder / "whole.mkv"), strict=True
        ):
            np.testing.assert_array_equal(made.rgb, expected.rgb)
            assert made.time == expected.time
        (media.folder / "out.mkv").unlink()


def test_live_and_batch_show_the_same(loop: Path, media: Any, red: Any) -> None:
    clip = media.clip(frames=25, picture=room)
    process_video(clip, media.folder / "out.mkv", background=f"fit:{loop}", matter=red, segments=CUT)
    compositor = Compositor(parse_background(f"fit:{loop}"))
    for frame, made in zip(VideoFileSource(clip), VideoFileSource(media.folder / "out.mkv"), strict=True):
        live = compositor.composite(frame, red.matte(frame))
        assert np.abs(live.rgb.astype(int) - made.rgb).max() <= 4


def test_warm_ups_do_not_rewind_it(loop: Path, media: Any, red: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Fraction] = []
    original = VideoBackground.render

    def noted(self: VideoBackground, frame: Frame, matte: Matte) -> Any:
        asked.append(frame.time)
        return original(self, frame, matte)

    monkeypatch.setattr(VideoBackground, "render", noted)
    clip = media.clip(frames=47)
    process_video(clip, media.folder / "out.mp4", background=str(loop), matter=red, segments=CUT)
    assert asked == media.times(clip)


@pytest.mark.parametrize("prefix", ["", "fit:"])
def test_another_video_under_the_same_name_is_another_job(prefix: str, loop: Path, media: Any, red: Any) -> None:
    clip, output = media.clip(frames=5, picture=room), media.folder / "out.mp4"
    background = f"{prefix}{loop}"
    assert process_video(clip, output, background=background, matter=red).made == 5
    assert process_video(clip, output, background=background, matter=red).skipped
    media.clip("loop.mp4", frames=3, rate=10)
    with pytest.raises(SinkError, match="made with other settings"):
        process_video(clip, output, background=background, matter=red)

"""Never lost: a run that is killed goes on, and gives what an undisturbed one gives."""

import os
import random
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from humanseg.errors import SinkError, SourceError
from humanseg.frames import Frame, Matte
from humanseg.pipeline.making import Making
from humanseg.pipeline.process import Output, VideoJob, process_video
from humanseg.pipeline.segments import SegmentedMatter, SegmentedSource, Segments
from humanseg.sinks.coder import Coder
from humanseg.sinks.coding import coding_for
from humanseg.sinks.container import FORMATS
from humanseg.sinks.journal import Journal
from humanseg.sinks.spool import PacketSegment, read_spool

if TYPE_CHECKING:
    from collections.abc import Callable

posix = pytest.mark.skipif(os.name != "posix", reason="kills")
CUT = Segments(length=10, warm_up=3)
LOOKS = {"c.mp4": "composite", "t.mov": "transparent", "t.webm": "transparent", "a.mkv": "alpha"}


def outputs(folder: Path, names: dict[str, str] = LOOKS) -> list[Output]:
    folder.mkdir(exist_ok=True)
    return [Output(path=folder / name, look=look) for name, look in names.items()]  # type: ignore[arg-type]


class Fails:
    """A matter that remembers the frame before, and breaks off as if the process were killed."""

    def __init__(self, inner: Any, at: int | None = None) -> None:
        self._inner, self._at = inner, at
        self.model, self.engine, self.options = inner.model, inner.engine, inner.options
        self._before: Any = None

    def reset(self) -> None:
        self._before = None

    def matte(self, frame: Frame) -> Matte:
        if frame.index == self._at:
            raise RuntimeError("killed")
        alpha = self._inner.matte(frame).alpha
        mixed = alpha if self._before is None else (alpha + 3 * self._before) / np.float32(4)
        self._before = mixed
        return Matte(alpha=mixed)


def test_a_run_that_was_broken_off_gives_the_same_pictures(media: Any, red: Any) -> None:
    clip = media.clip(frames=47, sound=["aac"])
    names = LOOKS | {"p/%03d.png": "transparent"}
    sound = {"copy_streams": False}  # WebM does not take AAC
    process_video(clip, outputs(media.folder / "whole", names), matter=Fails(red), segments=CUT, **sound)  # type: ignore[arg-type]
    for at in (5, 10, 29, 46):
        folder = media.folder / f"at{at}"
        made = outputs(folder, names)
        with pytest.raises(RuntimeError, match="killed"):
            process_video(clip, made, matter=Fails(red, at), segments=CUT, **sound)  # type: ignore[arg-type]
        assert not [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        result = process_video(clip, made, matter=Fails(red), segments=CUT, **sound)  # type: ignore[arg-type]
        assert result.frames == 47
        assert result.made <= 47 - at // 10 * 10 + 4 * 10  # some frames may not have reached the sinks
        for name in ("c.mp4", "t.mov", "t.webm", "a.mkv", "p"):
            assert media.same(folder / name, media.folder / "whole" / name), (at, name)
        assert sorted(entry.name for entry in folder.iterdir()) == ["a.mkv", "c.mp4", "p", "t.mov", "t.webm"]


@pytest.mark.parametrize("frames", [14, 18, 20])
def test_a_run_that_was_ended_after_its_last_segment_goes_on(
    frames: int, media: Any, red: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, output = media.clip(frames=frames), media.folder / "out.mov"

    def fail(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "note_end", fail)
        with pytest.raises(RuntimeError, match="killed"):
            process_video(clip, Output(path=output, look="transparent"), matter=red, segments=CUT)
    result = process_video(clip, Output(path=output, look="transparent"), matter=red, segments=CUT)
    assert result.frames == frames
    assert len(media.times(output)) == frames
    assert media.names() == ["clip.mp4", "out.mov"]


def test_each_segment_begins_anew(media: Any) -> None:
    clip = media.clip(frames=25)
    from humanseg.sources.video_file import VideoFileSource

    seen = [frame.index for frame in SegmentedSource(VideoFileSource(clip), CUT)]
    assert seen == [*range(10), 7, 8, 9, *range(10, 20), 17, 18, 19, *range(20, 25)]
    later = [frame.index for frame in SegmentedSource(VideoFileSource(clip, skip=7), CUT, first=1)]
    assert later == seen[10:]
    one = [frame.index for frame in SegmentedSource(VideoFileSource(clip), CUT, first=1, last=1)]
    assert one == seen[10:23]


def test_the_matter_forgets_where_a_segment_begins() -> None:
    class Counts:
        resets = 0

        def reset(self) -> None:
            self.resets += 1

        def matte(self, frame: Frame) -> Matte:
            return Matte(alpha=np.full((2, 2), self.resets, np.float32))

    matter = SegmentedMatter(Counts())
    matter.reset()
    rgb = np.zeros((2, 2, 3), np.uint8)
    marks = [matter.matte(Frame(rgb=rgb, index=index)).alpha[0, 0] for index in (0, 1, 2, 1, 2, 3, 2, 3, 4)]
    assert marks == [1, 1, 1, 2, 2, 2, 3, 3, 3]


SLOWLY = """
import sys, time
from pathlib import Path
from humanseg.matting import open_matter
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
clip, folder, model = sys.argv[1:]
with open_matter(model, "onnxruntime", threads=1) as matter:
    print("begin", flush=True)
    process_video(clip, [Output(path=Path(folder) / "c.mp4"), Output(path=Path(folder) / "t.mov", look="transparent")],
                  matter=matter, segments=Segments(length=5, warm_up=2))
print("end", flush=True)
"""


@posix
@pytest.mark.slow
def test_killed_at_twenty_random_moments_it_ends_with_the_same_frames(media: Any, red_model: Path) -> None:
    clip = media.clip(frames=120, size=(160, 96), sound=["aac"])
    names = ("c.mp4", "t.mov")
    folder, whole = media.folder / "killed", media.folder / "whole"
    folder.mkdir()
    whole.mkdir()
    command = [sys.executable, "-c", SLOWLY, str(clip), str(folder), str(red_model)]
    subprocess.run([*command[:-2], str(whole), str(red_model)], check=True, capture_output=True)
    chance = random.Random(11)
    kills = 0
    while kills < 20:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begin\n"
            time.sleep(chance.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            if "end" in process.stdout.read():
                # Finished before the kill: once more from the beginning.
                check(media, folder, whole)
                for name in names:
                    (folder / name).unlink()
                continue
        kills += 1
        assert not [entry for entry in folder.iterdir() if entry.name in names and not entry.stat().st_size]
    subprocess.run(command, check=True, capture_output=True)
    check(media, folder, whole)


def check(media: Any, folder: Path, whole: Path) -> None:
    assert sorted(entry.name for entry in folder.iterdir()) == ["c.mp4", "t.mov"]
    for name in ("c.mp4", "t.mov"):
        assert media.same(folder / name, whole / name), name


def test_the_same_job_is_not_made_twice_and_another_one_asks(media: Any, red: Any) -> None:
    clip, output = media.clip(frames=12), media.folder / "out.mp4"
    assert process_video(clip, output, background="#00ff00", matter=red).made == 12
    before = output.stat().st_mtime_ns
    assert process_video(clip, output, background="#00ff00", matter=red).skipped
    assert output.stat().st_mtime_ns == before
    changed: list[Callable[[], Any]] = [
        lambda: process_video(clip, output, background="#00ff01", matter=red),
        lambda: process_video(clip, Output(path=output, quality=30), background="#00ff00", matter=red),
        lambda: process_video(clip, Output(path=output, look="alpha"), background="#00ff00", matter=red),
        lambda: process_video(clip, output, background="#00ff00", matter=red, segments=CUT),
    ]
    for run in changed:
        with pytest.raises(SinkError, match="made with other settings"):
            run()
    media.clip(frames=13)
    with pytest.raises(SinkError, match="made with other settings"):
        process_video(clip, output, background="#00ff00", matter=red)
    assert process_video(clip, output, background="#00ff00", matter=red, overwrite=True).made == 13
    assert media.names() == ["clip.mp4", "out.mp4"]


def test_an_output_that_somebody_changed_is_not_taken_for_ours(media: Any, red: Any) -> None:
    clip, output = media.clip(frames=3), media.folder / "out.mp4"
    process_video(clip, output, matter=red)
    output.write_bytes(output.read_bytes() + b"!")
    with pytest.raises(SinkError, match="there already"):
        process_video(clip, output, matter=red)


def test_a_kill_between_the_name_and_the_clearing_up_costs_nothing(media: Any, red: Any, monkeypatch: Any) -> None:
    clip, output = media.clip(frames=12), media.folder / "out.mp4"
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "discard", lambda self: None)
        process_video(clip, output, matter=red)
    assert len(media.names()) == 3
    assert process_video(clip, output, matter=red).skipped
    assert media.names() == ["clip.mp4", "out.mp4"]


def test_two_runs_do_not_write_the_same_output(media: Any, red: Any) -> None:
    clip, output = media.clip(frames=3), media.folder / "out.mp4"
    making = Making(VideoJob(source=clip, outputs=(Output(path=output),)), red)
    with (
        making.targets[0].journal.held(),
        pytest.raises(SinkError, match="written by another run"),
    ):
        process_video(clip, output, matter=red)


def test_a_source_that_is_damaged_leaves_nothing(media: Any, red: Any) -> None:
    whole = media.clip("whole.ts", frames=60)
    data = whole.read_bytes()
    clip = media.folder / "cut.ts"
    clip.write_bytes(data[: len(data) * 2 // 3 // 188 * 188 + 40])
    with pytest.raises(SourceError):
        process_video(clip, media.folder / "out.mp4", matter=red, segments=CUT)
    assert media.names() == ["cut.ts", "whole.ts"]


def test_a_segment_that_rotted_on_the_disk_is_made_again(media: Any, tmp_path: Path) -> None:
    info = media.info()
    coding = coding_for(FORMATS[".mp4"], info)
    path = tmp_path / "000000.segment"
    segment = PacketSegment(path, coding, info)
    for index in range(5):
        segment.write(media.frame(index))
    segment.finish()
    packets = list(read_spool(path))
    coder = Coder(coding, info)
    straight = [packet for index in range(5) for packet in coder.encode(media.frame(index))] + coder.finish()
    assert [(bytes(packet), packet.pts, packet.duration, packet.is_keyframe) for packet in packets] == [
        (bytes(packet), packet.pts, packet.duration, packet.is_keyframe) for packet in straight
    ]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(SinkError, match="damaged"):
        list(read_spool(path))
    assert not path.exists()


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "prores", "ffv1", "vp9"])
def test_every_codec_joins_segments_into_one_stream(codec: str, media: Any, red: Any) -> None:
    clip = media.clip(frames=23, size=(96, 64))
    path = media.folder / "out.mkv"
    process_video(clip, Output(path=path, codec=codec), background="#808080", matter=red, segments=CUT)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.codec_context.name in (codec, "libdav1d" if codec == "av1" else codec)
    assert [round(float(frame.time * 30)) for frame in frames if frame.time is not None] == list(range(23))
    with av.open(str(path)) as container:
        keys = [index for index, packet in enumerate(p for p in container.demux() if p.size) if packet.is_keyframe]
    assert {0, 10, 20} <= set(keys)
    one = media.folder / "one.mkv"
    process_video(clip, Output(path=one, codec=codec), background="#808080", matter=red)
    with av.open(str(one)) as container:
        for joined, straight in zip(frames, container.decode(video=0), strict=True):
            difference = joined.to_ndarray(format="rgb24").astype(int) - straight.to_ndarray(format="rgb24")
            assert np.abs(difference).mean() < 3


def test_times_are_exact_across_segments(media: Any, red: Any) -> None:
    ticks = [0, 700, 1500, 4000, 4001, 9000, 9500, 12000, 15001, 16000, 17777, 19999, 20001]
    clip = media.clip(times=ticks, last_duration=333)
    process_video(clip, media.folder / "out.mp4", matter=red, segments=Segments(length=4, warm_up=2))
    assert media.times(media.folder / "out.mp4") == [Fraction(tick, 30000) for tick in ticks]

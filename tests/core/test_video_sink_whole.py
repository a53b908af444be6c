"""A written file is whole under its name, or not there at all."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from humanseg.errors import SettingsError, SinkError
from humanseg.sinks.video_file import VideoFileSink

ENDINGS = [".mp4", ".mov", ".mkv", ".webm"]


def test_the_name_appears_when_the_file_is_whole(media: Any) -> None:
    output = media.folder / "out.mp4"
    sink = VideoFileSink(output)
    sink.open(media.info())
    sink.write(media.frame(0))
    assert not output.exists()
    assert [name.startswith(".out.partial") and name.endswith(".mp4") for name in media.names()] == [True]
    sink.close()
    sink.close()
    sink.abandon()
    assert media.names() == ["out.mp4"]


@pytest.mark.parametrize("end", ["abandon", "close"])
def test_an_older_file_stays_until_the_new_one_is_whole(media: Any, end: Any) -> None:
    output = media.folder / "out.mp4"
    output.write_bytes(b"older")
    sink = VideoFileSink(output)
    sink.open(media.info())
    for index in range(40):
        sink.write(media.frame(index))
    assert output.read_bytes() == b"older"
    getattr(sink, end)()
    getattr(sink, end)()
    assert media.names() == ["out.mp4"]
    assert (output.read_bytes() == b"older") == (end == "abandon")


def test_a_link_is_followed(media: Any) -> None:
    (media.folder / "there").mkdir()
    link = media.folder / "out.mp4"
    link.symlink_to(media.folder / "there" / "real.mp4")
    sink = VideoFileSink(link)
    sink.open(media.info())
    sink.write(media.frame(0))
    sink.close()
    assert link.is_symlink()
    assert [path.name for path in (media.folder / "there").iterdir()] == ["real.mp4"]


def test_without_frames_there_is_no_file(media: Any) -> None:
    sink = VideoFileSink(media.folder / "out.mp4")
    sink.open(media.info())
    with pytest.raises(SinkError, match="no frame"):
        sink.close()
    assert media.names() == []


def test_a_very_long_name_works(media: Any) -> None:
    output = media.folder / ("n" * 250 + ".mp4")
    sink = VideoFileSink(output)
    sink.open(media.info())
    sink.write(media.frame(0))
    sink.close()
    assert len(media.times(output)) == 1


def test_two_sinks_may_write_the_same_name(media: Any) -> None:
    output = media.folder / "out.mp4"
    one, two = VideoFileSink(output), VideoFileSink(output)
    for sink in (one, two):
        sink.open(media.info())
    for sink, count in ((one, 3), (two, 5)):
        for index in range(count):
            sink.write(media.frame(index))
    one.close()
    two.close()
    assert len(media.times(output)) == 5
    assert media.names() == ["out.mp4"]


BAD = {
    "ending": ("out.avi", "says no video format"),
    "no ending": ("out", "says no video format"),
    "folder missing": ("nowhere/out.mp4", "no folder"),
    "a folder": ("folder.mp4", "is a folder"),
    "no file": ("device.mp4", "is not a file"),
    "too long": ("n" * 300 + ".mp4", "cannot be written"),
    "below a file": ("plain/out.mp4", "no folder"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_place_that_cannot_be_is_refused_when_opened(media: Any, kind: Any) -> None:
    name, problem = BAD[kind]
    (media.folder / "folder.mp4").mkdir()
    (media.folder / "plain").write_bytes(b"")
    (media.folder / "device.mp4").symlink_to(os.devnull)
    before = media.names()
    with pytest.raises(SinkError, match=problem) as caught:
        VideoFileSink(media.folder / name).open(media.info())
    assert caught.value.hint
    assert media.names() == before


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder in which nobody may write")
def test_a_folder_that_cannot_be_written_is_told_when_opened(media: Any) -> None:
    with pytest.raises(SinkError, match="cannot be written") as caught:
        VideoFileSink(Path("/proc/out.mp4")).open(media.info())
    assert caught.value.hint


DISK_FULL = """
    import resource, sys
    from fractions import Fraction
    from pathlib import Path
    import numpy as np
    from humanseg.errors import SinkError
    from humanseg.frames import Frame, StreamInfo
    from humanseg.sinks.video_file import VideoFileSink

    output, limit, frames = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    random = np.random.default_rng(0)
    sink = VideoFileSink(output)
    sink.open(StreamInfo(width=128, height=96, rate=Fraction(30), time_base=Fraction(1, 30)))
    written = 0
    try:
        for index in range(frames):
            noise = random.integers(0, 256, (96, 128, 3), dtype=np.uint8)
            sink.write(Frame(rgb=noise, index=index, time=Fraction(index, 30)))
            written += 1
        sink.close()
    except SinkError as error:
        print("writing" if written < frames else "closing", "|", error.problem, "|", error.hint)
    sink.close()
    sink.abandon()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("limit", "frames", "when"), [(200_000, 120, "writing"), (3_000, 3, "closing")])
def test_a_full_disk_leaves_nothing(media: Any, ending: Any, limit: Any, frames: Any, when: Any) -> None:
    output = media.folder / f"out{ending}"
    output.write_bytes(b"older")
    command = [sys.executable, "-c", textwrap.dedent(DISK_FULL), str(output), str(limit), str(frames)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    # WebM is written cluster by cluster, so that a disk may turn out to be full rather late.
    assert ended.stdout.startswith(when) or ending == ".webm", ended.stdout
    assert "too large" in ended.stdout
    assert "free space" in ended.stdout
    assert media.names() == [f"out{ending}"]
    assert output.read_bytes() == b"older"


def test_wrong_use_is_a_bug_not_a_sink_error(media: Any) -> None:
    sink = VideoFileSink(media.folder / "out.mp4")
    with pytest.raises(RuntimeError, match="not open"):
        sink.write(media.frame(0))
    sink.open(media.info())
    with pytest.raises(ValueError, match="a frame of"):
        sink.write(media.frame(0, size=(32, 32)))
    with pytest.raises(SettingsError, match="quality"):
        VideoFileSink(media.folder / "out.mp4", quality=60)

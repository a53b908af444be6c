"""`humanseg-batch` beyond one composite: looks, formats, folders in folders, programs that read it, going on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from humanseg.cli.batch import main
from humanseg.sources.video_file import VideoFileSource

Batch = Callable[..., int]
COMMAND = [sys.executable, "-c", "import sys; from humanseg.cli.batch import main; sys.exit(main())"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def batch(red_model: Path) -> Batch:
    def run(*words: str | Path) -> int:
        model = ["--model", str(red_model), "--engine", "onnxruntime", "--threads", "1"]
        return main([*map(str, words), *model])

    return run


def inside(folder: Path) -> list[str]:
    return sorted(str(entry.relative_to(folder)) for entry in folder.rglob("*") if entry.is_file())


def test_several_looks_get_names_of_their_own(batch: Batch, media: Any) -> None:
    clip = media.clip(frames=4)
    looks = ["--as", "composite", "alpha", "transparent", "--background", "#00b140"]
    assert batch(clip, "-o", media.folder / "made" / "x.mp4", *looks) == 1  # there is no such folder
    assert batch(clip, "-o", f"{media.folder}/made/", *looks) == 0
    assert inside(media.folder / "made") == ["clip-alpha.mp4", "clip-composite.mp4", "clip-transparent.mov"]
    with av.open(str(media.folder / "made" / "clip-transparent.mov")) as container:
        assert container.streams.video[0].codec_context.name == "prores"


def test_a_cut_out_needs_no_background_and_goes_to_mov(batch: Batch, media: Any) -> None:
    assert batch(media.clip(frames=3), "--as", "transparent") == 0
    assert media.names() == ["clip-humanseg.mov", "clip.mp4"]


def test_a_composite_needs_a_background(batch: Batch, media: Any, capfd: Any) -> None:
    with pytest.raises(SystemExit) as end:
        batch(media.clip(frames=3))
    assert end.value.code == 2
    assert "--background" in capfd.readouterr().err


def test_a_format_names_what_nobody_named(batch: Batch, media: Any) -> None:
    (media.folder / "clips").mkdir()
    media.clip("clips/a.mp4", frames=3)
    media.clip("clips/b.mkv", frames=2)
    assert batch(media.folder / "clips", "--as", "transparent", "--format", "png") == 0
    made = media.folder / "clips-humanseg"
    assert inside(made) == ["a/000001.png", "a/000002.png", "a/000003.png", "b/000001.png", "b/000002.png"]


def test_pictures_go_in_and_out_again(batch: Batch, media: Any) -> None:
    clip, frames = media.clip(frames=5), media.folder / "frames"
    assert batch(clip, "-o", frames / "%04d.png", "--background", "#000000") == 0
    assert len(inside(frames)) == 5
    assert batch(frames, "-o", media.folder / "again.mp4", "--fps", "30", "--background", "#000000") == 0
    assert batch(frames / "%04d.png", "-o", media.folder / "once-more.mkv", "--background", "#000000") == 0
    assert media.times(media.folder / "again.mp4") == [Fraction(index, 30) for index in range(5)]
    assert len(media.times(media.folder / "once-more.mkv")) == 5


def test_folders_in_folders_keep_their_places(batch: Batch, media: Any) -> None:
    for name in ("in", "in/deep", "in/deep/er"):
        (media.folder / name).mkdir()
    for name in ("in/a.mp4", "in/deep/a.mp4", "in/deep/er/b.mp4"):
        media.clip(name, frames=2)
    assert batch(media.folder / "in", "-o", media.folder / "out", "--recursive", "--as", "alpha") == 0
    assert inside(media.folder / "out") == ["a.mp4", "deep/a.mp4", "deep/er/b.mp4"]


def test_a_pattern_is_expanded(batch: Batch, media: Any, capfd: Any) -> None:
    for name in ("a1.mp4", "a2.mp4", "b1.mp4"):
        media.clip(name, frames=2)
    assert batch(media.folder / "a*.mp4", "-o", media.folder / "out", "--as", "alpha") == 0
    assert inside(media.folder / "out") == ["a1.mp4", "a2.mp4"]
    assert batch(media.folder / "c*.mp4", "-o", media.folder / "out", "--as", "alpha") == 1
    assert "No file matches" in capfd.readouterr().err


def test_a_part_of_another_size_and_rate(batch: Batch, media: Any) -> None:
    clip = media.clip(frames=60, sound=["aac"])
    words = ["--trim", "0.5-1.5", "--scale", "32x24", "--fps", "15", "--as", "alpha"]
    assert batch(clip, "-o", media.folder / "out.mp4", *words) == 0
    frames = list(VideoFileSource(media.folder / "out.mp4"))
    assert len(frames) == 15
    assert frames[0].size == (32, 24)
    [made], [whole] = media.sounds(media.folder / "out.mp4"), media.sounds(clip)
    kept = [(time, data) for time, data in whole if 0.5 <= time < 1.5]
    assert [data for _, data in made] == [data for _, data in kept]
    assert all(abs(float(time - before) + 0.5) < 1e-4 for (time, _), (before, _) in zip(made, kept, strict=True))


def test_without_sound(batch: Batch, media: Any) -> None:
    clip = media.clip(frames=3, sound=["aac"])
    assert batch(clip, "-o", media.folder / "out.webm", "--as", "transparent") == 1  # WebM holds no AAC
    assert batch(clip, "-o", media.folder / "out.webm", "--as", "transparent", "--sound", "none") == 0
    assert media.sounds(media.folder / "out.webm") == []


def test_programs_read_lines_of_json(batch: Batch, media: Any, capfd: Any) -> None:
    clips = media.folder / "clips"
    clips.mkdir()
    media.clip("clips/a.mp4", frames=12)
    (clips / "b.mp4").write_text("a text")
    report = media.folder / "report.json"
    assert batch(clips, "--as", "alpha", "--json", "--report", report) == 1
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["event"] for line in lines if line["event"] != "progress"] == [
        "start", "begin", "end", "begin", "end", "over",
    ]  # fmt: skip
    last = [line for line in lines if line["event"] == "progress"][-1]
    assert (last["frames"], last["total"]) == (12, 12)
    ends = [line for line in lines if line["event"] == "end"]
    assert [(end["state"], end.get("frames")) for end in ends] == [("written", 12), ("failed", None)]
    assert ends[0]["outputs"] == [str(media.folder / "clips-humanseg" / "a.mp4")]
    assert ends[0]["fps"] == pytest.approx(12 / ends[0]["seconds"], rel=0.05)
    assert "b.mp4" in ends[1]["problem"]
    written, failed = json.loads(report.read_text())["videos"]
    assert (written["state"], written["frames"], failed["state"]) == ("written", 12, "failed")


def test_a_dry_run_writes_nothing(batch: Batch, media: Any, capfd: Any) -> None:
    clip = media.clip(frames=12)
    capfd.readouterr()
    assert batch(clip, "-o", f"{media.folder}/made/", "--as", "alpha", "transparent", "--dry-run") == 0
    out = capfd.readouterr().out
    assert "made/clip-alpha.mp4" in out
    assert "made/clip-transparent.mov" in out
    assert "12 frames" in out
    assert media.names() == ["clip.mp4"]


def test_videos_side_by_side(batch: Batch, media: Any, capfd: Any) -> None:
    (media.folder / "in").mkdir()
    for name in "abcde":
        media.clip(f"in/{name}.mp4", frames=8)
    assert batch(media.folder / "in", "--as", "alpha", "--jobs", "3") == 0
    assert inside(media.folder / "in-humanseg") == [f"{name}.mp4" for name in "abcde"]
    assert "5 of 5 videos written." in capfd.readouterr().out


def test_the_same_command_again_makes_only_what_is_missing(batch: Batch, media: Any, capfd: Any) -> None:
    (media.folder / "in").mkdir()
    for name in "ab":
        media.clip(f"in/{name}.mp4", frames=4)
    assert batch(media.folder / "in", "--as", "alpha") == 0
    made = media.folder / "in-humanseg"
    (made / "b.mp4").unlink()
    before = (made / "a.mp4").stat().st_mtime_ns
    capfd.readouterr()
    assert batch(media.folder / "in", "--as", "alpha") == 0
    out = capfd.readouterr().out.splitlines()
    assert out[0].endswith("is there already, made by the same command")
    assert "b.mp4  4 frames" in out[1]
    assert (made / "a.mp4").stat().st_mtime_ns == before
    assert batch(media.folder / "in", "--as", "alpha", "--quality", "30") == 1
    assert "made with other settings" in capfd.readouterr().err


def test_a_gpu_that_is_not_there_is_an_error_where_it_is_required(batch: Batch, media: Any, capfd: Any) -> None:
    clip = media.clip(frames=2)
    capfd.readouterr()
    assert batch(clip, "--as", "alpha", "--require-gpu") == 1
    assert "does not run on a GPU" in capfd.readouterr().err
    assert media.names() == ["clip.mp4"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jobs", "0"], "side by side"),
        (["--quality", "99"], "quality 99"),
        (["--trim", "5"], "no part"),
        (["--scale", "big"], "no size"),
        (["--cluster", "slurm"], "no cluster"),
        (["--codec", "av1", "-o", "out.mov"], "cannot hold video as av1"),
    ],
)
def test_wrong_words_are_one_clear_error(
    words: list[str], said: str, batch: Batch, media: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = media.clip(frames=2)
    monkeypatch.chdir(media.folder)
    capfd.readouterr()
    assert batch(clip, "--as", "alpha", *words) == 1
    error = capfd.readouterr().err.splitlines()
    assert said in error[0]
    assert len(error) == 2
    assert media.names() == ["clip.mp4"]


@posix
def test_standard_input(media: Any, red_model: Path) -> None:
    clip = media.clip(frames=6, sound=["aac"])
    words = ["-", "-o", media.folder / "out.mp4", "--as", "alpha", "--model", red_model, "--engine", "onnxruntime"]
    for expected in ("6 frames", "is there already"):
        with clip.open("rb") as file:
            done = subprocess.run(
                [*COMMAND, *map(str, words)], stdin=file, capture_output=True, text=True, timeout=60, check=False
            )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    assert media.sounds(media.folder / "out.mp4") == media.sounds(clip)
    assert media.names() == ["clip.mp4", "out.mp4"]


@posix
def test_sigterm_keeps_what_is_finished_and_says_so(media: Any, red_model: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 96, 160, 3), np.uint8)
    clip = media.clip(frames=1500, size=(160, 96), picture=lambda index, size: noise[index % 20])
    words = [*COMMAND, str(clip), "-o", str(media.folder / "out.mp4"), "--as", "alpha", "--model", str(red_model)]
    words += ["--engine", "onnxruntime", "--threads", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not list(media.folder.glob(".*/000000.segment")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 143, error
    assert error.startswith("Stopped.")
    assert not list(media.folder.glob(".*/*writing*"))
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "1500 frames (" in done.stdout  # fewer were made now
    assert media.names() == ["clip.mp4", "out.mp4"]


def test_no_thread_outlives_a_run(batch: Batch, media: Any) -> None:
    batch(media.clip(frames=2), "--as", "alpha")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("humanseg-")]

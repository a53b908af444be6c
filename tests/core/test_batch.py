"""`humanseg-batch` as people use it: real clips, a network whose alpha is the red channel, files read back."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.cli.bars import JobBars
from humanseg.cli.batch import main
from humanseg.cli.jobs import plan
from humanseg.errors import HumansegError, SettingsError
from humanseg.pipeline.process import Progress
from humanseg.pipeline.stats import Stats
from humanseg.sources.video_file import VideoFileSource

GREEN = "#00b140"
COMMAND = [sys.executable, "-c", "import sys; from humanseg.cli.batch import main; sys.exit(main())"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals, limits and terminals of POSIX")


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg-")]
    assert not left, f"threads left behind: {left}"


Batch = Callable[..., int]


@pytest.fixture
def batch(red_model: Path) -> Batch:
    """The command in this process, with the red model and a green background unless the words say otherwise."""

    def run(*words: str | Path) -> int:
        given = [str(word) for word in words]
        for option, value in (("--background", GREEN), ("--model", str(red_model)), ("--engine", "onnxruntime")):
            given += [option, value] if option not in given else []
        return main(given)

    return run


def plain(index: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A person on the left half, the room on the right, of other colours in each frame."""
    rgb = np.full((size[1], size[0], 3), (0, 60, 255 - index * 7), np.uint8)
    rgb[:, : size[0] // 2, 0] = 255
    return rgb


def read(path: Path) -> list[Any]:
    return list(VideoFileSource(path))


def told(error: str) -> tuple[str, str]:
    """The problem and the hint that a command printed, and nothing else."""
    lines = error.splitlines()
    assert len(lines) == 2, error
    assert lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: "), lines[1].strip()


def inside(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# What is made.


def test_a_clip_keeps_its_frames_times_and_sound_and_gets_its_background(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    rate = Fraction(30000, 1001)
    clip = media.clip(rate=rate, frames=30, size=(64, 32), sound=["aac"], picture=plain)
    output = media.folder / "out.mp4"
    assert batch(clip, "-o", output) == 0
    before, after = read(clip), read(output)
    assert len(after) == 30
    assert [frame.time for frame in after] == [frame.time for frame in before] == [index / rate for index in range(30)]
    for source, composite in zip(before, after, strict=True):
        assert np.abs(composite.rgb[:, :20].astype(int) - source.rgb[:, :20]).max() <= 6
        assert np.abs(composite.rgb[:, -20:].astype(int) - (0x00, 0xB1, 0x40)).max() <= 6
    assert media.sounds(output) == media.sounds(clip)
    assert len(media.sounds(output)[0]) > 40
    out, err = capfd.readouterr()
    line = re.escape(str(output)) + r"  30 frames  \d+\.\d fps  engine onnxruntime CPU \(\d+ threads?\)\n"
    assert re.fullmatch(line, out)
    assert err == ""


def test_a_variable_rate_keeps_every_time(batch: Batch, media: Any) -> None:
    ticks = [0, 1000, 1500, 4000, 4001, 9000]
    clip = media.clip(times=ticks, last_duration=700, size=(64, 32))
    assert batch(clip, "-o", media.folder / "out.mp4") == 0
    assert media.times(media.folder / "out.mp4") == [Fraction(tick, 30000) for tick in ticks]


def test_the_background_may_be_the_blurred_room_or_a_picture(batch: Batch, media: Any) -> None:
    room = np.full((48, 64, 3), (200, 40, 10), np.uint8)
    cv2.imwrite(str(media.folder / "room.png"), room[..., ::-1])
    clip = media.clip(frames=3, size=(64, 32), picture=lambda index, size: np.zeros((size[1], size[0], 3), np.uint8))
    assert batch(clip, "-o", media.folder / "room.mp4", "--background", media.folder / "room.png") == 0
    assert np.abs(read(media.folder / "room.mp4")[1].rgb.astype(int) - (200, 40, 10)).max() <= 6
    assert batch(clip, "-o", media.folder / "blur.mp4", "--background", "blur:0.8") == 0
    assert np.abs(read(media.folder / "blur.mp4")[1].rgb).max() <= 3


def test_without_o_the_output_stands_beside_the_input(batch: Batch, media: Any) -> None:
    assert batch(media.clip("talk.mov", frames=3)) == 0
    assert inside(media.folder) == ["talk-humanseg.mov", "talk.mov"]


def test_o_may_be_a_folder_that_is_there(batch: Batch, media: Any) -> None:
    (media.folder / "made").mkdir()
    assert batch(media.clip("talk.mp4", frames=3), "-o", media.folder / "made") == 0
    assert inside(media.folder / "made") == ["talk.mp4"]


def test_o_with_a_slash_is_a_folder_to_make(batch: Batch, media: Any) -> None:
    assert batch(media.clip("talk.mp4", frames=3), "-o", f"{media.folder / 'new'}/") == 0
    assert inside(media.folder / "new") == ["talk.mp4"]


def test_a_folder_gives_a_folder_with_the_same_names(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, frames in (("b.mp4", 3), ("a.mkv", 4), ("old.avi", 5)):
        media.clip(name, frames=frames)
    (media.folder / "notes.txt").write_text("not a video")
    (media.folder / "._b.mp4").write_bytes(b"what another system left")
    (media.folder / "deeper").mkdir()
    shutil.copy(media.folder / "b.mp4", media.folder / "deeper")
    made = media.folder / "new" / "made"
    assert batch(media.folder, "-o", made) == 0
    # AVI cannot be written.
    assert inside(made) == ["a.mkv", "b.mp4", "old.mp4"]
    assert [len(read(made / name)) for name in inside(made)] == [4, 3, 5]
    out, err = capfd.readouterr()
    assert [line.split("  ")[0] for line in out.splitlines()[:-1]] == [str(made / name) for name in inside(made)]
    assert out.splitlines()[-1] == "3 of 3 videos written."
    assert err == ""


def test_one_bad_file_does_not_keep_the_others_from_being_made(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    clips = media.folder / "clips"
    clips.mkdir()
    for name in ("a.mp4", "z.mp4"):
        media.clip(f"clips/{name}", frames=3)
    (clips / "m.mp4").write_text("this is a text")
    assert batch(clips) == 1
    assert inside(media.folder / "clips-humanseg") == ["a.mp4", "z.mp4"]
    out, err = capfd.readouterr()
    assert out.splitlines()[-1] == "2 of 3 videos written."
    assert "m.mp4" in err.splitlines()[0]
    assert err.splitlines()[-1].startswith("Not written: ")
    assert "Traceback" not in err


def test_overwrite_replaces(batch: Batch, media: Any) -> None:
    clip, output = media.clip(frames=3), media.folder / "out.mp4"
    output.write_text("older")
    assert batch(clip, "-o", output, "--overwrite") == 0
    assert len(read(output)) == 3


@posix
def test_a_name_that_is_no_text_is_no_trouble(batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    try:
        media.clip("talk.mp4", frames=3).rename(media.folder / name)
    except OSError:
        pytest.skip("this file system wants names to be text")
    assert batch(media.folder / name, "-o", media.folder / "out.mp4") == 0
    assert batch(media.folder / name) == 0
    assert r"caf\udce9-humanseg.mp4" in capfd.readouterr().out


# What is refused: one line and a hint, exit code 1, nothing under the final name.


def no_frames(folder: Path, media: Any) -> Path:
    path: Path = media.clip("empty.mp4", times=[], sound=["aac"])
    return path


def text(folder: Path, media: Any) -> Path:
    (folder / "text.mp4").write_text("this is a text")
    return folder / "text.mp4"


BAD_INPUTS: dict[str, tuple[Callable[[Path, Any], Path], str]] = {
    "missing": (lambda folder, media: folder / "gone.mp4", r"no file or folder .*gone\.mp4"),
    "folder without videos": (lambda folder, media: folder / "bare", r"no video in the folder .*bare"),
    "text": (text, r"text\.mp4"),
    "no frames": (no_frames, r"empty\.mp4"),
    "cut, index lost": (lambda folder, media: media.cut(media.clip(frames=90), 0.5), r"cut-clip\.mp4"),
    "cut, index kept": (
        lambda folder, media: media.cut(
            media.clip(frames=90, container_options={"movflags": "faststart"}, sound=["aac"]), 0.6
        ),
        r"cut-clip\.mp4.* of 90 frames",
    ),
}


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_a_bad_input_is_one_clear_error(kind: str, batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    (media.folder / "bare").mkdir()
    (media.folder / "bare" / "notes.txt").write_text("not a video")
    (media.folder / "made").mkdir()
    make, pattern = BAD_INPUTS[kind]
    path = make(media.folder, media)
    capfd.readouterr()  # what encoders said while the clip was made
    assert batch(path, "-o", media.folder / "made" / "out.mp4") == 1
    problem, hint = told(capfd.readouterr().err)
    assert re.search(pattern, problem)
    assert hint
    assert inside(media.folder / "made") == []


BAD_OUTPUTS = {
    "in no folder": ("gone/out.mp4", "no folder"),
    "in a file": ("clip.mp4/out.mp4", "not a folder"),
    "no ending": ("out", "ending"),
    "unknown ending": ("out.txt", r"\.txt"),
    "name too long": ("x" * 300 + ".mp4", "x"),
    "there already": ("there.mp4", "there already"),
}


@pytest.mark.parametrize("kind", BAD_OUTPUTS)
def test_a_bad_output_is_one_clear_error(
    kind: str, batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = media.clip(frames=3)
    (media.folder / "there.mp4").write_text("older")
    before = inside(media.folder)
    capfd.readouterr()
    output, pattern = BAD_OUTPUTS[kind]
    assert batch(clip, "-o", media.folder / output) == 1
    problem, hint = told(capfd.readouterr().err)
    assert re.search(pattern, problem)
    assert hint
    assert inside(media.folder) == before
    assert (media.folder / "there.mp4").read_text() == "older"


UNFIT_NAMES = {
    "no ending, for a format": (["a.mp4", "-o", "NAME", "--format", "mov"], "NAME names the file", "/ for a folder"),
    "no ending, for pictures": (["a.mp4", "-o", "NAME", "--format", "png"], "NAME names the file", "/ for a folder"),
    "another ending": (["a.mp4", "-o", "out.mp4", "--format", "mov"], "out.mp4 names the file", "--format"),
    "no ending": (["a.mp4", "-o", "NAME"], "without an ending", ".mov"),
    "two numbers": (["a.mp4", "-o", "made/%d-%d.png"], "where the number goes", "%05d"),
    "no alpha": (["a.mp4", "b.mp4", "-o", "made", "--as", "transparent", "--format", "mp4"], "transparent", ".mov"),
    "no alpha in this codec": (["a.mp4", "-o", "out.mov", "--as", "transparent", "--codec", "h264"], "h264", "prores"),
    "no such codec there": (["a.mp4", "b.mp4", "-o", "made", "--format", "webm", "--codec", "h264"], "h264", ".mkv"),
}


@pytest.mark.parametrize("kind", UNFIT_NAMES)
def test_a_name_that_fits_no_output_is_refused_before_the_model_is_read(
    kind: str, media: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(media.folder)
    for name in ("a.mp4", "b.mp4"):
        media.clip(name, frames=3)
    capfd.readouterr()
    words, pattern, advice = UNFIT_NAMES[kind]
    # A model that is not there is complained of as soon as it is looked for.
    assert main([*words, "--background", GREEN, "--model", "./gone"]) == 1
    problem, hint = told(capfd.readouterr().err)
    assert pattern in problem
    assert advice in hint
    assert inside(media.folder) == ["a.mp4", "b.mp4"]


def test_sound_that_does_not_fit_may_be_left_out(batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    clip, output = media.clip(frames=3, size=(64, 32), sound=["aac"]), media.folder / "out.webm"
    capfd.readouterr()
    assert batch(clip, "-o", output) == 1
    problem, hint = told(capfd.readouterr().err)
    assert "aac" in problem
    assert ".mkv" in hint
    assert "--sound none" in hint
    assert batch(clip, "-o", output, "--sound", "none") == 0
    assert media.sounds(output) == []


@posix
def test_a_folder_without_write_permission_is_one_clear_error(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    locked = media.folder / "locked"
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):
        locked = Path("/proc")  # to root nothing is locked, but nobody can make a file here
        if not locked.is_dir():
            pytest.skip("there is no folder that refuses a file")
    clip = media.clip(frames=3)
    capfd.readouterr()
    assert batch(clip, "-o", locked / "out.mp4") == 1
    problem, _ = told(capfd.readouterr().err)
    assert str(locked) in problem


ALIASES: dict[str, Callable[[Path], Path]] = {
    "itself": lambda clip: clip,
    "by a detour": lambda clip: clip.parent / "sub" / ".." / clip.name,
    "by a dot": lambda clip: Path(os.path.relpath(clip)),
    "by a symbolic link": lambda clip: clip.parent / "link.mp4",
    "by a hard link": lambda clip: clip.parent / "twin.mp4",
    "through a linked folder": lambda clip: clip.parent / "same" / clip.name,
}


@posix
@pytest.mark.parametrize("alias", ALIASES)
def test_an_input_is_never_overwritten(alias: str, batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    clip = media.clip(frames=3)
    (media.folder / "sub").mkdir()
    (media.folder / "link.mp4").symlink_to(clip)
    (media.folder / "same").symlink_to(media.folder, target_is_directory=True)
    (media.folder / "twin.mp4").hardlink_to(clip)
    before = clip.read_bytes()
    capfd.readouterr()
    assert batch(clip, "-o", ALIASES[alias](clip), "--overwrite") == 1
    problem, _ = told(capfd.readouterr().err)
    assert "also an input" in problem
    assert clip.read_bytes() == before


@posix
def test_an_input_is_not_overwritten_by_another_ones_output_either(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in ("one", "two", "made"):
        (media.folder / folder).mkdir()
    first, second = media.clip("one/a.mp4", frames=3), media.clip("two/b.mp4", frames=3)
    (media.folder / "made" / "a.mp4").symlink_to(second)
    before = second.read_bytes()
    capfd.readouterr()
    assert batch(first, second, "-o", media.folder / "made", "--overwrite") == 1
    assert "also an input" in told(capfd.readouterr().err)[0]
    assert second.read_bytes() == before


BAD_SETTINGS = {
    "unknown background": (["--background", "blurr"], "no background 'blurr'"),
    "background is no picture": (["--background", "notes.txt"], "notes.txt"),
    "missing background": (["--background", "gone.jpg"], "gone.jpg"),
    "no model folder": (["--model", "./gone"], "no model folder"),
    "damaged model": (["--model", "damaged"], "SHA-256"),
    "no threads": (["--threads", "0"], "0 threads"),
}


@pytest.mark.parametrize("kind", BAD_SETTINGS)
def test_a_bad_setting_is_one_clear_error_before_any_work(
    kind: str,
    batch: Batch,
    red_model: Path,
    media: Any,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(media.folder)
    shutil.copytree(red_model, "damaged")
    with Path("damaged/model.onnx").open("ab") as file:
        file.write(b"!")
    Path("notes.txt").write_text("not a picture")
    clip = media.clip(frames=3)
    capfd.readouterr()
    words, pattern = BAD_SETTINGS[kind]
    assert batch(clip, "-o", "made/", *words) == 1
    problem, hint = told(capfd.readouterr().err)
    assert pattern in problem
    assert hint
    assert inside(media.folder) == ["clip.mp4", "damaged", "notes.txt"]


@pytest.mark.parametrize(
    "words",
    [[], ["clip.mp4"], ["clip.mp4", "--background"], ["clip.mp4", "--background", "blur", "--overwrit"]],
    ids=["nothing", "no background", "no value", "typing error"],
)
def test_a_wrong_command_line_ends_with_2(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "humanseg-batch" in "".join(capfd.readouterr())


# The plan alone, where running it would show no more.


def test_the_demo_is_an_input_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [job] = plan(["demo"], None)
    assert (job.source, job.file, job.output) == ("demo", None, Path("demo-humanseg.mp4"))
    (tmp_path / "talk.mp4").touch()
    assert [job.output for job in plan(["talk.mp4", "demo"], "made")] == [Path("made/talk.mp4"), Path("made/demo.mp4")]


def test_a_file_named_demo_is_meant_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").touch()
    [job] = plan(["./demo"], "out.mp4")
    assert job.file == Path("demo")
    assert job.source != "demo"


def test_a_pattern_is_written_to_a_folder_however_many_it_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").touch()
    assert [job.output for job in plan(["*.mp4"], "made")] == [Path("made/a.mp4")]
    assert [job.output for job in plan(["*.mp4"], "out.mov")] == [Path("out.mov")]
    assert [job.output for job in plan(["*.mp4"], None)] == [Path("a-humanseg.mp4")]
    (tmp_path / "b.mp4").touch()
    assert [job.output for job in plan(["*.mp4"], "made")] == [Path("made/a.mp4"), Path("made/b.mp4")]


@pytest.mark.parametrize(
    ("inputs", "output", "pattern"),
    [
        (["a.mp4", "b.mp4"], None, "nothing says where"),
        (["a.mp4", "b.mp4"], "out.mp4", "names one file"),
        (["a.mp4", "b.mp4"], "a.mp4", "names one file"),
        (["sub"], "out.mp4", "names one file"),
        (["a.mp4", "sub/a.mp4"], "made", "both be written to made/a.mp4"),
        (["a.mp4", "a.avi"], "made", "both be written to made/a.mp4"),
        (["a.mp4", "a.mp4"], "made", "both be written to made/a.mp4"),
    ],
)
def test_several_inputs_need_a_folder_and_names_of_their_own(
    inputs: list[str], output: str | None, pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("a.mp4", "b.mp4", "a.avi", "sub/a.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(SettingsError, match=pattern):
        plan(inputs, output)


def test_several_outputs_do_not_go_into_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "b.mp4", "notes"):
        (tmp_path / name).touch()
    with pytest.raises(HumansegError, match="notes is not a folder"):
        plan(["a.mp4", "b.mp4"], "notes")


def test_what_is_there_already_is_counted_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("clips", "made"):
        (tmp_path / folder).mkdir()
        for name in ("a.mp4", "b.mp4", "c.mp4"):
            (tmp_path / folder / name).touch()
    (tmp_path / "made" / "b.mp4").unlink()
    with pytest.raises(HumansegError, match=r"made/a\.mp4 is there already \(and 1 more\)"):
        plan(["clips"], "made")
    assert len(plan(["clips"], "made", overwrite=True)) == 3


def test_the_folder_one_stands_in_has_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "a.mp4").touch()
    monkeypatch.chdir(clips)
    assert [job.output for job in plan(["."], None)] == [tmp_path.resolve() / "clips-humanseg" / "a.mp4"]


# The whole program: signals, limits, terminals.


def words_for(red_model: Path, *words: str | Path) -> list[str]:
    return [*COMMAND, *map(str, words), "--background", GREEN, "--model", str(red_model), "--engine", "onnxruntime"]


@posix
def test_ctrl_c_leaves_nothing_and_ends_with_130(red_model: Path, tmp_path: Path) -> None:
    command = words_for(red_model, "demo", "-o", tmp_path / "out.mp4")
    # A shell that starts the tests in the background has them ignore SIGINT, and this process inherits that.
    command[2] = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " + command[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not inside(tmp_path):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert inside(tmp_path) == []
    assert out == ""
    assert err.startswith("Stopped.")
    assert len(err.splitlines()) == 1


@posix
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(red_model: Path, media: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 32, 64, 3), np.uint8)
    clip = media.clip(size=(64, 32), picture=lambda index, size: noise[index])
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
    command = words_for(red_model, clip, "-o", media.folder / "out.mp4")
    command[2] = limited + command[2]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "out.mp4 cannot be written" in told(done.stderr)[0]
    assert inside(media.folder) == ["clip.mp4"]


@posix
def test_a_terminal_gets_a_bar_and_still_one_plain_line(red_model: Path, media: Any) -> None:
    clip = media.clip(frames=3, size=(64, 32))
    screen, terminal = os.openpty()
    try:
        done = subprocess.run(
            words_for(red_model, clip),
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(terminal)
        terminal = -1
        shown = b""
        while chunk := read_screen(screen):
            shown += chunk
    finally:
        os.close(screen)
        if terminal >= 0:
            os.close(terminal)
    assert done.returncode == 0, shown
    assert b"clip.mp4" in shown
    assert b"3/3" in shown
    assert b"fps" in shown
    assert done.stdout.startswith(str(clip.with_name("clip-humanseg.mp4")))
    assert len(done.stdout.splitlines()) == 1


def test_the_bar_of_all_videos_goes_on_with_those_that_are_made() -> None:
    with JobBars(["a.mp4", "b.mp4", "c.mp4", "d.mp4"]) as bars:
        whole = bars._bars.tasks[0]
        for number, (frames, fps) in enumerate([(30, 4.0), (10, 2.5), (0, 0.0)]):
            bars.begin(number)
            bars.show(number, Progress(frames=frames, total=40, stats=Stats(fps=fps)))
        assert (whole.completed, whole.fields["fps"]) == (1.0, 6.5)
        bars.end(0)
        assert (whole.completed, whole.fields["fps"]) == (1.25, 2.5)
        assert [task.description for task in bars._bars.tasks] == ["all", "2/4 b.mp4", "3/4 c.mp4"]


def read_screen(screen: int) -> bytes:
    try:
        return os.read(screen, 4096)
    except OSError:  # the other end is closed
        return b""


def test_help_does_not_even_import_what_draws_the_bar() -> None:
    code = "import sys; from humanseg.cli.batch import main\ntry: main(['--help'])\nfinally: print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "--background" in done.stdout
    modules = done.stdout.splitlines()[-1]
    assert "'tyro'" in modules
    for heavy in ("numpy", "cv2", "av", "torch", "onnxruntime", "openvino", "rich"):
        assert f"'{heavy}'" not in modules

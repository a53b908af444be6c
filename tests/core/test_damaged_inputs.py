"""Fifty damaged inputs: a clear line each, no crash, nothing under a final name, memory bounded."""

import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

posix = pytest.mark.skipif(os.name != "posix", reason="limits and names of POSIX")

MEMORY = 3 << 30
"""Bytes of address space: what libraries and their threads reserve, but no picture of 65535 x 65535."""


def flipped(data: bytes, seed: int, count: int) -> bytes:
    chance, damaged = random.Random(seed), bytearray(data)
    for _ in range(count):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def after(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """The bytes with some replaced, `offset` behind a mark."""
    at = data.index(mark) + offset
    return data[:at] + value + data[at + len(value) :]


def damaged(media: Any) -> dict[str, bytes]:
    """Name and content of each file."""
    options = {"movflags": "faststart"}
    mp4 = media.clip("w.mp4", frames=40, size=(96, 64), sound=["aac"], container_options=options).read_bytes()
    late = media.clip("l.mp4", frames=40, size=(96, 64)).read_bytes()
    mkv = media.clip("w.mkv", frames=40, size=(96, 64), sound=["aac"]).read_bytes()
    avi = media.clip("w.avi", frames=40, size=(96, 64)).read_bytes()
    webm = media.clip("w.webm", frames=10, size=(96, 64)).read_bytes()
    ts = media.clip("w.ts", frames=40, size=(96, 64)).read_bytes()
    for name in media.names():
        (media.folder / name).unlink()
    files: dict[str, bytes] = {}
    for number, (name, whole) in enumerate([("mp4", mp4), ("mkv", mkv), ("avi", avi), ("webm", webm), ("ts", ts)]):
        for part in (0.02, 0.3, 0.9):
            files[f"cut-{part}.{name}"] = whole[: int(len(whole) * part)]
        for count in (3, 40):
            files[f"flipped-{count}.{name}"] = flipped(whole, number * 10 + count, count)
        files[f"zeros-in-the-middle.{name}"] = (
            whole[: len(whole) // 2] + bytes(len(whole) // 4) + whole[len(whole) * 3 // 4 :]
        )
    huge = struct.pack(">HH", 65535, 65535)
    wide = struct.pack(">II", 65535 << 16, 65535 << 16)
    files |= {
        "index-lost.mp4": late[: len(late) // 2],
        "huge-entry.mp4": after(mp4, b"avc1", 28, huge),
        "huge-track.mp4": after(mp4, b"tkhd", 80, wide),
        "zero-entry.mp4": after(mp4, b"avc1", 28, bytes(4)),
        "huge-box.mp4": after(mp4, b"moov", -4, b"\xff\xff\xff\xff"),
        "huge-sample-count.mp4": after(mp4, b"stsz", 12, b"\x7f\xff\xff\xff"),
        "no-ticks.mp4": after(mp4, b"mdhd", 16, bytes(4)),
        "wrong-codec.mp4": after(mp4, b"avc1", 0, b"xyz1"),
        "header-alone.mp4": mp4[:32],
        "mkv-by-name.mkv": mp4[:2000],
        "empty.mp4": b"",
        "one-byte.mov": b"\0",
        "text.mp4": b"this is a text\n" * 50,
        "page.webm": b"<!doctype html><title>404</title>",
        "zeros.mkv": bytes(5000),
        "noise.mp4": random.Random(1).randbytes(20000),
        "noise-with-header.mp4": mp4[:32] + random.Random(2).randbytes(20000),
        "playlist.m4v": b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
        "list.mp4": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "sound-alone.mp4": mp4.replace(b"vide", b"xxxx"),
    }
    return files


ALL = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
import humanseg.errors
from humanseg.matting import open_matter
from humanseg.pipeline.process import process_video
folder, model = Path(sys.argv[1]), sys.argv[2]
with open_matter(model, "onnxruntime", threads=1) as matter:
    for path in sorted(folder.iterdir()):
        told = {"name": path.name}
        try:
            told["frames"] = process_video(path, folder.parent / "made" / f"{path.name}.mkv", matter=matter).frames
        except humanseg.errors.HumansegError as error:
            told |= {"problem": error.problem, "hint": error.hint}
        print(json.dumps(told), flush=True)
"""


@posix
def test_every_damaged_file_is_one_clear_line(media: Any, red_model: Path) -> None:
    files = damaged(media)
    assert len(files) == 50
    (media.folder / "in").mkdir()
    (media.folder / "made").mkdir()
    for name, data in files.items():
        (media.folder / "in" / name).write_bytes(data)
    command = [sys.executable, "-c", ALL, str(media.folder / "in"), str(red_model), str(MEMORY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert told.keys() == files.keys()
    made = {path.name for path in (media.folder / "made").iterdir()}
    for name, line in told.items():
        if "problem" in line:
            assert name in line["problem"], line
            assert "\n" not in line["problem"], line
            assert line["hint"], line
            assert f"{name}.mkv" not in made
        else:
            assert line["frames"] > 0
    assert not [name for name in made if name.startswith(".")]
    # What passes must have lost nothing: a wrong word in a header that nobody needs, a flipped bit in a picture.
    lost = {name: line["frames"] for name, line in told.items() if line.get("frames", 40) not in (40, 10)}
    assert not {name for name in lost if not name.startswith(("flipped", "zeros-in", "no-ticks"))}, lost
    assert sum("problem" in line for line in told.values()) >= 25


TRICKS: dict[str, Callable[[Path], str]] = {
    "protocol": lambda folder: "http://localhost:1/x.mp4",
    "concat": lambda folder: f"concat:{folder / 'a.mp4'}|{folder / 'a.mp4'}",
    "option": lambda folder: "-i",
    "newline": lambda folder: str(folder / "a\nb.mp4"),
    "pipe": lambda folder: "pipe:0",
    "device": lambda folder: "/dev/zero",
    "climb": lambda folder: str(folder / ".." / ".." / "gone.mp4"),
    "percent": lambda folder: str(folder / "a%s%n.mp4"),
    "nul": lambda folder: "a\0b.mp4",
    "long": lambda folder: "x" * 5000,
}


@posix
@pytest.mark.parametrize("trick", TRICKS)
def test_a_name_is_only_a_name(trick: str, media: Any, red: Any, capfd: pytest.CaptureFixture[str]) -> None:
    from humanseg.cli.batch import main

    media.clip("a.mp4", frames=2)
    before = media.names()
    capfd.readouterr()
    words = ["--background", "#000000", "-o", str(media.folder / "out.mp4"), "--", TRICKS[trick](media.folder)]
    try:
        code = main(words)
    except SystemExit as end:  # what looks like an option
        code = int(str(end.code))
    assert code in (1, 2)
    assert "Traceback" not in capfd.readouterr().err
    assert media.names() == before


def test_huge_pictures_in_a_folder_are_one_clear_error(tmp_path: Path, red: Any) -> None:
    from humanseg.errors import SourceError
    from humanseg.pipeline.process import process_video

    folder = tmp_path / "in"
    folder.mkdir()
    _, data = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))
    damaged = bytearray(data.tobytes())
    damaged[16:24] = struct.pack(">II", 100_000, 100_000)
    (folder / "1.png").write_bytes(bytes(damaged))
    with pytest.raises(SourceError, match=r"1\.png"):
        process_video(folder, tmp_path / "out.mp4", matter=red)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]

"""Files that are damaged, cut short or no video at all, and whole ones that only look so."""

import os
import re
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from humanseg.errors import SourceError
from humanseg.sources.video_file import VideoFileSource


def read(path: Path) -> tuple[list[Any], SourceError | None]:
    """Every frame that comes, and the error that ends them, if one does."""
    frames = []
    try:
        for frame in VideoFileSource(path):
            frames.append(frame)
    except SourceError as error:
        return frames, error
    return frames, None


# What is wrong with a file


def write_bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def audio_only(media: Any) -> Any:
    """Sound with a picture on its cover."""
    path = media.folder / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        sound = media._sound(container, "aac", 0, 0, 0.2)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.start_encoding()
        container.mux(sound())
        image = av.VideoFrame(32, 32, "yuvj420p")
        image.pts = 0
        container.mux([*cover.encode(image), *cover.encode(None)])
    return path


BAD: dict[str, tuple[Callable[[Any], Path], str]] = {
    "missing": (lambda media: media.folder / "nowhere.mp4", "no file"),
    "below a file": (lambda media: write_bytes(media.folder / "a", b"") / "a.mp4", "no file"),
    "long name": (lambda media: media.folder / ("n" * 300 + ".mp4"), "cannot be read"),
    "folder": (lambda media: media.folder, "a folder"),
    "device": (lambda _media: Path(os.devnull), "no file, not a video"),
    "text": (lambda media: write_bytes(media.folder / "a.mp4", b"not a video\n" * 99), "not a video"),
    "text by name": (lambda media: write_bytes(media.folder / "a.txt", b"a few words\n" * 99), "not a video"),
    "empty": (lambda media: write_bytes(media.folder / "a.mp4", b""), "not a video"),
    "sound": (audio_only, "sound, but no picture"),
    "no frames": (lambda media: media.clip("clip.mkv", times=[]), "no frames"),
    "no frames, sound": (lambda media: media.clip("clip.mkv", times=[], sound=["aac"]), "no frames"),
    "no index": (lambda media: media.cut(media.clip(), 0.5), "no index"),
    "unknown codec": (
        lambda media: write_bytes(media.folder / "a.mp4", media.clip().read_bytes().replace(b"avc1", b"zzz1")),
        "cannot be decoded",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_video_is_refused_when_opened(media: Any, kind: Any) -> None:
    make, problem = BAD[kind]
    path = make(media)
    with pytest.raises(SourceError) as caught:
        VideoFileSource(path)
    assert problem in caught.value.problem
    assert str(path) in caught.value.problem
    assert caught.value.hint


FRONT = {"movflags": "faststart"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
CUTS = [
    ("clip.mp4", "libx264", FRONT),
    ("clip.mov", "libx264", FRONT),
    ("clip.mp4", "mpeg4", FRONT),
    ("clip.mp4", "libx265", FRONT),
    ("clip.mp4", "libx264", FRAGMENTS),
    ("clip.mkv", "libx264", {}),
    ("clip.webm", "libvpx-vp9", {}),
    ("clip.avi", "mpeg4", {}),
]


@pytest.mark.parametrize("share", [0.6, 0.85])
@pytest.mark.parametrize(("name", "codec", "container_options"), CUTS)
def test_a_file_cut_short_gives_its_good_frames_and_then_an_error(
    media: Any, name: Any, codec: Any, container_options: Any, share: Any
) -> None:
    settings = {"g": "10", "bf": "2"} if codec == "libx264" else {}
    settings |= {"x265-params": "log-level=none", "preset": "ultrafast"} if codec == "libx265" else {}
    clock = Fraction(1, 30 if name == "clip.avi" else 30000)
    path = media.clip(
        name, frames=60, codec=codec, options=settings, container_options=container_options, time_base=clock
    )
    whole, error = read(path)
    assert (len(whole), error) == (60, None)
    frames, error = read(media.cut(path, share))
    assert error is not None
    # FFmpeg does not open fragments of which one has a broken index.
    assert len(frames) < 60
    assert len(frames) > 0 or container_options is FRAGMENTS
    # Where B-frames are missing the last frames come from a little further on.
    good = {frame.time: frame.rgb for frame in whole}
    assert all(np.array_equal(frame.rgb, good[frame.time]) for frame in frames)
    said = re.search(r"ends early: (?:only )?(\d+) (?:of (?:about )?(\d+) )?frames", error.problem)
    assert said is not None, error.problem
    assert int(said[1]) == len(frames)
    if container_options is not FRAGMENTS:
        assert int(said[2]) == 60
    assert error.hint


def test_a_transport_stream_cut_in_a_frame_is_damaged(media: Any) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    path = media.clip("clip.ts", options={"bf": "0"}, picture=lambda index, _: np.roll(noise, 7 * index, axis=1))
    places = media.places(path)
    path.write_bytes(path.read_bytes()[: (places[20][0] + places[21][0]) // 2])
    frames, error = read(path)
    assert error is not None
    assert 0 < len(frames) <= 20


def test_a_transport_stream_cut_between_frames_is_short_of_a_whole_packet(media: Any) -> None:
    path = media.clip("clip.ts", options={"bf": "0"})
    path.write_bytes(path.read_bytes()[: media.places(path)[20][0] + 50])
    frames, error = read(path)
    assert error is not None
    assert "ends early" in error.problem
    assert len(frames) == 20


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "libx264"), ("clip.mkv", "libx264"), ("clip.mp4", "mpeg4")])
def test_damage_in_the_middle_is_an_error(media: Any, name: Any, codec: Any) -> None:
    path = media.clip(name, frames=60, codec=codec, options={"bf": "0"})
    whole, _ = read(path)
    packets = media.places(path)
    data = bytearray(path.read_bytes())
    position, size = packets[30]
    noise = np.random.default_rng(3).integers(0, 256, size - 24, dtype=np.uint8).tobytes()
    data[position + 24 : position + size] = noise
    path.write_bytes(data)
    frames, error = read(path)
    assert error is not None
    assert "damaged" in error.problem
    assert 0 < len(frames) <= 30
    for frame, good in zip(frames, whole, strict=False):
        assert np.array_equal(frame.rgb, good.rgb)


@pytest.mark.parametrize("damaged", [1, 2])
def test_the_last_packets_count_too(media: Any, damaged: Any) -> None:
    path = media.clip(frames=30, options={"bf": "0"})
    packets = media.places(path)
    data = bytearray(path.read_bytes())
    for position, size in packets[-damaged:]:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(data)
    frames, error = read(path)
    assert error is not None
    assert len(frames) <= 30 - damaged


def test_a_hole_in_matroska_does_not_look_like_the_end(media: Any) -> None:
    path = media.clip("clip.mkv", frames=150, options={"bf": "0"})
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 * 2] = bytes(len(data) // 3)
    path.write_bytes(data)
    frames, error = read(path)
    assert error is not None
    assert len(frames) < 150


def test_the_decoders_own_words_are_passed_on(media: Any) -> None:
    path = media.clip("clip.mp4", codec="mpeg4", frames=30)
    packets = media.places(path)
    data = bytearray(path.read_bytes())
    position, size = packets[10]
    data[position : position + size] = b"\xff" * size
    path.write_bytes(data)
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=False):
            _, error = read(path)
    finally:
        av.logging.set_level(None)
    assert error is not None
    assert "header damaged" in error.problem
    assert isinstance(error.__cause__, av.error.FFmpegError)


def declare(path: Path, old: float, new: float) -> None:
    """Have a Matroska file say that it lasts longer: in its header and in the tag of its stream."""
    data = path.read_bytes()
    for before, after in (
        (b"\x44\x89\x88" + struct.pack(">d", old * 1000), b"\x44\x89\x88" + struct.pack(">d", new * 1000)),
        (f"00:00:{old:012.9f}".encode(), f"00:00:{new:012.9f}".encode()),
    ):
        assert before in data
        data = data.replace(before, after)
    path.write_bytes(data)


@pytest.mark.parametrize(("seconds", "is_whole"), [(3.9, True), (9.9, False)])
def test_a_long_last_frame_is_told_from_a_missing_end(media: Any, seconds: Any, is_whole: Any) -> None:
    path = media.clip("clip.mkv", times=[0, 100, 1100, 1900], last_duration=100, time_base=Fraction(1, 1000))
    declare(path, 2.0, seconds)
    frames, error = read(path)
    assert len(frames) == 4
    assert (error is None) == is_whole


@pytest.mark.parametrize(("more", "is_whole"), [(1, True), (4, False)])
def test_avi_may_count_one_frame_too_many(media: Any, more: Any, is_whole: Any) -> None:
    path = media.clip("clip.avi", frames=20, time_base=Fraction(1, 30))
    data = bytearray(path.read_bytes())
    at = data.index(b"strh") + 8 + 32
    assert data[at : at + 4] == struct.pack("<I", 20)
    data[at : at + 4] = struct.pack("<I", 20 + more)
    path.write_bytes(data)
    frames, error = read(path)
    assert len(frames) == 20
    assert (error is None) == is_whole


# What is whole, however it looks


def test_avi_may_repeat_frames(media: Any) -> None:
    times = [0, 1, 2, 5, 6, 9, 10, 11, 15, 16, 17, 30, 31, 32]
    frames, error = read(media.clip("clip.avi", times=times, time_base=Fraction(1, 30)))
    assert error is None
    assert [frame.time * 30 for frame in frames] == times


@pytest.mark.parametrize("tag", [b"DURATION", b"DIRATION"])
@pytest.mark.parametrize("name", ["clip.mkv", "clip.mp4"])
def test_sound_may_last_longer_than_the_picture(media: Any, name: Any, tag: Any) -> None:
    path = media.clip(name, frames=10, sound=["aac"], sound_seconds=4)
    path.write_bytes(path.read_bytes().replace(b"DURATION", tag))
    frames, error = read(path)
    assert (len(frames), error) == (10, None)


def test_a_recording_that_nobody_finished_is_taken_as_it_is(media: Any) -> None:
    path = media.clip("clip.mkv", frames=20, container_options={"live": "1"})
    frames, error = read(path)
    assert (len(frames), error) == (20, None)


def test_fragments_are_read_to_the_end(media: Any) -> None:
    path = media.clip(frames=40, options={"g": "10"}, container_options=FRAGMENTS)
    frames, error = read(path)
    assert (len(frames), error) == (40, None)


def test_interlaced_video_is_whole(media: Any) -> None:
    path = media.clip(frames=20, options={"flags": "+ildct+ilme", "bf": "0", "x264-params": "tff=1"})
    frames, error = read(path)
    assert (len(frames), error) == (20, None)


def test_vp8_packets_that_show_nothing_are_no_fault(media: Any) -> None:
    options = {"auto-alt-ref": "1", "lag-in-frames": "10", "deadline": "good", "cpu-used": "5"}
    path = media.clip("clip.webm", codec="libvpx", frames=40, options=options, bit_rate=100_000)
    frames, error = read(path)
    assert (len(frames), error) == (40, None)

"""Sound in written files: the packets of the source, at their times, along with the picture."""

from fractions import Fraction
from typing import Any

import av
import pytest

from humanseg.errors import SinkError
from humanseg.pipeline.process import Output, process_video
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sources.video_file import VideoFileSource

EXACT = [".mp4", ".mov"]


SOUND = [
    ("clip.mp4", "aac", ".mp4"),
    ("clip.mp4", "aac", ".mov"),
    ("clip.mp4", "libopus", ".mp4"),
    ("clip.mp4", "libmp3lame", ".mp4"),
    ("clip.mov", "pcm_s16le", ".mov"),
    ("clip.mkv", "libopus", ".webm"),
    ("clip.mkv", "libopus", ".mkv"),
    ("clip.mkv", "aac", ".mkv"),
    ("clip.mkv", "aac", ".mp4"),
    ("clip.mkv", "flac", ".mkv"),
    ("clip.mkv", "pcm_s16le", ".mkv"),
]


@pytest.mark.parametrize(("name", "codec", "ending"), SOUND)
def test_sound_is_copied_packet_by_packet(media: Any, name: Any, codec: Any, ending: Any) -> None:
    path = media.clip(name, frames=20, sound=[codec])
    output = media.folder / f"out{ending}"
    media.copy(path, output, sound_from=path)
    ((original,), (written,)) = media.sounds(path), media.sounds(output)
    assert len(original) > 5
    assert written == original


def test_sound_in_matroska_keeps_its_place_to_the_millisecond(media: Any) -> None:
    path = media.clip(frames=20, sound=["aac"])
    output = media.folder / "out.mkv"
    media.copy(path, output, sound_from=path)
    ((original,), (written,)) = media.sounds(path), media.sounds(output)
    assert original[0][0] < 0  # AAC begins before the picture: it must not push the picture back.
    assert [data for _, data in written] == [data for _, data in original]
    for times in (
        (media.times(output), media.times(path)),
        zip(*[[t for t, _ in s] for s in (written, original)], strict=True),
    ):
        pairs = zip(*times, strict=True) if isinstance(times, tuple) else times
        assert all(abs(one - other) <= Fraction(1, 2000) for one, other in pairs)


@pytest.mark.parametrize("ending", EXACT)
@pytest.mark.parametrize(("video_start", "sound_start"), [(0, 12_345), (7, 0), (7, 12_345)])
@pytest.mark.parametrize("ticks", [25, 90_000])
def test_sound_and_picture_stay_in_step(
    media: Any, ending: Any, video_start: Any, sound_start: Any, ticks: Any
) -> None:
    times = [video_start + index for index in range(20)]
    exact = {"movie_timescale": "720000"}
    path = media.clip(
        times=times, time_base=Fraction(1, ticks), sound=["aac"], sound_start=sound_start, container_options=exact
    )
    assert media.times(path)[0] == Fraction(video_start, ticks)
    assert media.sounds(path)[0][0][0] == Fraction(sound_start - 1024, 48_000)
    output = media.folder / f"out{ending}"
    media.copy(path, output, sound_from=path)
    assert media.times(output) == media.times(path)
    assert media.sounds(output) == media.sounds(path)


def test_every_stream_of_sound_is_copied_with_its_language(media: Any) -> None:
    path = media.clip(frames=20, sound=["aac", "libopus"])
    output = media.folder / "out.mp4"
    media.copy(path, output, sound_from=path)
    assert media.sounds(output) == media.sounds(path)
    with av.open(str(output)) as container:
        assert [stream.language for stream in container.streams.audio] == ["eng", "deu"]
        assert [stream.codec_context.name for stream in container.streams.audio] == ["aac", "opus"]


def test_sound_may_go_on_after_the_picture(media: Any) -> None:
    path = media.clip(frames=10, sound=["aac"], sound_seconds=15)
    output = media.folder / "out.mp4"
    media.copy(path, output, sound_from=path)
    assert media.sounds(output) == media.sounds(path)
    assert len(media.times(output)) == 10


def test_a_silent_file_is_copied_without_sound(media: Any) -> None:
    path = media.clip(frames=5)
    media.copy(path, media.folder / "out.mp4", sound_from=path)
    assert media.sounds(media.folder / "out.mp4") == []


def test_sound_is_written_along_with_the_picture(media: Any) -> None:
    path = media.clip("clip.mkv", frames=300, sound=["pcm_s16le"])
    output = media.folder / "out.mkv"
    source = VideoFileSource(path)
    sink = VideoFileSink(output, sound_from=path)
    sink.open(source.info)
    (partial,) = [each for each in media.folder.iterdir() if "partial" in each.name]
    for each in source:
        sink.write(each)
        if each.index == 200:
            assert partial.stat().st_size > 3 * 48_000 * 4  # of 6.7 s; the rest waits for the picture
    sink.close()
    with av.open(str(output)) as container:
        packets: list[Any] = [packet for packet in container.demux() if packet.size]
        order = [(packet.stream.type, float(packet.pts * packet.time_base)) for packet in packets]
    latest = {"video": 0.0, "audio": 0.0}
    for kind, time in order:
        latest[kind] = time
        assert abs(latest["video"] - latest["audio"]) < 0.2


@pytest.mark.parametrize(
    ("codec", "ending", "others"),
    [("aac", ".webm", [".mp4", ".mov", ".mkv"]), ("libopus", ".mov", [".mp4", ".mkv", ".webm"])],
)
def test_sound_that_does_not_fit_is_refused_at_once(media: Any, codec: Any, ending: Any, others: Any) -> None:
    path = media.clip("clip.mkv", frames=5, sound=[codec])
    output = media.folder / f"out{ending}"
    sink = VideoFileSink(output, sound_from=path)
    with pytest.raises(SinkError, match="cannot hold the sound") as caught:
        sink.open(VideoFileSource(path).info)
    assert all(other in caught.value.hint for other in others)
    assert ending not in caught.value.hint
    assert media.names() == ["clip.mkv"]


def test_sound_that_cannot_be_read_is_told_at_once(media: Any) -> None:
    sink = VideoFileSink(media.folder / "out.mp4", sound_from=media.folder / "nowhere.mp4")
    with pytest.raises(SinkError, match=r"sound of .*nowhere.mp4"):
        sink.open(media.info())
    assert media.names() == []


def test_sound_that_breaks_off_is_an_error(media: Any) -> None:
    path = media.clip(frames=60, sound=["aac"], container_options={"movflags": "faststart"})
    output = media.folder / "out.mp4"
    sink = VideoFileSink(output, sound_from=media.cut(path, 0.6))
    sink.open(media.info())

    def write_all() -> None:
        for index in range(60):
            sink.write(media.frame(index))

    with pytest.raises(SinkError, match="sound"):
        write_all()
    sink.close()
    assert media.names() == ["clip.mp4", "cut-clip.mp4"]


def test_sound_that_does_not_fit_is_refused_before_a_frame_is_made(media: Any, red: Any) -> None:
    clip = media.clip(sound=["aac"])

    class Untouched:
        model, engine, options = red.model, red.engine, red.options

        def reset(self) -> None:
            raise AssertionError("the work began")

    with pytest.raises(SinkError, match=r"\.webm file cannot hold the sound"):
        process_video(clip, Output(path=media.folder / "out.webm"), matter=Untouched())  # type: ignore[arg-type]
    assert media.names() == ["clip.mp4"]

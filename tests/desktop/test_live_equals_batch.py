"""One pipeline for both: the live page and the page of files make the same pixels of the same frames."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from humanseg.frames import Frame, Matte
from humanseg.matting import open_matter
from humanseg.pipeline.job import Output
from humanseg.pipeline.process import run_job
from humanseg.sources.video_file import VideoFileSource
from humanseg_desktop import scenery
from humanseg_desktop.batch import video_job
from humanseg_desktop.clearance import Clearance
from humanseg_desktop.outlet import OutletSink
from humanseg_desktop.settings import Input, Look, Settings

pytestmark = pytest.mark.gui

Make = Callable[..., Any]

LOOKS = {
    "blur": Look(background="blur", blur=0.3, feather=0.01),
    "colour": Look(background="colour", colour="#3060c0", light_wrap=0.4, decontaminate=False, threshold=0.2),
    "picture": Look(background="picture", picture="BEACH", fit="fit", light_wrap=0.7, shift=0.01, smoothing=0.4),
    "look ahead": Look(background="colour", colour="#3060c0", smoothing=0.0, look_ahead=2),
}


class Patient:
    """A file as a live source that gives the next frame when the last one is out: so nothing is left out."""

    def __init__(self, path: Path, taken: Event, ready: Event) -> None:
        self._file = VideoFileSource(path)
        self.info = dataclasses.replace(self._file.info, live=True)
        self._taken, self._ready, self._end = taken, ready, Event()
        self.problem, self.lost = None, False

    def __iter__(self) -> Iterator[Frame]:
        self._ready.wait(10)
        for frame in self._file:
            self._taken.clear()
            yield frame
            self._taken.wait(10)
        self._end.wait(10)

    def close(self) -> None:
        self._end.set()
        self._taken.set()
        self._ready.set()
        self._file.close()


@pytest.mark.parametrize("name", LOOKS)
def test_the_same_look_gives_the_same_pixels_live_and_in_a_file(
    bench: Make, media: Any, red_model: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cv2.imwrite(str(media.folder / "beach.png"), np.arange(60 * 90 * 3, dtype=np.uint8).reshape(60, 90, 3))
    look = LOOKS[name]
    if look.picture:
        look = dataclasses.replace(look, picture=str(media.folder / "beach.png"))
    clip = media.clip("clip.mp4", frames=24, size=(96, 64))
    live = play(bench(Settings(input=Input(source="clip"), look=look)), clip, red_model, monkeypatch)
    with open_matter(red_model, "onnxruntime", threads=1, options=scenery.options_of(look)) as matter:
        job = video_job(clip, media.folder / "made.mp4", look)
        run_job(dataclasses.replace(job, outputs=(Output(path=media.folder / "made" / "%05d.png"),)), matter)
    made = [np.asarray(cv2.imread(str(path)))[..., ::-1] for path in sorted((media.folder / "made").iterdir())]
    assert len(made) == 24
    # A camera that only pauses keeps the last ones back, but for those before a cut.
    assert sorted(live)[: 24 - look.look_ahead] == list(range(24 - look.look_ahead))
    for index, picture in enumerate(made[: len(live)]):
        assert np.array_equal(live[index], picture), f"frame {index}"
    assert not np.array_equal(live[0], live[12])


def play(one: Any, clip: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> dict[int, NDArray[np.uint8]]:
    """What goes out of the live page, by the index of the frame."""
    out: dict[int, NDArray[np.uint8]] = {}
    taken, ready = Event(), Event()
    ahead = one.controller.settings.look.look_ahead
    write = OutletSink.write

    def keep(self: OutletSink, frame: Frame) -> None:
        write(self, frame)
        shown = one.outlet.shown
        if shown.frame is frame and not shown.slate:
            out[frame.index] = frame.rgb
        if not ahead:
            taken.set()

    monkeypatch.setattr(OutletSink, "write", keep)
    if ahead:
        look = Clearance.look

        def looked(self: Clearance, frame: Frame) -> Callable[[], Matte]:
            second_half = look(self, frame)

            def matted() -> Matte:
                given = second_half()
                taken.set()
                return given

            return matted

        monkeypatch.setattr(Clearance, "look", looked)
        monkeypatch.setattr(OutletSink, "lossless", True)
        monkeypatch.setattr("humanseg.pipeline.worker.HELD_S", 60)
    one.parts.source = lambda wanted: Patient(clip, taken, ready)
    one.parts.matter = lambda wanted: open_matter(model, "onnxruntime", threads=1)
    one.start()
    one.wait(lambda: one.controller.state.phase == "running" and one.outlet._ticket is not None)
    ready.set()
    one.wait(lambda: len(out) >= 24 - ahead)
    one.window.close()
    return out

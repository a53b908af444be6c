"""Videos from the page of files: made, refused, cancelled, tried again."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl

from humanseg.errors import EngineError
from humanseg_desktop.settings import Look, Settings

pytestmark = pytest.mark.gui

Make = Callable[..., Any]
GREEN = Settings(look=Look(background="colour", colour="#00ff00"))


def stages(one: Any) -> list[str]:
    return [job.stage for job in one.window.files._model.jobs]


def test_videos_are_made_with_the_look_and_a_bad_one_stops_nobody(bench: Make, media: Any) -> None:
    good, other = media.clip("good.mp4", frames=12), media.clip("other.mov", frames=5)
    bad = media.folder / "bad.mp4"
    bad.write_bytes(b"no video")
    one = bench(GREEN)
    one.window.show_page("files")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (bad, good, other)])
    assert one.window.drop(mime)
    one.qtbot.mouseClick(one.window.files._go, Qt.MouseButton.LeftButton)
    one.wait(lambda: stages(one) == ["failed", "done", "done"])
    assert "bad.mp4" in one.window.files._model.jobs[0].problem
    with av.open(str(media.folder / "good-humanseg.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 12
    assert np.abs(frames[5][:, :16].astype(int) - (0, 255, 0)).max() < 30
    assert (media.folder / "other-humanseg.mov").exists()


def test_an_output_never_takes_the_place_of_a_file(bench: Make, media: Any) -> None:
    clip = media.clip("clip.mp4", frames=3)
    (media.folder / "clip-humanseg.mp4").write_bytes(b"mine")
    one = bench(GREEN)
    one.window.files.add([clip, clip])
    outputs = [job.output.name for job in one.window.files._model.jobs]
    assert outputs == ["clip-humanseg-2.mp4", "clip-humanseg-3.mp4"]


def test_cancelled_videos_leave_nothing_and_can_be_tried_again(bench: Make, media: Any) -> None:
    one = bench(GREEN)
    slow = media.clip("slow.mp4", frames=200)
    one.window.files.add([slow, slow])
    one.window.files.toggle()
    one.wait(lambda: "running" in stages(one))
    one.window.files.toggle()
    one.wait(lambda: not one.window.files.queue.running)
    one.wait(lambda: stages(one)[1] == "cancelled")
    if stages(one)[0] == "cancelled":
        assert not (media.folder / "slow-humanseg.mp4").exists()
    one.window.files.resume()
    one.wait(lambda: stages(one) == ["done", "done"])


def test_a_network_that_cannot_be_opened_fails_all_in_words(bench: Make, media: Any) -> None:
    one = bench(GREEN)
    one.parts.matter_error = EngineError("No engine can run the model.", "Install one.")
    one.window.files.add([media.clip("a.mp4", frames=3), media.clip("b.mp4", frames=3)])
    one.window.files.toggle()
    one.wait(lambda: stages(one) == ["failed", "failed"])
    assert "No engine" in one.window.files._model.jobs[1].problem


def test_the_list_is_cleared(bench: Make, tmp_path: Path) -> None:
    one = bench()
    one.window.files.add([tmp_path / "a.mp4"])
    assert one.window.files._go.isEnabled()
    one.window.files.clear()
    assert stages(one) == []
    assert not one.window.files._go.isEnabled()


def left_over(media: Any) -> list[str]:
    """What the journals keep."""
    return [name for name in media.names() if name.startswith(".")]


class Gate:
    """Lets so many frames of a matter through and holds the next one until it is opened; those after it are slow."""

    def __init__(self, one: Any, frames: int) -> None:
        self.held, self.open = threading.Event(), threading.Event()
        make = one.parts.matter

        def matter(wanted: Any) -> Any:
            made = make(wanted)

            def twist(_: Any, matte: Any) -> Any:
                if made.count == frames:
                    self.held.set()
                    self.open.wait(10)
                elif made.count > frames:
                    time.sleep(0.03)
                return matte

            made.twist = twist
            return made

        one.parts.matter = matter


def cancel_at(one: Any, clip: Path, frames: int) -> None:
    """Make a video and cancel when so many frames are through."""
    gate = Gate(one, frames)
    one.window.files.add([clip])
    one.qtbot.mouseClick(one.window.files._go, Qt.MouseButton.LeftButton)
    one.wait(lambda: gate.held.is_set() and one.window.files._model.jobs[0].frames > 300)
    one.qtbot.mouseClick(one.window.files._go, Qt.MouseButton.LeftButton)
    gate.open.set()
    one.wait(lambda: stages(one) == ["cancelled"] and not one.window.files.queue.running)


def test_a_cancelled_video_goes_on_where_it_stopped(bench: Make, media: Any) -> None:
    clip = media.clip("clip.mp4", frames=420)
    whole = bench(GREEN)
    whole.window.files.add([clip])
    whole.window.files.toggle()
    whole.wait(lambda: stages(whole) == ["done"])
    undisturbed = (media.folder / "clip-humanseg.mp4").rename(media.folder / "undisturbed.mp4")
    assert len(media.times(undisturbed)) == 420
    one = bench(GREEN)
    cancel_at(one, clip, 380)
    tab = one.window.files
    assert tab._model.data(tab._model.index(0, 2), Qt.ItemDataRole.DisplayRole) == "Stopped at 71 %"
    assert not (media.folder / "clip-humanseg.mp4").exists()
    assert tab._again.text() == " Go on"
    one.qtbot.mouseClick(tab._again, Qt.MouseButton.LeftButton)
    one.wait(lambda: stages(one) == ["done"])
    assert one.parts.matters[1].count < 150
    assert media.same(media.folder / "clip-humanseg.mp4", undisturbed)
    undisturbed.unlink()
    assert left_over(media) == []


def test_a_video_goes_on_after_the_app_was_closed_in_the_middle(bench: Make, media: Any) -> None:
    clip = media.clip("clip.mp4", frames=420)
    first = bench(GREEN).start()
    gate = Gate(first, 380)
    first.window.files.add([clip])
    first.window.files.toggle()
    first.wait(gate.held.is_set)
    threading.Timer(0.05, gate.open.set).start()
    first.window.close()
    assert first.threads == set()
    again = bench(GREEN)
    again.window.files.add([clip])
    again.window.files.toggle()
    again.wait(lambda: stages(again) == ["done"])
    assert again.parts.matters[0].count < 150


def test_a_video_begins_anew_with_another_look(bench: Make, media: Any) -> None:
    one = bench(GREEN)
    cancel_at(one, media.clip("clip.mp4", frames=320), 310)
    one.controller.set_look(colour="#0000ff")
    one.window.files.resume()
    one.wait(lambda: stages(one) == ["done"])
    with av.open(str(media.folder / "clip-humanseg.mp4")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(first[:, :16].astype(int) - (0, 0, 255)).max() < 30
    assert left_over(media) == []


def test_what_is_cleared_leaves_nothing(bench: Make, media: Any) -> None:
    one = bench(GREEN)
    cancel_at(one, media.clip("clip.mp4", frames=320), 310)
    assert left_over(media)
    one.qtbot.mouseClick(one.window.files._clear, Qt.MouseButton.LeftButton)
    assert left_over(media) == []


def test_nothing_is_made_while_the_background_is_off(bench: Make, media: Any) -> None:
    one = bench(Settings(look=Look(background="none")))
    one.window.files.add([media.clip("clip.mp4", frames=3)])
    assert not one.window.files._go.isEnabled()
    assert "background" in one.window.files._note.text()
    one.controller.set_look(background="blur")
    assert one.window.files._go.isEnabled()

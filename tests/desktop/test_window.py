"""The window as its user meets it: start, change everything, stop."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from humanseg.errors import EngineError, SourceError
from humanseg.matting.options import MattingOptions
from humanseg_desktop import scenery
from humanseg_desktop.settings import Input, Look, Settings, Window
from humanseg_desktop.ui.tour import Tour

pytestmark = pytest.mark.gui

Make = Callable[..., Any]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    import cv2

    path = tmp_path / "beach.png"
    cv2.imwrite(str(path), np.full((36, 64, 3), (10, 200, 20), np.uint8))
    return path


def test_a_composite_is_shown_soon_after_the_start(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()
    assert one.controller.state.phase == "running"
    assert one.message == ""
    assert "160 × 90" in one.window.live.source._given.text()


def test_everything_can_be_changed_while_it_runs_again_and_again(bench: Make, picture: Path) -> None:
    one = bench().start()
    one.wait_for_picture()
    for turn in range(3):
        one.controller.set_look(background="colour", colour="#00ff00")
        one.wait(lambda: (one.shown[:, 0] == (0, 255, 0)).all())
        one.controller.set_look(background="picture", picture=str(picture))
        one.wait(lambda: (one.shown[:, 0] == (20, 200, 10)).all())
        one.controller.set_look(background="none")
        one.wait(lambda: one.shown[:, :50].std() > 60)
        one.controller.set_look(background="blur", blur=0.9)
        one.wait(lambda: one.shown[:, :20].std() < 60)
        for view in ("split", "matte", "result"):
            one.window.remember(view=view)
            one.qtbot.wait(20)
        one.controller.open(Input(source="demo" if turn % 2 else "camera:1", engine="onnxruntime"))
        one.wait(lambda: one.controller.state.phase == "running")
        one.wait_for_picture()
    assert one.troubles == []
    assert len(one.parts.matters) == 2
    assert one.parts.matters[0].closed
    assert not one.parts.matters[1].closed


def test_it_can_be_closed_before_anything_is_open(bench: Make) -> None:
    one = bench().start()
    one.window.close()
    assert all(source.closed for source in one.parts.sources)


@pytest.mark.parametrize("turn", range(12))
def test_start_and_stop(bench: Make, turn: int) -> None:
    one = bench().start()
    if turn % 2:
        one.wait_for_picture()
    one.window.close()


def test_switching_a_background_on_shows_no_room_from_that_moment(bench: Make) -> None:
    one = bench(Settings(look=Look(background="none"))).start()
    one.wait_for_picture()
    one.wait(lambda: one.shown[:, :50].std() > 60)
    one.controller.set_look(background="colour", colour="#112233")
    assert one.outlet.shown.slate
    one.wait_for_picture()
    assert (one.shown[:, 0] == (0x11, 0x22, 0x33)).all()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Backgrounds that are ready when the event is set, and not before."""
    ready, made = threading.Event(), scenery.compositor_of

    def wait(look: Look) -> Any:
        if scenery.hides(look):
            ready.wait(10)
        return made(look)

    monkeypatch.setattr(scenery, "compositor_of", wait)
    yield ready
    ready.set()


def test_no_room_is_shown_while_a_background_gets_ready(bench: Make, slow: threading.Event) -> None:
    one = bench(Settings(look=Look(background="none"))).start()
    one.wait_for_picture()
    one.controller.set_look(background="colour", colour="#112233")
    for _ in range(20):
        assert one.outlet.shown.slate
        one.qtbot.wait(20)
    slow.set()
    one.wait_for_picture()
    assert (one.shown[:, 0] == (0x11, 0x22, 0x33)).all()


def test_no_room_is_shown_if_a_background_is_switched_on_while_a_source_opens(
    bench: Make, slow: threading.Event
) -> None:
    one = bench(Settings(look=Look(background="none"))).start()
    one.wait_for_picture()
    one.controller.open(Input(source="another"))
    one.controller.set_look(background="colour", colour="#112233")
    one.wait(lambda: len(one.parts.sources) == 2 and one.controller.state.phase == "running")
    for _ in range(20):
        assert one.outlet.shown.slate
        one.qtbot.wait(20)
    slow.set()
    one.wait_for_picture()
    assert (one.shown[:, 0] == (0x11, 0x22, 0x33)).all()


def test_hiding_shows_a_slate_until_it_is_taken_back(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()
    one.qtbot.mouseClick(one.window.live.outputs.hide_me, Qt.MouseButton.LeftButton)
    assert one.outlet.shown.slate
    one.controller.set_look(background="colour")
    one.qtbot.wait(60)
    assert one.outlet.shown.slate
    one.qtbot.mouseClick(one.window.live.outputs.hide_me, Qt.MouseButton.LeftButton)
    one.wait_for_picture()


def test_a_source_that_is_gone_is_told_and_comes_back_by_itself(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bench(Settings(input=Input(source="camera:0")))
    one.controller._retry.setInterval(50)
    one.start().wait_for_picture()
    one.parts.source_error = SourceError("The camera is not connected.", "Plug it in.")
    one.parts.sources[-1].fail = SourceError("The camera was unplugged.", "Plug it in again.")
    one.wait(lambda: "not connected" in one.message)
    assert one.outlet.shown.slate
    assert one.controller.state.phase in ("retrying", "opening")
    one.parts.source_error = None
    one.wait_for_picture()
    assert one.message == ""


def test_a_new_source_that_does_not_open_leaves_the_old_one_running(bench: Make) -> None:
    one = bench(Settings(input=Input(source="first"))).start()
    one.wait_for_picture()
    one.parts.source_error = SourceError("There is no such video.", "Check the path.")
    one.controller.open(Input(source="second"))
    one.wait(lambda: "no such video" in one.message)
    one.wait_for_picture()
    assert one.controller.state.wanted.source == "first"
    assert one.controller.settings.input.source == "first"


def test_an_engine_that_does_not_load_is_told_and_can_be_tried_again(bench: Make) -> None:
    one = bench()
    one.parts.matter_error = EngineError("No engine can run the model.", "Install one.")
    one.start()
    one.wait(lambda: "No engine" in one.message and one.outlet.shown)
    assert one.outlet.shown.slate
    one.parts.matter_error = None
    one.qtbot.mouseClick(one.window.live.banner._again, Qt.MouseButton.LeftButton)
    one.wait_for_picture()


def test_where_another_network_does_not_load_the_old_one_goes_on(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()
    one.parts.matter_error = EngineError("No engine can run the model.", "Install one.")
    one.controller.open(replace(one.controller.settings.input, engine="tensorrt"))
    one.wait(lambda: "No engine" in one.message)
    before = one.parts.matters[0].count
    one.wait(lambda: one.parts.matters[0].count > before + 3)
    assert not one.outlet.shown.slate
    assert one.controller.state.wanted.engine != "tensorrt"


def test_a_network_that_fails_shows_a_slate_and_says_so_until_it_is_well(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()

    def fail(*_: object) -> Any:
        raise EngineError("The graphics card is gone.", "Choose another engine.")

    one.parts.matters[0].twist = fail
    one.wait(lambda: one.outlet.shown.slate and "graphics card" in one.message)
    one.parts.matters[0].twist = None
    one.wait_for_picture()
    one.wait(lambda: one.message == "")
    assert len(one.parts.sources) == 1  # the camera was not let go for it


def test_a_source_that_is_lost_for_a_while_shows_a_slate_at_once(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()
    one.parts.sources[0].lost = True
    one.parts.sources[0].problem = SourceError("The camera was unplugged.", "Plug it in again.")
    one.wait(lambda: one.outlet.shown.slate and "unplugged" in one.message)
    one.parts.sources[0].lost = False
    one.parts.sources[0].problem = None
    one.wait_for_picture()
    one.wait(lambda: one.message == "")


@pytest.mark.parametrize("name", ["talk.mp4", "TALK.WMV", "talk.mpeg"])
def test_what_was_dropped_is_played_or_put_behind(bench: Make, picture: Path, tmp_path: Path, name: str) -> None:
    one = bench().start()
    one.wait_for_picture()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(picture))])
    assert one.window.drop(mime)
    one.wait(lambda: (one.shown[:, 0] == (20, 200, 10)).all())
    assert one.controller.settings.pictures == (str(picture),)
    film = tmp_path / name
    mime.setUrls([QUrl.fromLocalFile(str(film))])
    assert one.window.drop(mime)
    one.wait(lambda: one.controller.settings.input.source == str(film))


def test_keys_reach_everything(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()
    window = one.window
    one.qtbot.waitExposed(window)
    window.activateWindow()
    for key, view in ((Qt.Key.Key_2, "split"), (Qt.Key.Key_3, "matte"), (Qt.Key.Key_1, "result")):
        one.qtbot.keyClick(window, key)
        assert one.controller.settings.window.view == view
    one.qtbot.keyClick(window, Qt.Key.Key_M)
    assert one.controller.settings.window.mirror is False
    for key, kind in ((Qt.Key.Key_1, "none"), (Qt.Key.Key_3, "colour"), (Qt.Key.Key_2, "blur")):
        one.qtbot.keyClick(window, key, Qt.KeyboardModifier.AltModifier)
        assert one.controller.settings.look.background == kind
    one.qtbot.keyClick(window, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert one.controller.hidden
    one.qtbot.keyClick(window, Qt.Key.Key_F11)
    one.wait(window.isFullScreen)
    assert window.live.outputs.isHidden()
    one.qtbot.keyClick(window, Qt.Key.Key_Escape)
    one.wait(lambda: not window.isFullScreen())
    assert not window.live.outputs.isHidden()
    one.qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window._pages.currentWidget() is window.files


def test_the_split_shows_the_room_here_only_and_follows_the_mouse(bench: Make) -> None:
    one = bench(Settings(window=Window(view="split", mirror=False, width=900, height=600))).start()
    one.controller.set_look(background="colour", colour="#00ff00")
    one.wait_for_picture()
    one.wait(lambda: (one.shown[:, 0] == (0, 255, 0)).all())
    preview = one.window.live.preview
    rect = preview.picture_rect().toRect()

    def green(part: float) -> bool:
        image = preview.grab().toImage()
        ratio = image.devicePixelRatio()
        colours = [
            image.pixelColor(round(ratio * (rect.left() + part * rect.width())), round(ratio * (rect.top() + y)))
            for y in range(60, 100, 3)
        ]
        return all(colour.green() > 240 and colour.red() < 20 for colour in colours)

    one.wait(lambda: green(0.9))
    assert not green(0.1)
    middle, right = rect.center(), QPoint(rect.left() + round(rect.width() * 0.97), rect.center().y())
    one.qtbot.mousePress(preview, Qt.MouseButton.LeftButton, pos=middle)
    one.qtbot.mouseMove(preview, right)
    one.qtbot.mouseRelease(preview, Qt.MouseButton.LeftButton, pos=right)
    one.qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=right)
    one.wait(lambda: not green(0.9))


def test_every_control_has_a_name_and_a_tooltip(bench: Make) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox

    window = bench().window
    for kind in (QAbstractButton, QAbstractSlider, QComboBox):
        for control in window.live.findChildren(kind):
            if control.parent() is not None and control.metaObject().className() in ("QScrollBar", "QComboBoxListView"):
                continue
            words = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
            assert words.strip(), control
    for button in window.live.findChildren(QAbstractButton):
        assert button.toolTip() or button.text(), button


def test_the_finer_controls_reach_the_network_and_go_back(bench: Make) -> None:
    one = bench(Settings(window=Window(advanced=True))).start()
    one.wait_for_picture()
    panel, matter = one.window.live.adjust, one.parts.matters[0]
    assert matter.options == MattingOptions()
    for name, value in (
        ("smoothing", 0.25),
        ("look_ahead", 2),
        ("threshold", 0.5),
        ("feather", 0.01),
        ("shift", -0.01),
    ):
        panel._rows[name].set(value)
        panel._rows[name]._moved(panel._rows[name]._slider.value())
        assert getattr(matter.options, name) == pytest.approx(value, abs=0.005)
    assert panel._rows["look_ahead"]._value.text() == "2 frames"
    assert type(matter.options.look_ahead) is int
    one.qtbot.mouseClick(panel._rows["refine"].box, Qt.MouseButton.LeftButton, pos=QPoint(8, 10))
    assert matter.options.refine is False
    one.controller.open(Input(source="another", engine="onnxruntime"))
    one.wait(lambda: len(one.parts.matters) == 2 and one.controller.state.phase == "running")
    assert one.parts.matters[1].options == matter.options
    one.qtbot.mouseClick(panel._rows["smoothing"]._reset, Qt.MouseButton.LeftButton)
    assert one.controller.settings.look.smoothing == Look().smoothing
    one.qtbot.mouseClick(panel._reset, Qt.MouseButton.LeftButton)
    assert one.controller.settings.look == Look()
    assert one.parts.matters[1].options == MattingOptions()


def test_every_finer_control_has_a_reset_that_shows_when_there_is_something_to_put_back(bench: Make) -> None:
    one = bench(Settings(window=Window(advanced=True, height=1600))).start()
    one.wait_for_picture()
    panel, default = one.window.live.adjust, Settings()
    panel.offer("engine", [("auto", "Automatic"), ("onnxruntime", "ONNX Runtime")])
    others = {
        "smoothing": 0.0,
        "refine": False,
        "decontaminate": False,
        "skip_still": True,
        "carry": True,
        "shift": 0.01,
        "look_ahead": 2,
    }
    for name, row in panel._rows.items():
        assert row._reset.isHidden(), name
        one.controller.set_look(**{name: others.get(name, 0.03)})
        assert not row._reset.isHidden(), name
        assert row._reset.toolTip().startswith("Put "), name
        row._reset.click()
        assert row._reset.isHidden(), name
        assert one.controller.settings.look == default.look, name
    for name, value in (("preset", "quality"), ("engine", "onnxruntime"), ("model", "another")):
        row = panel._choices[name]
        assert row._reset.isHidden(), name
        row._choose(value)
        assert not row._reset.isHidden(), name
        one.wait(lambda value=value, name=name: getattr(one.controller.settings.input, name) == value)
        row._reset.click()
        one.wait(lambda: one.controller.settings.input == replace(default.input, source=""))
        assert row._reset.isHidden(), name
        assert row.combo.toolTip(), name


@pytest.mark.parametrize(("name", "value"), [("preset", "quality"), ("engine", "onnxruntime")])
def test_another_network_is_opened_when_it_is_asked_for(bench: Make, name: str, value: str) -> None:
    one = bench().start()
    one.wait_for_picture()
    combo = one.window.live.adjust._choices[name].combo
    one.window.live.adjust.offer("engine", [("auto", "Automatic"), ("onnxruntime", "ONNX Runtime")])
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())
    one.wait(lambda: len(one.parts.matters) == 2 and one.controller.state.phase == "running")
    one.wait_for_picture()
    assert one.parts.matters[0].closed
    assert getattr(one.controller.settings.input, name) == value


def test_asking_for_a_picture_takes_the_first_of_the_gallery(bench: Make, picture: Path) -> None:
    one = bench().start()
    one.window.live.background.add_picture(str(picture), "Beach", QPixmap(8, 8))
    one.window.live.background.choose("picture")
    assert one.controller.settings.look.picture == str(picture)
    one.wait_for_picture()
    one.wait(lambda: (one.shown[:, 0] == (20, 200, 10)).all())


def test_the_tour_has_three_steps_and_comes_once(bench: Make) -> None:
    one = bench().start()
    one.window.start_tour()
    tour = one.window.findChild(object, "tour")
    for step in range(3):
        assert tour.step == step
        one.qtbot.mouseClick(tour._next, Qt.MouseButton.LeftButton)
    assert tour.isHidden()
    assert one.controller.settings.window.toured


@pytest.mark.parametrize("clicked", [False, True])
def test_escape_ends_the_tour_wherever_the_keys_go_and_f1_begins_it_again(bench: Make, clicked: bool) -> None:
    one = bench().start()
    window = one.window
    one.qtbot.waitExposed(window)
    window.activateWindow()
    one.wait(window.isActiveWindow)
    for key in (Qt.Key.Key_F11, Qt.Key.Key_F1, Qt.Key.Key_F1):
        one.qtbot.keyClick(window, key)
    tours = [tour for tour in window.findChildren(Tour) if tour.isVisible()]
    assert len(tours) == 1
    assert not window.isFullScreen(), "what it is about would not be seen"
    if clicked:
        one.qtbot.mouseClick(window.live.preview, Qt.MouseButton.LeftButton)
    one.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert tours[0].isHidden()
    assert one.controller.settings.window.toured
    one.qtbot.keyClick(window, Qt.Key.Key_Escape)  # nothing is left to end


@pytest.mark.parametrize(("key", "modifier"), [("F11", "NoModifier"), ("2", "ControlModifier")])
def test_the_tour_ends_where_what_it_is_about_is_not_seen_any_more(bench: Make, key: str, modifier: str) -> None:
    one = bench().start()
    one.qtbot.waitExposed(one.window)
    one.window.activateWindow()
    one.wait(one.window.isActiveWindow)
    one.window.start_tour()
    one.qtbot.keyClick(one.window, Qt.Key[f"Key_{key}"], Qt.KeyboardModifier[modifier])
    assert not [tour for tour in one.window.findChildren(Tour) if tour.isVisible()]


def test_the_tour_brings_what_it_is_about_in_sight_and_stays_beside_it(bench: Make) -> None:
    one = bench(Settings(window=Window(advanced=True, width=900, height=600))).start()
    window = one.window
    one.qtbot.waitExposed(window)
    bar = window.live._sidebar.verticalScrollBar()
    one.wait(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    window.show_page("files")
    window.start_tour()
    tour = window.findChild(object, "tour")

    def beside() -> bool:
        card, corner = window.live.source, window.live.source.mapTo(window, QPoint(0, 0))
        return bool(
            window.live.source.visibleRegion().boundingRect().height() > card.height() // 2
            and 0 < corner.x() - (tour.x() + tour.width()) < 40
            and abs(tour.y() - corner.y()) < 40
        )

    one.wait(beside)
    window.resize(1300, 700)
    one.wait(lambda: window.live.source.mapTo(window, QPoint(0, 0)).x() > 900 and beside())
    one.qtbot.keyClick(tour._next, Qt.Key.Key_Return)
    assert tour.step == 1


def test_the_wheel_scrolls_the_controls_and_changes_none_of_them(bench: Make) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication, QComboBox, QSlider

    one = bench(Settings(window=Window(advanced=True, width=900, height=600))).start()
    one.wait_for_picture()
    live, before = one.window.live, one.controller.settings
    live.adjust.offer("engine", [("auto", "Automatic"), ("onnxruntime", "ONNX Runtime")])
    controls = [*live.adjust.findChildren(QComboBox), *live.adjust.findChildren(QSlider)]
    assert len(controls) == 9
    still = QPoint(0, 0)
    for control in controls:
        control.setFocus()
        for turn in (-120, 120):
            middle = control.rect().center()
            event = QWheelEvent(
                QPointF(middle),
                QPointF(control.mapToGlobal(middle)),
                still,
                QPoint(0, turn),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(control, event)
            assert not event.isAccepted()  # it goes on to what scrolls
    assert (one.controller.settings.look, one.controller.settings.input) == (before.look, before.input)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rtsp://192.168.1.20/live", "rtsp://192.168.1.20/live"),
        (" http://host/cam ", "http://host/cam"),
        ("camera.local:8554/a", "rtsp://camera.local:8554/a"),
    ],
)
def test_an_address_that_is_typed_is_a_stream(
    bench: Make, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    one = bench().start()
    one.wait_for_picture()
    monkeypatch.setattr("humanseg_desktop.ui.source_panel.QInputDialog.getText", lambda *_: (typed, True))
    one.window.live.source.ask_address()
    one.wait(lambda: one.controller.settings.input.source == meant)


def test_a_picture_that_is_pointed_at_is_there_when_it_is_chosen(
    bench: Make, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from humanseg import fitting
    from humanseg.compositing import image

    one = bench(Settings(look=Look(background="picture", picture="dawn"))).start()
    one.wait_for_picture()
    panel, read = one.window.live.background, image.read_picture
    fitted: list[str] = []

    def fit(*given: Any) -> Any:
        fitted.append(threading.current_thread().name)
        return fitting.fitted(*given)

    monkeypatch.setattr(image, "fitted", fit)
    panel.add_picture(str(picture), "Beach", QPixmap(8, 8))
    tile = panel._pictures._buttons[str(picture)]
    one.wait(tile.isVisible)
    one.qtbot.mouseMove(tile)
    one.wait(lambda: fitted)
    monkeypatch.setattr(image, "read_picture", lambda path: pytest.fail(f"{path} is decoded in the switch"))
    one.qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    one.wait(lambda: (one.shown[:, 0] == (20, 200, 10)).all())
    monkeypatch.setattr(image, "read_picture", read)
    # Neither is it fitted on the thread that makes the picture go on.
    assert {name.rsplit("_", 1)[0] for name in fitted} == {"humanseg-prepare"}


def test_pointing_at_a_picture_that_is_gone_tells_nothing(
    bench: Make, picture: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = bench().start()
    one.wait_for_picture()
    picture.unlink()
    one.controller.get_ready(str(picture))
    one.controller.set_look(background="colour", colour="#112233")
    one.wait(lambda: (one.shown[:, 0] == (0x11, 0x22, 0x33)).all())
    assert one.troubles == []
    assert "made ready" not in caplog.text


def test_what_is_unfolded_comes_in_sight(bench: Make) -> None:
    one = bench(Settings(window=Window(width=900, height=600))).start()
    one.qtbot.waitExposed(one.window)
    adjust = one.window.live.adjust
    adjust._fold.click()
    one.wait(lambda: adjust.visibleRegion().boundingRect().top() == 0)
    one.wait(lambda: adjust.mapTo(one.window.live._sidebar, QPoint(0, 0)).y() < 20)


def test_signals_do_not_wear_true_out(qtbot: Any) -> None:
    # PySide6 6.12.0 does on Python 3.11, and kills the program after a while.
    import sys

    from PySide6.QtCore import QObject, Signal

    class Telling(QObject):
        told = Signal(object)

    telling = Telling()
    before = sys.getrefcount(True)
    for _ in range(100):
        telling.told.emit(None)
    assert sys.getrefcount(True) > before - 50


def test_icons_are_as_sharp_as_the_screen(qtbot: Any) -> None:
    from PySide6.QtCore import QSize

    from humanseg_desktop.ui.icons import icon

    assert icon("refresh", "#ff0000").pixmap(QSize(20, 20), 2.0).size() == QSize(40, 40)


def test_a_picture_that_was_replaced_on_disk_is_read_again(bench: Make, picture: Path) -> None:
    import cv2

    one = bench().start()
    one.controller.set_look(background="picture", picture=str(picture))
    one.wait(lambda: one.shown is not None and (one.shown[:, 0] == (20, 200, 10)).all())
    one.controller.set_look(background="colour", colour="#112233")
    one.wait(lambda: (one.shown[:, 0] == (0x11, 0x22, 0x33)).all())
    cv2.imwrite(str(picture), np.full((36, 64, 3), (200, 10, 20), np.uint8))
    one.controller.set_look(background="picture")
    one.wait(lambda: (one.shown[:, 0] == (20, 10, 200)).all())


def test_an_error_while_painting_is_told_and_does_not_end_the_program(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = bench().start()
    one.wait_for_picture()
    with one.qtbot.captureExceptions() as errors:
        monkeypatch.setattr(one.window.live.preview, "_draw", lambda *_: 1 / 0)
        one.wait(lambda: len(errors) > 2)
        monkeypatch.undo()
    assert {kind for kind, *_ in errors} == {ZeroDivisionError}
    painted: list[float] = []
    one.window.live.preview.painted.connect(painted.append)
    one.wait(lambda: painted)

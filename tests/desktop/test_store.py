"""Settings: kept, mended, exported; and bad files that do no harm."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humanseg.errors import SettingsError
from humanseg_desktop import store
from humanseg_desktop.__main__ import main
from humanseg_desktop.options import App
from humanseg_desktop.schema import Scale, describe
from humanseg_desktop.settings import Input, Look, Settings, Window

Make = Callable[..., Any]

ODD = Settings(
    look=Look(background="picture", picture='/a "quoted" näme.png', blur=0.25),
    input=Input(source="rtsp://camera/1", mode="1280x720@30", engine="onnxruntime"),
    window=Window(theme="dark", view="split", mirror=False, width=901),
    presets={'Café, "late"': Look(background="colour", colour="#123456")},
    pictures=("/b.png", "/c.mp4"),
)


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    file = tmp_path / "new" / "humanseg.toml"
    store.save(file, ODD)
    assert store.load(file) == (ODD, None)
    assert [path.name for path in file.parent.iterdir()] == ["humanseg.toml"]


def test_a_broken_file_is_kept_aside_and_told(tmp_path: Path) -> None:
    file = tmp_path / "humanseg.toml"
    file.write_text("[look]\nblurr = 0.5\n")
    settings, trouble = store.load(file)
    assert settings == Settings()
    assert trouble is not None
    assert "blur?" in trouble.hint
    assert (tmp_path / "humanseg.toml.broken").read_text() == "[look]\nblurr = 0.5\n"


@pytest.mark.parametrize("table", ["blur = 1.5", 'colour = "red"', 'background = "blurr"', "blur = true"])
def test_a_preset_that_cannot_be_is_refused(tmp_path: Path, table: str) -> None:
    file = tmp_path / "preset.toml"
    file.write_text(table)
    with pytest.raises(SettingsError, match=table.split(" ", maxsplit=1)[0]):
        store.read_preset(file)


def test_a_preset_goes_out_and_comes_in(tmp_path: Path) -> None:
    store.write_preset(tmp_path / "mine.toml", ODD.look)
    assert store.read_preset(tmp_path / "mine.toml") == ODD.look


def test_every_setting_tells_what_it_is_for() -> None:
    for schema in (Look, Input, Window, Settings):
        for name, described in describe(schema).items():
            assert described.text.endswith("."), (schema, name)


def test_every_scale_can_be_switched_off_and_holds_its_default() -> None:
    for described in describe(Look).values():
        if isinstance(described.control, Scale):
            assert described.control.low <= described.default <= described.control.high
            assert described.control.text(described.control.off) == "Off"
            off: Any = {described.name: described.control.off}
            replace(Look(), **off)


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("none", {"background": "none"}),
        ("blur", {"background": "blur", "blur": 0.5}),
        ("blur:0.8", {"background": "blur", "blur": 0.8}),
        ("#00B140", {"background": "colour", "colour": "#00b140"}),
    ],
)
def test_the_command_line_goes_before_the_file(text: str, look: dict[str, Any]) -> None:
    assert App(background=text).over(ODD) == replace(ODD, look=replace(ODD.look, **look))
    assert App(source="demo", theme="light").over(ODD).window == replace(ODD.window, theme="light")


@pytest.mark.parametrize("text", ["blur:2", "blur:x", "#12", "nowhere.png", ""])
def test_a_background_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        App(background=text).over(Settings())


@pytest.mark.gui
def test_the_window_saves_what_was_changed(bench: Make) -> None:
    one = bench().start()
    one.wait_for_picture()
    one.controller.set_look(background="colour", colour="#445566")
    one.window.live.presets.save("evening")
    one.window.close()
    settings, trouble = store.load(one.file)
    assert trouble is None
    assert settings.look.colour == "#445566"
    assert settings.presets["evening"] == settings.look


@pytest.mark.gui
def test_a_preset_is_chosen_deleted_and_imported(bench: Make, tmp_path: Path) -> None:
    one = bench(Settings(presets={"day": Look(background="colour", colour="#aabbcc")})).start()
    panel = one.window.live.presets
    panel._names.activated.emit(0)
    assert one.controller.settings.look.colour == "#aabbcc"
    assert panel._names.currentText() == "day"
    panel._delete.click()
    assert one.controller.settings.presets == {}
    store.write_preset(tmp_path / "night.toml", Look(blur=0.1))
    panel.import_file(str(tmp_path / "night.toml"))
    assert one.controller.settings.presets == {"night": Look(blur=0.1)}
    assert one.controller.settings.look == Look(blur=0.1)
    (tmp_path / "bad.toml").write_text("nonsense = 1")
    panel.import_file(str(tmp_path / "bad.toml"))
    assert "nonsense" in one.message


@pytest.mark.gui
def test_settings_that_cannot_be_saved_are_one_message(bench: Make) -> None:
    one = bench()
    one.file.parent.write_text("a file where the folder should be")
    one.start().wait_for_picture()
    one.controller.keeper.rest.setInterval(10)
    one.controller.set_look(blur=0.3)
    one.wait(lambda: one.troubles)
    assert "cannot be saved" in one.message
    one.wait_for_picture()
    assert os.path.isfile(one.file.parent)  # noqa: PTH113 a str would do


@pytest.mark.gui
@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root can write to")
def test_a_settings_folder_that_is_read_only_is_one_message(bench: Make) -> None:
    one = bench()
    one.controller.keeper.file = Path("/proc/humanseg.toml")
    one.start().wait_for_picture()
    one.controller.keeper.rest.setInterval(10)
    for blur in (0.3, 0.4):
        one.controller.set_look(blur=blur)
        one.wait(lambda: one.troubles)
        one.qtbot.wait(50)
    assert len(one.troubles) == 1
    assert "cannot be saved" in one.message
    one.wait_for_picture()


@pytest.mark.gui
@pytest.mark.parametrize("bad", ["missing.png", "empty.png", "empty.mp4", "text.jpg"])
def test_a_background_that_cannot_be_read_is_one_message_and_no_room_is_shown(
    bench: Make, tmp_path: Path, bad: str
) -> None:
    path = tmp_path / bad
    if not bad.startswith("missing"):
        path.write_bytes(b"no picture" if bad.startswith("text") else b"")
    one = bench(Settings(look=Look(background="picture", picture=str(path)))).start()
    one.wait(lambda: one.troubles)
    one.wait_for_picture()
    assert len(one.troubles) == 1
    assert one.shown[:, :20].std() < 60
    assert one.controller.settings.look.background == "blur"


@pytest.mark.gui
@pytest.mark.parametrize("source", ["camera:77", "/nowhere/film.mp4", "EMPTY"])
def test_a_source_that_cannot_be_opened_is_one_message(bench: Make, tmp_path: Path, source: str) -> None:
    if source == "EMPTY":
        source = str(tmp_path / "empty.mp4")
        Path(source).touch()
    one = bench(Settings(input=Input(source=source)))
    one.parts.real = (source,)
    one.start()
    one.wait(lambda: one.troubles)
    assert len(one.troubles) == 1
    assert one.message
    one.controller.open(Input(source="drawn"))
    one.wait_for_picture()
    assert one.message == ""


def test_without_a_screen_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(["demo"]) == 1
    assert "no screen" in capsys.readouterr().err

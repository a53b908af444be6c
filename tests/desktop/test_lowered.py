"""The window on a machine that is too slow: less is done to each frame, it says so, and nothing of the room gets out.

The networks are real ones that wait besides. There is half a second for each frame, so that a machine that is slow by
itself, or has much else to do, is not slow to the tests.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.desktop.conftest import Drawn

from humanseg.compositing.backgrounds import ColourBackground
from humanseg.errors import EngineError
from humanseg.frames import Frame
from humanseg.matting import Matter, open_matter
from humanseg_desktop import pace
from humanseg_desktop.settings import Input, Look, Settings

pytestmark = pytest.mark.gui

Make = Callable[..., Any]
COLOUR = (0xE0, 0x10, 0xE0)
SLOW_S = 1.2
ALL = Input(source="drawn", engine="onnxruntime", preset="quality")


class Slow:
    """The engine of a matter, which waits before each frame, or gives NaN, while it is told to."""

    def __init__(self, engine: Any, slow: Callable[[], bool], broken: Callable[[], bool]) -> None:
        self.engine, self.slow, self.broken, self.ended = engine, slow, broken, threading.Event()
        self.warm = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def run(self, inputs: Any) -> Any:
        if self.slow() and self.warm:
            self.ended.wait(SLOW_S)
        self.warm = True
        outputs = self.engine.run(inputs)
        return {name: np.full_like(given, np.nan) for name, given in outputs.items()} if self.broken() else outputs

    def close(self) -> None:
        self.ended.set()
        self.engine.close()


class Restless(Drawn):
    """A source in which something always moves, with half a second for each frame."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, rate=Fraction(2))

    def __iter__(self) -> Iterator[Frame]:
        for frame in super().__iter__():
            rgb, across = frame.rgb.copy(), frame.index * 7 % 140
            rgb[30:60, across : across + 20] = (250, 40, 90)
            rgb.flags.writeable = False
            yield replace(frame, rgb=rgb)


class Machine:
    """How a window's networks behave: those of the presets in `slow` are too slow, those in `broken` give NaN."""

    def __init__(self, one: Any) -> None:
        self.slow: set[str] = set()
        self.broken: set[str] = set()
        self.opened: list[str] = []
        self.error: EngineError | None = None
        self.matters: list[Any] = []
        self.seen: list[Frame] = []
        one.parts.matter = self.matter
        one.parts.source = self.source
        self.sources: list[Restless] = []
        show = one.outlet.show

        def watched(frame: Frame) -> bool:
            passed: bool = show(frame)
            self.seen.append(one.outlet.shown.frame)
            return passed

        one.outlet.show = watched

    def source(self, wanted: Input) -> Any:
        self.sources.append(Restless())
        return self.sources[-1]

    def matter(self, wanted: Input) -> Matter:
        self.opened.append(wanted.preset)
        if self.error:
            raise self.error
        matter = open_matter(None, "onnxruntime", preset=wanted.preset, threads=1)
        preset = wanted.preset
        matter._network.engine = matter.engine = Slow(
            matter.engine, lambda: preset in self.slow, lambda: preset in self.broken
        )
        self.matters.append(matter)
        return matter


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decides at once; how long it really waits is tested where nobody has to."""
    monkeypatch.setattr(pace, "LOWER_S", 0.2)
    monkeypatch.setattr(pace, "RAISE_S", 0.2)


@pytest.fixture
def made(bench: Make, hasty: None) -> tuple[Any, Machine]:
    one = bench(Settings(input=ALL, look=Look(background="colour", colour="#e010e0")))
    return one, Machine(one)


def is_composite(frame: Frame) -> bool:
    """Neither the slate nor the room: a first alpha may be a hair over 0 there, but those are four times as far."""
    return bool(np.abs(frame.rgb[:24, :24] - np.array(COLOUR, np.float32)).mean() < 30)


def preset(one: Any) -> str:
    return str(one.controller.session.network.wanted.preset)


def test_a_network_that_is_too_slow_makes_way_for_a_quicker_one(made: tuple[Any, Machine]) -> None:
    one, machine = made
    machine.slow = {"quality", "balanced"}
    pacer, levels = one.controller.pacer, []
    pacer.changed.connect(lambda: levels.append((pacer.level, pacer.work.clean)))
    one.start().wait_for_picture()
    first = len(machine.seen)
    one.wait(lambda: one.controller.pacer.work.skip_still)
    assert preset(one) == "quality"
    assert machine.matters[0].options.skip_still
    one.wait(lambda: one.window.readout.lowered.text().startswith("Lowered: network on every other frame ("))
    assert preset(one) == "quality"
    assert machine.matters[0].options.carry
    one.wait(lambda: preset(one) == "balanced")
    one.wait(lambda: preset(one) == "live")
    one.wait(lambda: one.window.readout.lowered.text().startswith("Lowered: to live ("))
    assert one.window.readout.lowered.text().endswith(" ms, there are 500)")
    # Not a step for itself: before a colour the outline's own colour stays clean anyway.
    assert levels[:3] == [(1, True), (2, True), (4, False)]
    # Each once and in order; on a busy machine a frame begun before the last step may have asked for one more.
    assert machine.opened == ["quality", "balanced", "live", "light"][: max(3, len(machine.opened))]
    last = len(machine.seen)
    one.wait(lambda: len(machine.seen) > last + 3)
    # The same source all the time, and not one slate or raw frame in between.
    assert len(machine.sources) == 1
    assert all(is_composite(frame) for frame in machine.seen[first:])
    # What the user chose is what the settings and the controls say.
    assert one.controller.settings.input == ALL
    assert one.controller.settings.look == Look(background="colour", colour="#e010e0")
    assert one.window.live.adjust._choices["preset"].combo.currentData() == "quality"
    assert one.troubles == []
    one.wait(lambda: all(matter.engine.ended.is_set() for matter in machine.matters[:2]))


def test_fine_edges_go_last_and_the_readout_says_both(made: tuple[Any, Machine]) -> None:
    one, machine = made
    one.controller.set_look(skip_still=True, carry=True, decontaminate=False)
    machine.slow = {"quality", "balanced", "live", "light"}
    one.start().wait_for_picture()
    for lower in ("balanced", "live", "light"):
        one.wait(lambda lower=lower: preset(one) == lower)
        assert one.controller.pacer.work.refine
    one.wait(lambda: not one.controller.pacer.work.refine)
    one.wait(lambda: one.window.readout.lowered.text().startswith("Lowered: to light, fine edges off ("))
    assert machine.matters[-1].options.refine is False
    assert one.controller.settings.look.refine is True


def test_before_the_blurred_room_the_outline_is_left_as_it_was_filmed(bench: Make, hasty: None) -> None:
    one = bench(Settings(input=ALL, look=Look(background="blur", skip_still=True, carry=True)))
    machine = Machine(one)
    machine.slow = {"quality"}
    one.start().wait_for_picture()
    one.wait(lambda: not compositor(one).decontaminate)
    one.wait(lambda: one.window.readout.lowered.text().startswith("Lowered: "))
    assert "clean outline off with blur" in one.window.readout.lowered.text()
    assert one.controller.settings.look.decontaminate is True
    # Before a picture the old room's colour would show.
    one.controller.set_look(background="colour", colour="#e010e0")
    one.wait(lambda: isinstance(compositor(one).background, ColourBackground))
    assert compositor(one).decontaminate
    one.wait(lambda: "clean outline" not in one.window.readout.lowered.text())
    one.controller.set_look(background="blur")
    one.wait(lambda: not compositor(one).decontaminate)
    one.controller.set_lower_work(False)
    one.wait(lambda: compositor(one).decontaminate)
    assert one.troubles == []


def compositor(one: Any) -> Any:
    return one.controller.session.clearance.policy.compositor


def test_it_goes_up_again_when_there_is_room(made: tuple[Any, Machine]) -> None:
    one, machine = made
    machine.slow = {"quality"}
    one.start().wait_for_picture()
    one.wait(lambda: preset(one) == "balanced")
    machine.slow = set()
    one.wait(lambda: preset(one) == "quality" and not one.controller.pacer.work.skip_still)
    one.wait(lambda: one.window.readout.lowered.text() == "")
    assert machine.matters[-1].options.skip_still is False
    assert machine.matters[-1].options.carry is False
    assert len(machine.sources) == 1


def test_the_switch_puts_all_of_the_work_back(made: tuple[Any, Machine]) -> None:
    one, machine = made
    machine.slow = {"quality"}
    one.start().wait_for_picture()
    one.wait(lambda: preset(one) == "balanced")
    one.window.live.adjust._lower_work.box.click()
    assert one.controller.settings.lower_work is False
    one.wait(lambda: preset(one) == "quality")
    one.wait(lambda: one.window.readout.lowered.text() == "")
    count = one.controller.session.stats.frames
    one.wait(lambda: one.controller.session.stats.frames > count + 3)
    assert preset(one) == "quality"
    assert len(machine.sources) == 1
    one.window.live.adjust._lower_work._reset.click()
    assert one.controller.settings.lower_work is True
    one.wait(lambda: preset(one) == "balanced")


def test_another_choice_of_the_user_gets_its_try(made: tuple[Any, Machine]) -> None:
    one, machine = made
    machine.slow = {"quality"}
    one.start().wait_for_picture()
    one.wait(lambda: preset(one) == "balanced")
    one.window.live.adjust._choices["preset"]._choose("live")
    one.wait(lambda: preset(one) == "live" and one.controller.state.phase == "running")
    assert one.controller.settings.input.preset == "live"
    one.wait(lambda: one.window.readout.lowered.text() == "")
    assert len(machine.sources) == 1  # another network is no reason to open the camera anew
    assert one.controller.pacer.work.skip_still is False


@pytest.mark.parametrize("fault", ["it does not open", "it gives NaN"])
def test_where_the_quicker_network_cannot_be_had_the_slow_one_goes_on(made: tuple[Any, Machine], fault: str) -> None:
    one, machine = made
    machine.slow = {"quality"}
    one.start().wait_for_picture()
    first = len(machine.seen)
    if fault == "it gives NaN":
        machine.broken = {"balanced"}
    else:
        machine.error = EngineError("There is no memory for it.")
    one.wait(lambda: machine.opened == ["quality", "balanced"])
    count = one.controller.session.stats.frames
    one.wait(lambda: one.controller.session.stats.frames > count + 4)
    assert machine.opened == ["quality", "balanced"]  # it is not tried again and again
    assert preset(one) == "quality"
    assert all(is_composite(frame) for frame in machine.seen[first:])
    assert one.controller.pacer.told == ""


def test_frames_that_are_not_matted_tell_nothing(made: tuple[Any, Machine]) -> None:
    one, machine = made
    machine.slow = {"quality"}
    one.start().wait_for_picture()
    one.wait(lambda: preset(one) == "balanced")
    one.controller.set_look(background="none")
    one.wait(lambda: np.ptp(one.shown[:, :50]) > 100)
    count = one.controller.session.stats.frames
    # Five seconds of frames, where four would do for a step; more do not come in time on a machine that is busy.
    one.wait(lambda: one.controller.session.stats.frames > count + 150)
    assert machine.opened == ["quality", "balanced"]

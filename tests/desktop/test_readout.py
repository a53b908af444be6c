"""The readout, beside a real network."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from humanseg.matting import Matter, open_matter
from humanseg_desktop.settings import Input, Settings, Window

pytestmark = pytest.mark.gui

Make = Callable[..., Any]
TIMES = r" \d+/\d+"


@pytest.fixture
def real(bench: Make) -> Any:
    """A window at its smallest, with a real network in it."""
    one = bench(Settings(input=Input(source="drawn"), window=Window(width=900, height=600)))

    def matter(wanted: Input) -> Matter:
        return open_matter(None, "onnxruntime", preset=wanted.preset, threads=1)

    one.parts.matter = matter
    return one


def test_it_shows_the_median_and_the_95th_of_every_stage(real: Any) -> None:
    readout = real.start().window.readout
    stages = ("capture", "pre", "infer", "post", "composite", "show")
    expected = "p50/p95 ms: " + " · ".join(name + TIMES for name in stages) + r" · flicker \d+\.\d"
    real.wait(lambda: re.fullmatch(expected, readout._stages.text()))
    real.wait(lambda: re.fullmatch(r"\d+ ms · p95 \d+ ms", readout._latency.text()))
    assert re.fullmatch(r"[\d.]+ fps", readout._rate.text())
    assert re.fullmatch(r"\d+ dropped", readout._dropped.text())
    assert readout._device.text().startswith("ONNX Runtime · ")


def test_its_figures_are_those_of_the_run(real: Any) -> None:
    real.start().wait_for_picture()
    real.controller.session.network.matter._network.engine = None  # the figures stay as they are
    real.wait(lambda: real.outlet.shown.slate)
    readout = real.window.readout
    readout.tell()
    for stage in real.controller.session.stats.stages:
        assert f"{stage.name} {1000 * stage.p50_s:.0f}/{1000 * stage.p95_s:.0f}" in readout._stages.text()


def test_the_flicker_is_that_of_the_mattes(real: Any) -> None:
    real.start().wait_for_picture()
    session, readout = real.controller.session, real.window.readout
    real.wait(lambda: session.flicker is not None)
    session.clearance.flicker.mean = 4.25  # and the network stands still, so that it stays
    session.network.matter._network.engine = None
    readout.tell()
    assert readout._stages.text().endswith(" · flicker 4.2")
    real.controller.set_look(background="none")
    real.wait(lambda: session.flicker is None)


def test_nothing_is_cut_off_in_the_smallest_window(real: Any) -> None:
    real.start().wait_for_picture()
    window, readout = real.window, real.window.readout
    assert (window.width(), window.height()) == (900, 600)
    readout._stages.setText(
        "p50/p95 ms: capture 112/123 · pre 12/13 · infer 122/234 · post 12/13 · composite 12/13 · show 12/13"
        " · flicker 12.3"
    )
    readout.lowered.setText("Lowered: to balanced, fine edges off (a frame takes 141 ms, there are 133)")
    readout.lowered.show()
    readout._device.setText(f"OpenVINO · A processor with {'the longest and ' * 12}longest name")
    readout._teller.stop()
    real.qtbot.wait(20)
    assert (window.width(), window.height()) == (900, 600)
    for label in (readout._rate, readout._latency, readout._dropped, readout._load, readout._stages, readout.lowered):
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()), label.text()
        assert label.height() >= label.fontMetrics().height(), label.text()
    assert readout._device.geometry().right() <= readout.width()


def test_while_nothing_runs_it_shows_no_old_figures(real: Any) -> None:
    real.start().wait_for_picture()
    real.wait(lambda: real.window.readout._stages.text())
    real.parts.sources[0].close()
    real.wait(lambda: real.window.readout._stages.text() == "")
    assert real.window.readout._rate.text() == "– fps"

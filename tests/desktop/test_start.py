"""The app's own beginning, where it differs from that of the benches of the other tests."""

import gc
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from humanseg.engines import UnavailableError
from humanseg.engines.driver import require_driver
from humanseg.errors import EngineError, SourceError
from humanseg_desktop import app

pytestmark = pytest.mark.gui

LOADED = """
import os, sys
seen = []
name = "OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN"
def watch(event, given):
    if event == "import" and given[0] == "cv2":
        seen.append(os.environ.get(name))
sys.addaudithook(watch)
import humanseg_desktop.app
print(seen[0])
"""

STARTED = """
import sys
import humanseg_desktop.controller
from humanseg.compositing import Compositor, parse_background
from humanseg.matting import open_matter
from humanseg.pipeline.gpu_frames import open_gpu_frames
from humanseg.sources.playback import open_playback
with open_matter() as matter:
    source = open_playback("demo")
    frame = next(iter(source))
    Compositor(parse_background("blur")).composite(frame, matter.matte(frame))
    assert open_gpu_frames(matter) is None
    source.close()
    print(matter.engine.name)
slow = ("onnxruntime", "openvino.tools.ovc", "cuda.bindings", "tensorrt_rtx", "tensorrt", "av")
print(*[name for name in slow if name in sys.modules])
"""


@pytest.mark.parametrize(("own", "told"), [(None, "0"), ("500", "500")])
def test_opencv_is_told_to_let_its_threads_sleep_before_it_is_loaded(own: str | None, told: str) -> None:
    """Unless the user has said otherwise."""
    names = ("OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN", "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER")
    words = {name: value for name, value in os.environ.items() if name not in names}
    words |= {name: own for name in names if own}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], env=words, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == told, done.stderr


def test_nothing_slow_is_imported_for_a_first_frame_that_does_not_need_it() -> None:
    """Without an NVIDIA driver, with OpenVINO: each of these would take about a tenth of a second of the start."""
    try:
        require_driver()
    except UnavailableError:
        pass
    else:
        pytest.skip("there is a driver")
    if not importlib.util.find_spec("openvino"):
        pytest.skip("onnxruntime is needed where OpenVINO is not")
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["openvino"], done.stdout + done.stderr


def test_what_is_loaded_at_the_start_is_spared_the_search_for_garbage_and_nothing_later(
    bench: Callable[..., Any],
) -> None:
    before = gc.get_freeze_count()
    one = bench()
    try:
        app.start(one.window)
        one.wait_for_picture()
        spared = gc.get_freeze_count()
        assert spared > before + 1000
        session = one.controller.session
        one.controller.change_input(mode="640x360@30")
        one.wait(lambda: one.controller.session is not session and one.controller.state.phase == "running")
        assert gc.get_freeze_count() <= spared
    finally:
        gc.unfreeze()


def test_memory_goes_back_again_and_again_while_the_window_is_there(
    bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(app, "GIVE_BACK_MS", 20)
    monkeypatch.setattr(app, "give_back", lambda: given.append(1))
    one = bench()
    try:
        app.start(one.window)
        one.wait(lambda: len(given) >= 3)
    finally:
        gc.unfreeze()


def test_the_first_source_is_opened_while_the_first_network_is(bench: Callable[..., Any]) -> None:
    """A camera may take as long as the network. Each waits here for the other one to be asked for."""
    one = bench()
    met = threading.Barrier(2, timeout=20)
    open_source, open_matter = one.parts.source, one.parts.matter
    one.parts.source = lambda wanted: (met.wait(), open_source(wanted))[1]
    one.parts.matter = lambda wanted: (met.wait(), open_matter(wanted))[1]
    one.start().wait_for_picture()


def test_a_source_that_does_not_open_costs_no_second_network(bench: Callable[..., Any]) -> None:
    one = bench()
    one.parts.source_error = SourceError("The camera is busy.", "Close the other program.")
    one.start()
    one.wait(lambda: one.controller.state.phase == "retrying")
    one.parts.source_error = None
    one.controller.open(one.controller.state.wanted)
    one.wait_for_picture()
    assert len(one.parts.matters) == 1


def test_another_preset_is_opened_once_while_no_source_opens(bench: Callable[..., Any]) -> None:
    one = bench()
    one.parts.source_error = SourceError("The camera is busy.", "Close the other program.")
    one.start()
    one.wait(lambda: one.controller.state.phase == "retrying")
    one.controller.change_input(preset="quality")
    for tries in (2, 3, 4):
        one.wait(lambda tries=tries: one.parts.asked >= tries and one.controller.state.phase == "retrying")
        one.controller.open(one.controller.state.wanted)
    one.parts.source_error = None
    one.controller.open(one.controller.state.wanted)
    one.wait_for_picture()
    assert [matter.closed for matter in one.parts.matters] == [True, False]


def test_a_network_that_does_not_open_leaves_no_source_open(bench: Callable[..., Any]) -> None:
    one = bench()
    one.parts.matter_error = EngineError("The network is damaged.", "Install humanseg again.")
    one.start()
    one.wait(lambda: one.controller.state.phase in ("failed", "retrying"))
    assert one.message.startswith("The network is damaged.")
    assert [source.closed for source in one.parts.sources] == [True]
    one.parts.matter_error = None
    one.controller.open(one.controller.state.wanted)
    one.wait_for_picture()

"""The app's own beginning, where it differs from that of the benches of the other tests."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from humanseg_desktop import app

pytestmark = pytest.mark.gui


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

"""What OpenVINO compiled is kept: the same alpha sooner, compiled anew where it must be, and no folder is needed."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("openvino")

from humanseg.engines import openvino
from humanseg.engines.openvino import OpenvinoEngine
from humanseg.engines.plan_cache import PlanCache
from humanseg.models import find_model

Run = Callable[..., NDArray[np.float32]]
SIZE = (64, 32)


class Counted:
    """OpenVINO's core, and how often it compiled."""

    def __init__(self, core: Any) -> None:
        self._core, self.compiled = core, 0

    def compile_model(self, *arguments: Any) -> Any:
        self.compiled += 1
        return self._core.compile_model(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted(openvino.core())
    monkeypatch.setattr(openvino, "core", lambda: counted)
    return counted


@pytest.fixture
def run(core: Counted, tmp_path: Path) -> Run:
    """Open the packaged model anew, with the folder `tmp_path / "kept"`, and give the alpha of a frame."""

    def alpha(size: tuple[int, int] = SIZE, threads: int = 1, *, full: bool = False) -> NDArray[np.float32]:
        model = find_model().full_precision if full else find_model()
        frame = np.random.default_rng(1).normal(size=(1, 3, *size[::-1])).astype(np.float32)
        with OpenvinoEngine(model, threads, cache=PlanCache(tmp_path / "kept")) as engine:
            return engine.run({"frame": frame})["alpha"]

    return alpha


def test_the_next_start_has_it_already_and_gives_the_same_alpha(run: Run, core: Counted) -> None:
    first = run()
    assert np.array_equal(run(), first)
    assert core.compiled == 1


def test_another_size_other_threads_and_another_network_are_compiled_for_themselves(run: Run, core: Counted) -> None:
    for _ in range(2):
        found = [run().shape, run((32, 64)).shape, run(threads=2).shape, run(full=True).shape]
        assert found == [(1, 1, 32, 64), (1, 1, 64, 32), (1, 1, 32, 64), (1, 1, 32, 64)]
        assert core.compiled == 4
    assert not np.array_equal(run(full=True), run())


def test_what_no_longer_loads_is_compiled_again_and_kept_anew(
    run: Run, core: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = run()
    with monkeypatch.context() as patch:  # whole, and what was meant, but nothing that OpenVINO knows
        patch.setattr(PlanCache, "load", lambda *_: b"no network")
        with caplog.at_level(logging.WARNING):
            assert np.array_equal(run(), first)
    assert "compiled again" in caplog.text
    (path,) = (tmp_path / "kept").glob("*.plan")
    path.write_bytes(path.read_bytes()[:-1])
    assert np.array_equal(run(), first)
    assert core.compiled == 3
    assert np.array_equal(run(), first)
    assert core.compiled == 3


def test_it_runs_where_nothing_can_be_kept(run: Run, core: Counted, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    assert np.array_equal(run(), run())
    assert core.compiled == 2

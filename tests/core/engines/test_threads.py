"""Threads of engines: as many as were asked for, and none that another program's work can hold up for long."""

from pathlib import Path

import numpy as np
import pytest

from humanseg.engines.openvino import OpenvinoEngine
from humanseg.models import find_model


def test_openvinos_threads_are_as_many_as_asked_and_free_to_move(red_model: Path) -> None:
    pytest.importorskip("openvino")
    with OpenvinoEngine(find_model(red_model), 2) as engine:
        engine.run({"frame": np.zeros((1, 3, 32, 64), np.float32)})
        compiled = engine._request({"frame": (1, 3, 32, 64)}).get_compiled_model()
        assert compiled.get_property("INFERENCE_NUM_THREADS") == 2
        assert compiled.get_property("ENABLE_CPU_PINNING") is False

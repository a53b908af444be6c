"""The engine on a fake GPU: what `Engine` promises, and when it builds."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from humanseg.engines.tensorrt.engine import KEPT_SIZES, TensorrtEngine
from humanseg.engines.tensorrt.library import import_library
from humanseg.errors import EngineError
from humanseg.models import ModelSpec


def tensor(width: int = 64, height: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, height, width), np.float32)


def engine(gpu: Any, model: ModelSpec) -> TensorrtEngine:
    return TensorrtEngine(model, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)


def test_it_computes_the_network_and_says_what_it_is(gpu: Any, red: ModelSpec) -> None:
    with engine(gpu, red) as opened:
        assert (opened.name, opened.device) == ("tensorrt", "Fake 9000 (TensorRT for RTX 1.7.1.116, FP16)")
        first = opened.run({"frame": tensor(seed=1)})["alpha"]
        second = opened.run({"frame": tensor(seed=2)})["alpha"]
        assert first.dtype == np.float32
        np.testing.assert_allclose(first, tensor(seed=1)[:, :1], atol=1e-3)  # half precision
        np.testing.assert_allclose(second, tensor(seed=2)[:, :1], atol=1e-3)
        assert gpu.trt.builds == 1
    with pytest.raises(EngineError, match="closed"):
        opened.run({"frame": tensor()})
    with pytest.raises(EngineError, match="closed"):
        opened.prepare({"frame": (1, 3, 32, 64)})


def test_any_set_of_inputs_by_name(gpu: Any, make_spec: Callable[[str, str], ModelSpec]) -> None:
    model = make_spec(
        "red = Gather<axis=1>(frame, zero) alpha = Add(red, previous)", "float[1,3,H,W] frame, float[1,1,H,W] previous"
    )
    with engine(gpu, model) as opened:
        previous = np.full((1, 1, 32, 64), 0.25, np.float32)
        alpha = opened.run({"previous": previous, "frame": tensor()})["alpha"]
        np.testing.assert_allclose(alpha, tensor()[:, :1] + 0.25, atol=2e-3)
        with pytest.raises(EngineError, match=r"takes .'frame', 'previous'"):
            opened.run({"frame": tensor()})


def test_sizes_are_built_once_each_and_the_last_are_kept(gpu: Any, red: ModelSpec) -> None:
    with engine(gpu, red) as opened:
        for width, height in ((32, 64), (64, 32), (32, 96), (64, 32)):
            frame = tensor(width, height)
            np.testing.assert_allclose(opened.run({"frame": frame})["alpha"], frame[:, :1], atol=1e-3)
        assert len(opened._sessions) == KEPT_SIZES
        assert gpu.trt.builds == 3
        assert opened.is_ready({"frame": (1, 3, 32, 64)})
        assert not opened.is_ready({"frame": (1, 3, 64, 32)})
        opened.prepare({"frame": (1, 3, 64, 32)})
        assert gpu.trt.builds == 3, "kept on disk"


def test_what_is_not_its_network_is_refused(gpu: Any, red: ModelSpec) -> None:
    red.path.write_bytes(b"no network")
    with pytest.raises(EngineError, match=r"cannot load .*model\.onnx") as caught:
        engine(gpu, red)
    assert caught.value.__cause__ is not None


def test_a_network_that_cannot_be_halved_is_refused_when_it_is_built(
    gpu: Any, make_spec: Callable[[str, str], ModelSpec]
) -> None:
    model = make_spec("red = Gather<axis=1>(frame, zero) alpha = Cast<to=1>(red)", "float[1,3,H,W] frame")
    with engine(gpu, model) as opened, pytest.raises(EngineError, match="has Cast"):
        opened.run({"frame": tensor()})


def test_without_any_library_both_are_named_and_the_easy_one_is_hinted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(EngineError, match=r"tensorrt_rtx cannot.*tensorrt cannot") as caught:
        import_library()
    assert caught.value.hint == 'pip install "humanseg[nvidia]"'
    assert isinstance(caught.value.__cause__, ImportError)


def test_a_gpu_that_one_library_does_not_know_is_left_to_the_other(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", gpu.trt)
    monkeypatch.setitem(sys.modules, "tensorrt", SimpleNamespace(__version__="11.4.0.106"))
    assert import_library((8, 9)).name == "tensorrt_rtx"
    assert import_library((9, 0)).name == "tensorrt", "an H200"
    monkeypatch.setitem(sys.modules, "tensorrt", SimpleNamespace(__version__="10.12.0"))
    with pytest.raises(EngineError, match=r"capability 9.0.*older than 10.13"):
        import_library((9, 0))

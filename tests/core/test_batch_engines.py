"""`humanseg-batch` and the engine: what was asked for runs or is refused, and whoever waits is told of a change."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from humanseg.cli.batch import main
from humanseg.cli.choice import EngineChoice, told
from humanseg.engines.engine import Engine, UnavailableError, open_engine
from humanseg.engines.onnx import OnnxEngine
from humanseg.engines.relay import RelayEngine
from humanseg.errors import EngineError, SettingsError
from humanseg.models import find_model

Batch = Callable[..., int]


@pytest.fixture
def batch(red_model: Path) -> Batch:
    """The command in this process, with the red model."""
    return lambda *words: main([*map(str, words), "--background", "#00b140", "--model", str(red_model)])


@pytest.fixture
def openvino_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenVINO as it is where its driver breaks down: the third frame is an error."""
    pytest.importorskip("openvino")
    from humanseg.engines.openvino import OpenvinoEngine

    run, frames = OpenvinoEngine.run, iter(range(1000))

    def failing(self: Any, inputs: Any) -> Any:
        if next(frames) >= 2:
            raise EngineError("The device is lost.")
        return run(self, inputs)

    monkeypatch.setattr(OpenvinoEngine, "run", failing)


@pytest.mark.usefixtures("openvino_fails")
def test_an_engine_that_fails_is_told_of_once_and_the_next_one_is_named(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    clips = [media.clip(f"{name}.mp4", frames=6) for name in "ab"]
    capfd.readouterr()
    # Two engines, each of which fails.
    assert batch(*clips, "-o", media.folder / "made", "--device", "cpu", "--jobs", "2") == 0
    out, err = capfd.readouterr()
    assert err.splitlines() == [
        "Note: The engine openvino failed, onnxruntime goes on: The device is lost.",
    ]
    assert len(re.findall(r"engine onnxruntime CPU", out)) == 2


@pytest.mark.usefixtures("openvino_fails")
def test_programs_are_told_of_a_change_too(batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    clip = media.clip(frames=6)
    capfd.readouterr()
    assert batch(clip, "-o", media.folder / "out.mp4", "--device", "cpu", "--json") == 0
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["engine"].startswith("openvino CPU")
    [notice] = [line for line in lines if line["event"] == "notice"]
    assert "onnxruntime goes on: The device is lost." in notice["text"]
    [end] = [line for line in lines if line["event"] == "end"]
    assert end["engine"].startswith("onnxruntime CPU")
    assert err == ""


def test_why_a_better_engine_does_not_run_is_told_at_the_beginning(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # as where it is not installed
    clip = media.clip(frames=3)
    capfd.readouterr()
    for words in ([], ["--dry-run", "--overwrite"]):
        assert batch(clip, "-o", media.folder / "out.mp4", "--device", "cpu", *words) == 0
        [line] = capfd.readouterr().err.splitlines()
        assert line.startswith("Note: Running on onnxruntime, CPU (")
        assert "Not openvino: openvino cannot be imported" in line


def test_of_many_engines_only_the_best_is_explained() -> None:
    def opened(name: str) -> Engine:
        if name != "onnxruntime":
            raise UnavailableError(f"{name} is not there.")
        return open_engine(name, find_model(), threads=1)

    with RelayEngine("red", ("tensorrt", "onnxruntime-cuda", "onnxruntime"), opened) as engine:
        line = told(engine)
    expected = "Not tensorrt: tensorrt is not there. humanseg-doctor tells of the others."
    assert line == f"Running on onnxruntime, {engine.device}. {expected}"


def test_an_engine_that_was_named_is_not_explained(batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    clip = media.clip(frames=3)
    capfd.readouterr()
    assert batch(clip, "-o", media.folder / "out.mp4", "--engine", "onnxruntime") == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("choice", "engines"),
    [
        (EngineChoice(device="cpu"), ("openvino", "onnxruntime")),
        (EngineChoice(engine="onnxruntime", device="cpu"), ("onnxruntime",)),
        (EngineChoice(engine="openvino", device="gpu"), ("openvino-gpu",)),
        (EngineChoice(engine="openvino", device="npu"), ("openvino-npu",)),
        (EngineChoice(device="npu"), ("openvino-npu",)),
        (
            EngineChoice(device="gpu"),
            ("tensorrt", "onnxruntime-cuda", "onnxruntime-directml", "onnxruntime-coreml", "openvino-gpu"),
        ),
        (
            EngineChoice(engine="onnxruntime", device="gpu"),
            ("onnxruntime-cuda", "onnxruntime-directml", "onnxruntime-coreml"),
        ),
        (EngineChoice(precision="fp16"), ("tensorrt",)),
        (EngineChoice(precision="fp32"), ("openvino", "onnxruntime")),
        (EngineChoice(engine="onnxruntime", precision="int8"), ("onnxruntime",)),
    ],
    ids=str,
)
def test_engine_device_and_precision_name_engines(choice: EngineChoice, engines: tuple[str, ...]) -> None:
    assert choice.candidates() == engines


@pytest.mark.parametrize(
    "choice",
    [
        EngineChoice(engine="tensorrt", device="cpu"),
        EngineChoice(engine="openvino-gpu", device="npu"),
        EngineChoice(device="gpu", precision="int8"),
        EngineChoice(device="cpu", precision="fp16"),
        EngineChoice(device="cpu", require_gpu=True),
        EngineChoice(engine="openvino", precision="fp32", require_gpu=True),
    ],
    ids=str,
)
def test_words_that_contradict_each_other_are_refused(choice: EngineChoice) -> None:
    with pytest.raises(SettingsError, match="No engine is all of this") as refused:
        choice.open(preset="live", threads=1)
    assert str(choice) in refused.value.problem
    assert refused.value.hint


def test_a_device_that_is_not_there_is_an_error_and_not_another_device(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("openvino")
    from humanseg.engines.openvino import core

    if any(device.startswith("NPU") for device in core().available_devices):
        pytest.skip("this machine has one")
    clip = media.clip(frames=3)
    capfd.readouterr()
    assert batch(clip, "-o", media.folder / "out.mp4", "--device", "npu") == 1
    assert "OpenVINO finds no NPU" in capfd.readouterr().err
    assert media.names() == ["clip.mp4"]


def test_the_packaged_model_computes_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str | None, tuple[str, str]] = {}
    for precision in (None, "int8", "fp32"):
        choice = EngineChoice(engine="onnxruntime", precision=precision)
        with choice.open(preset="live", threads=1) as matter:
            assert isinstance(matter.engine, OnnxEngine)
            opened[precision] = matter.engine.device, matter.model.cpu_path.name
    assert opened[None] == opened["int8"] == ("CPU (1 thread, INT8)", "model-int8.onnx")
    assert opened["fp32"] == ("CPU (1 thread)", "model.onnx")


def test_a_precision_that_the_model_does_not_have_is_refused(
    batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = media.clip(frames=3)
    capfd.readouterr()
    assert batch(clip, "-o", media.folder / "out.mp4", "--precision", "int8") == 1
    assert "has no network in 8-bit integers" in capfd.readouterr().err
    assert media.names() == ["clip.mp4"]


def test_what_does_not_reach_a_cluster_is_refused(batch: Batch, media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    clip = media.clip(frames=3)
    capfd.readouterr()
    assert batch(clip, "-o", media.folder / "out.mp4", "--device", "cpu", "--cluster", "ray") == 1
    assert "do not reach the machines of a cluster" in capfd.readouterr().err
    assert media.names() == ["clip.mp4"]


def test_another_precision_is_another_job(media: Any, capfd: pytest.CaptureFixture[str]) -> None:
    clip = media.clip(frames=3)
    words = [str(clip), "-o", str(media.folder / "out.mp4"), "--as", "alpha", "--engine", "onnxruntime"]
    assert main([*words, "--preset", "live", "--precision", "fp32"]) == 0
    capfd.readouterr()
    assert main([*words, "--preset", "live", "--precision", "fp32"]) == 0
    assert "made by the same command" in capfd.readouterr().out
    assert main([*words, "--preset", "live"]) == 1
    assert "made with other settings" in capfd.readouterr().err

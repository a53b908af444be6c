"""`humanseg-doctor --gpu` on a fake GPU, with true pixels."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from humanseg.cli import doctor, findings, gpu_check
from humanseg.cli.findings import Finding
from humanseg.cli.gpu_check import prove
from humanseg.engines.tensorrt.frames import FrameEngine


@pytest.fixture
def opener(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(gpu_check, "SIZES", ((160, 96),))
    monkeypatch.setattr(gpu_check, "FRAMES", 20)
    return partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)


def test_it_builds_runs_and_compares(gpu: Any, opener: Any) -> None:
    seen: list[tuple[str, float]] = []
    found = list(prove(lambda title, share: seen.append((title, share)), opener))
    for title, each in zip(("160x96", "160x96 for files"), found, strict=True):
        assert each.state == "good"
        assert each.text.startswith(f"{title} on Fake 9000")
        assert "one launch a frame" in each.text
        assert " of the pixels are more than 2/255 from the CPU's" in each.text
        assert seen.index((f"building {title}", 0.25)) < seen.index((f"running {title}", 1.0))
    assert gpu.trt.builds == 2
    assert gpu.runtime.calls.count("cudaGraphLaunch") == 2 * 35, "15 to compare, 20 to time"


def test_pixels_that_differ_are_bad(gpu: Any, opener: Any) -> None:
    gpu.trt.distort = 0.97
    found = list(prove(lambda title, share: None, opener))
    assert [(each.state, "report this" in each.fix) for each in found] == [("bad", True)] * 2


def test_a_gpu_that_fails_is_bad(gpu: Any, opener: Any) -> None:
    gpu.trt.fails_at_build = True
    for found in prove(lambda title, share: None, opener):
        assert (found.state, "no implementation" in found.text, bool(found.fix)) == ("bad", True, True)


def test_without_a_gpu_it_says_so_once(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu.runtime.failing["cudaGetDeviceCount"] = 35
    opener = partial(FrameEngine, library=gpu.library, cuda=gpu.cuda, cache=gpu.cache)
    (found,) = prove(lambda title, share: None, opener)
    assert (found.state, "no NVIDIA driver" in found.text) == ("bad", True)


def test_the_command_asks_for_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def proven(progress: Any) -> Iterator[Finding]:
        yield Finding("GPU check", "good", "quick")

    monkeypatch.setattr(findings, "examine", lambda: iter([]))
    monkeypatch.setattr(gpu_check, "prove", proven)
    assert doctor.main([]) == 0
    assert capsys.readouterr().out == ""
    assert doctor.main(["--gpu"]) == 0
    assert capsys.readouterr().out == "GPU check\n  ok   quick\n"

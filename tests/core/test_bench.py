"""`humanseg-bench`: figures that are measured, written, read again and compared."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from humanseg.cli import bench
from humanseg.cli.figures import Report, Result, Spread, spread_of
from humanseg.cli.measure import measure, most_memory
from humanseg.cli.timed_runs import Setup
from humanseg.errors import EngineError, SettingsError

RESULT = Result(
    engine="onnxruntime", device="CPU (2 threads)", model="unet", size="1280x720", background="blur", fps=50.0,
    start_s=1.5, memory_mb=200.0, outside=0.4,
    stages={"frame": Spread(p50_ms=20, p95_ms=30), "network": Spread(p50_ms=10, p95_ms=12)},
)  # fmt: skip
REPORT = Report(machine={"cores": "2"}, results=[RESULT], skipped={"tensorrt": "There is no GPU."})


def test_a_run_measures_every_stage_of_what_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    words = ["--engines", "onnxruntime", "--sizes", "160x90", "64x64", "--backgrounds", "#00b140", "--rounds", "1"]
    assert bench.main([*words, "--threads", "1", "--json", str(file)]) == 0
    found = Report.read(file)
    assert [result.key[2:] for result in found.results] == [("160x90", "#00b140"), ("64x64", "#00b140")]
    for result in found.results:
        assert (result.engine, result.device) == ("onnxruntime", "CPU (1 thread, INT8)")
        assert set(result.stages) == {"network", "matte", "composite", "frame"}
        stages = result.stages
        assert 0 < stages["network"].p50_ms < stages["matte"].p50_ms < stages["frame"].p50_ms
        assert all(stage.p50_ms <= stage.p95_ms for stage in stages.values())
        assert result.start_s > 0
        assert result.outside is not None
        assert 0 < result.outside < 1
        assert result.memory_mb is None or 20 < result.memory_mb < 10_000
    shown = capsys.readouterr().out
    assert "| onnxruntime INT8 | 160x90 | #00b140 |" in shown
    assert {"cores", "python", "onnxruntime", "gpu"} <= set(found.machine)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--engines", "tpu"], "no engine 'tpu'"),
        (["--sizes", "720p"], "'720p' is no frame size"),
        (["--sizes", "0x720"], "'0x720' is no frame size"),
        (["--rounds", "0"], "0 rounds"),
        (["--models", "nonesuch"], "no model 'nonesuch'"),
        (["--models", "unet-efficientnet-b0", "nonesuch"], "no model 'nonesuch'"),
        (["--backgrounds", "blur", "nonesuch.webp"], "Error: There is no picture nonesuch.webp"),
        (["--compare", "nonesuch.json"], "nonesuch.json cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_told_before_anything_is(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(words) == 1
    assert problem in capsys.readouterr().err


def test_what_fails_in_a_process_of_its_own_is_told_as_there() -> None:
    setup = Setup("onnxruntime", "nonesuch", (64, 64), "blur")
    with pytest.raises(EngineError, match=r"a process of its own: There is no model 'nonesuch'\.$"):
        measure([setup], rounds=1, threads=1, progress=lambda share: None)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    REPORT.write(tmp_path / "a.json")
    assert Report.read(tmp_path / "a.json") == REPORT
    with pytest.raises(SettingsError, match="cannot be written"):
        REPORT.write(tmp_path / "missing" / "a.json")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', '{"format": 1, "machine": {}, "results": [3]}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SettingsError, match="holds no figures"):
        Report.read(tmp_path / "a.json")


def test_a_file_of_another_format_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"format": 9}))
    with pytest.raises(SettingsError, match="has format 9"):
        Report.read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("then", "change"), [(20.5, "same"), (10, "+100% (slower)"), (40, "-50% (faster)"), (None, "new")]
)
def test_a_comparison_says_what_changed_beyond_noise(then: float | None, change: str) -> None:
    stages = {"frame": Spread(p50_ms=then or 1, p95_ms=99)}
    older = replace(RESULT, stages=stages, engine="onnxruntime" if then else "openvino")
    lines = REPORT.table(Report(machine={}, results=[older], skipped={})).splitlines()
    assert lines[0].endswith("| against then |")
    assert lines[2].endswith(f"| 20.0 / 30.0 | 50.0 | 40% | 1.5 | 200 | {change} |")
    assert lines[3] == "Not measured: tensorrt: There is no GPU."
    assert len({line.count("|") for line in lines[:3]}) == 1, "every row has all columns"


def test_models_are_named_where_there_are_several() -> None:
    two = replace(REPORT, results=[RESULT, replace(RESULT, model="other")])
    assert "| other | onnxruntime |" in two.table()
    assert "| unet |" not in REPORT.table()


@pytest.mark.parametrize(("seconds", "p50", "p95"), [([0.001], 1, 1), ([i / 1000 for i in range(1, 101)], 50, 95)])
def test_spreads_are_of_frames_that_there_were(seconds: list[float], p50: float, p95: float) -> None:
    assert spread_of(seconds[::-1]) == Spread(p50_ms=p50, p95_ms=p95)


def test_memory_is_in_mebibytes() -> None:
    found = most_memory()
    assert found is None or 20 < found < 100_000

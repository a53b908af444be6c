"""`humanseg-doctor`: every part is looked at, and every shortcoming comes with its fix."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from humanseg.cli import doctor, findings
from humanseg.cli.findings import Finding, examine
from humanseg.errors import EngineError

PARTS = ["System", "Model", "GPU", "Engines", "Encoders", "Cameras", "Virtual camera", "Permissions"]


@pytest.fixture(scope="module")
def found() -> list[Finding]:
    return list(examine())


def test_every_part_is_looked_at_in_order(found: list[Finding]) -> None:
    assert list(dict.fromkeys(finding.part for finding in found)) == PARTS


def test_whatever_is_not_good_comes_with_a_fix(found: list[Finding]) -> None:
    assert [finding for finding in found if finding.state != "good" and not finding.fix] == []
    assert [finding for finding in found if finding.state == "bad"] == [], "a machine that runs the tests can run it"


def test_it_says_which_engines_run_and_which_auto_takes(found: list[Finding]) -> None:
    texts = [finding.text for finding in found if finding.part == "Engines"]
    assert any(text.startswith("onnxruntime on CPU (") for text in texts)
    assert any(text.startswith("auto takes ") for text in texts)


def test_encoders_are_tried_and_not_only_listed() -> None:
    assert findings._opens("libx264")
    assert not findings._opens("h264_nonesuch")


def test_it_prints_for_people_and_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    some = [Finding("System", "good", "a computer"), Finding("GPU", "could be better", "none\nat all", "Buy one.")]
    monkeypatch.setattr(findings, "examine", lambda: iter(some))
    assert doctor.main([]) == 0
    assert capsys.readouterr().out == ("System\n  ok   a computer\nGPU\n  --   none\n       at all\n       Buy one.\n")
    assert doctor.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1] == {
        "part": "GPU", "state": "could be better", "text": "none\nat all", "fix": "Buy one.",
    }  # fmt: skip


def test_what_keeps_it_from_working_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "examine", lambda: iter([Finding("Model", "bad", "damaged", "Install again.")]))
    assert doctor.main([]) == 1
    assert "  !!   damaged\n       Install again." in capsys.readouterr().out


def test_a_part_that_breaks_is_a_finding_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        raise ZeroDivisionError("no cameras to divide by")
        yield

    def damaged() -> Iterator[Finding]:
        raise EngineError("It is damaged.", "Mend it.")
        yield

    monkeypatch.setattr(findings, "_cameras", broken)
    monkeypatch.setattr(findings, "_model", damaged)
    monkeypatch.setattr(findings, "_engines", lambda: iter([]))
    found = {finding.part: finding for finding in examine()}
    assert (found["Cameras"].state, "ZeroDivisionError: no cameras" in found["Cameras"].text) == ("bad", True)
    assert (found["Model"].text, found["Model"].fix) == ("It is damaged.", "Mend it.")
    assert "Permissions" in found


def test_cameras_and_the_virtual_camera_are_told_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    cameras = SimpleNamespace(list_cameras=lambda: [SimpleNamespace(name="Eye", id="usb-1")])
    virtual = SimpleNamespace(virtual_camera_findings=lambda: [EngineError("It is off.", "Turn it on.")])
    monkeypatch.setitem(sys.modules, "humanseg.sources.cameras", cameras)
    monkeypatch.setitem(sys.modules, "humanseg.sinks.preflight", virtual)
    assert [finding.text for finding in findings._cameras()] == ["Eye (usb-1)"]
    assert [(finding.text, finding.fix) for finding in findings._virtual_camera()] == [("It is off.", "Turn it on.")]
    cameras.list_cameras = list
    virtual.virtual_camera_findings = list
    assert [finding.state for finding in (*findings._cameras(), *findings._virtual_camera())] == [
        "could be better",
        "good",
    ]


def test_a_cache_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *args, **more: tmp_path / "a" / "b")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    first = next(findings._permissions())
    assert (first.state, str(tmp_path) in first.fix) == ("could be better", True)

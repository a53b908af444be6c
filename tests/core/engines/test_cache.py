"""Kept plans: found again, healed, private, and built once by however many want them."""

import errno
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from humanseg.engines.plan_cache import PlanCache
from humanseg.engines.tensorrt.build import BuildCancelledError, BuildOptions
from humanseg.engines.tensorrt.cuda import Device
from humanseg.engines.tensorrt.library import Library
from humanseg.engines.tensorrt.plans import open_session, plan_key
from humanseg.errors import EngineError

DEVICE = Device("Fake 9000", (8, 9), 24, 8 << 30)
LIBRARY = Library("tensorrt_rtx", "1.7.1.116", None)
KEY = plan_key(b"graph", LIBRARY, DEVICE, BuildOptions())


def opened(gpu: Any, **more: Any) -> None:
    session = open_session(gpu.SUM, gpu.library, gpu.cuda, gpu.cache, **more)
    session.inputs["x"][:] = 1
    session.run()
    assert session.outputs["y"].tolist() == [[1, 1, 1, 1]]
    session.close()


def plan_file(gpu: Any) -> Path:
    folder: Path = gpu.cache.folder
    (path,) = folder.glob("*.plan")
    return path


def test_a_plan_is_built_once_and_loaded_ever_after(gpu: Any) -> None:
    shares: list[float] = []
    opened(gpu, progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.25, 1)
    shares.clear()
    opened(gpu, progress=shares.append)
    assert (gpu.trt.builds, gpu.trt.compiled_loaded, shares) == (1, 1, [])


@pytest.mark.parametrize(
    "other",
    [
        plan_key(b"another graph", LIBRARY, DEVICE, BuildOptions()),
        plan_key(b"graph", Library("tensorrt", "1.7.1.116", None), DEVICE, BuildOptions()),
        plan_key(b"graph", Library("tensorrt_rtx", "1.7.1.117", None), DEVICE, BuildOptions()),
        plan_key(b"graph", LIBRARY, Device("Fake 9000", (8, 6), 24, 8 << 30), BuildOptions()),
        plan_key(b"graph", LIBRARY, Device("Fake 9000", (8, 9), 20, 8 << 30), BuildOptions()),
        plan_key(b"graph", LIBRARY, Device("Fake 9000", (8, 9), 24, 6 << 30), BuildOptions()),
        plan_key(b"graph", LIBRARY, DEVICE, BuildOptions(level=5)),
    ],
)
def test_a_plan_for_anything_else_is_not_found(tmp_path: Path, other: dict[str, str]) -> None:
    cache = PlanCache(tmp_path / "plans")
    cache.store(KEY, b"plan")
    assert cache.load(KEY) == b"plan"
    assert cache.load(other) is None


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "one bit": lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
    "no magic": lambda data: b"x" + data[1:],
    "no header": lambda data: data[:14] + (5).to_bytes(4, "little") + b"[1,2]" + data,
    "not JSON": lambda data: data[:14] + (5).to_bytes(4, "little") + b"\xff\xfe{}}" + data,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_plan_is_built_again_and_kept_again(gpu: Any, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    opened(gpu)
    path = plan_file(gpu)
    good = path.read_bytes()
    path.write_bytes(DAMAGES[damage](good))
    with caplog.at_level(logging.WARNING):
        opened(gpu)
    assert gpu.trt.builds == 2
    assert plan_file(gpu).read_bytes() == good
    assert "built again" in caplog.text


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_even_shown_to_the_library(tmp_path: Path, damage: str) -> None:
    cache = PlanCache(tmp_path / "plans")
    cache.store(KEY, b"a plan " * 100)
    (file,) = cache.folder.glob("*.plan")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert cache.load(KEY) is None
    assert not file.exists()


def test_a_whole_plan_that_the_library_refuses_is_built_again_but_only_once(gpu: Any) -> None:
    opened(gpu)
    key = plan_key(gpu.SUM, gpu.library, gpu.cuda.device(), BuildOptions())
    gpu.cache.store(key, b"plan 1.4.0.0")  # checksum and key are right: the library is what says no
    opened(gpu)
    assert gpu.trt.builds == 2
    opened(gpu)
    assert gpu.trt.builds == 2, "the healed plan was kept"
    gpu.trt.fails_at_load = True
    with pytest.raises(EngineError, match="cannot load a plan"):
        opened(gpu)
    assert gpu.trt.builds == 3, "no loop"
    assert list(gpu.cache.folder.glob("*.plan")) == [], "what does not load is not kept"


@pytest.mark.skipif(os.name != "posix", reason="links and modes as on POSIX")
def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path / "plans")
    cache.store(KEY, b"plan")
    (file,) = cache.folder.glob("*.plan")
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o077 == 0
    cache.folder.chmod(0o777)
    assert cache.load(KEY) is None, "anybody could have written it"
    cache.folder.chmod(0o700)
    elsewhere = tmp_path / "elsewhere.plan"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert cache.load(KEY) is None
    assert elsewhere.exists()
    assert not file.is_symlink(), "and the link is gone"


def test_the_plans_used_longest_ago_make_room(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path / "plans", limit=3000)
    keys = [KEY | {"graph": str(number)} for number in range(4)]
    for age, key in enumerate(keys[:3]):
        cache.store(key, b"p" * 500)
        os.utime(cache._path(key), ns=(age, age))
    assert cache.load(keys[0]) is not None  # used now: the second is the oldest
    cache.store(keys[3], b"p" * 500)
    assert [cache.load(key) is not None for key in keys] == [True, False, True, True]
    cache.store(KEY, b"p" * 5000)
    assert cache.load(KEY) is not None, "the newest stays, however large"
    assert cache.load(keys[3]) is None


def test_a_full_disk_costs_the_next_start_and_nothing_else(
    gpu: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    opened(gpu)
    assert "No space left on device" in caplog.text
    assert {path.suffix for path in gpu.cache.folder.iterdir()} == {".lock"}, "nothing half written is left"


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_costs_the_next_start_only(gpu: Any, tmp_path: Path) -> None:
    (tmp_path / "sealed").mkdir(mode=0o500)
    gpu.cache = PlanCache(tmp_path / "sealed" / "plans")
    opened(gpu)
    assert gpu.trt.builds == 1


def test_a_folder_that_is_a_file_costs_the_next_start_only(gpu: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    gpu.cache = PlanCache(tmp_path / "file")
    opened(gpu)
    opened(gpu)
    assert gpu.trt.builds == 2


def test_two_that_want_one_plan_build_it_once(gpu: Any) -> None:
    building, go_on = threading.Event(), threading.Event()

    def wait_once(step: int) -> None:
        building.set()
        assert go_on.wait(10)

    gpu.trt.on_step = wait_once
    first = threading.Thread(target=opened, args=(gpu,))
    first.start()
    assert building.wait(10)
    second = threading.Thread(target=opened, args=(gpu,))
    second.start()
    third = threading.Event()
    third.set()
    with pytest.raises(BuildCancelledError):  # whoever waits may give up
        opened(gpu, cancelled=third)
    go_on.set()
    first.join(10)
    second.join(10)
    assert not first.is_alive()
    assert not second.is_alive()
    assert gpu.trt.builds == 1
    assert gpu.runtime.calls.count("cudaGraphLaunch") == 2


def test_a_build_can_be_given_up_and_made_later(gpu: Any) -> None:
    stop = threading.Event()
    gpu.trt.on_step = lambda step: stop.set() if step == 1 else None
    with pytest.raises(BuildCancelledError):
        opened(gpu, cancelled=stop)
    assert list(gpu.cache.folder.glob("*.plan")) == []
    gpu.trt.on_step = None
    opened(gpu)

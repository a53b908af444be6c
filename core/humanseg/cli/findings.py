"""What the doctor looks at, part by part: each finding says how it is, and what to do where it could be better."""

import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

from humanseg.errors import HumansegError

State = Literal["good", "could be better", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    part: str
    """What it is about, as a heading: "GPU"."""

    state: State
    """"bad" is what keeps humanseg from working, "could be better" what costs speed or a feature."""

    text: str
    fix: str = ""
    """What to do about it; never empty where the state is not "good"."""


def examine() -> Iterator[Finding]:
    """Everything, one finding after the other. A part that cannot be looked at is a finding too."""
    parts: dict[str, Callable[[], Iterator[Finding]]] = {
        "System": _system,
        "Model": _model,
        "GPU": _gpu,
        "Engines": _engines,
        "Encoders": _encoders,
        "Cameras": _cameras,
        "Virtual camera": _virtual_camera,
        "Permissions": _permissions,
    }
    for part, look in parts.items():
        try:
            yield from look()
        except HumansegError as error:
            yield Finding(part, "bad", error.problem, error.hint or "Run the command again; if it stays, report it.")
        except Exception as error:  # noqa: BLE001 one part that breaks must not hide the others
            fix = "This is a bug in humanseg or in a library: report it with this line."
            yield Finding(part, "bad", f"It could not be examined: {type(error).__name__}: {error}", fix)


def _system() -> Iterator[Finding]:
    from humanseg.cli.machine import describe

    found = describe()
    yield Finding("System", "good", f"{found.pop('system')}, {found.pop('processor')}, {found.pop('cores')} cores")
    found.pop("gpu")
    yield Finding("System", "good", ", ".join(f"{name} {version}" for name, version in found.items()))


def _model() -> Iterator[Finding]:
    from humanseg.models import find_model

    model = find_model()
    also = ", for CPUs also in INT8" if model.int8_file else ""
    yield Finding("Model", "good", f"{model.name}{also}, whole and as it was packaged ({model.folder})")


def _gpu() -> Iterator[Finding]:
    from humanseg.engines.tensorrt.cuda import Cuda
    from humanseg.engines.tensorrt.library import import_library

    try:
        cuda = Cuda()
        device = cuda.device()
    except HumansegError as error:
        yield Finding("GPU", "could be better", error.problem, f"Only if this machine has an NVIDIA GPU: {error.hint}")
        return
    capability = ".".join(map(str, device.capability))
    text = f"{device.name}, compute capability {capability}, {device.memory / 2**30:.0f} GiB"
    yield Finding("GPU", "good", f"{text}; its driver knows CUDA {'.'.join(map(str, cuda.driver_version()))}")
    try:
        yield Finding("GPU", "good", import_library(device.capability).title)
    except HumansegError as error:
        yield Finding("GPU", "could be better", error.problem, error.hint)


def _engines() -> Iterator[Finding]:
    from humanseg.engines import CPU_ENGINES, NAMES, open_engine
    from humanseg.engines.relay import RelayEngine
    from humanseg.models import find_model

    model = find_model()
    for name in NAMES:
        try:
            with open_engine(name, model) as engine:
                text = f"auto takes {engine.name}" if isinstance(engine, RelayEngine) else name
                yield Finding("Engines", "good", f"{text} on {engine.device}")
        except HumansegError as error:
            state: State = "bad" if name in ("auto", CPU_ENGINES[-1]) else "could be better"
            yield Finding("Engines", state, f"not {name}: {error.problem}", error.hint or "Use another engine.")


def _encoders() -> Iterator[Finding]:
    import av

    known = {"libx264": "H.264", "libx265": "HEVC", "libvpx-vp9": "VP9", "prores_ks": "ProRes"}
    there = [f"{title} ({name})" for name, title in known.items() if name in av.codecs_available]
    missing = [title for name, title in known.items() if name not in av.codecs_available]
    yield Finding("Encoders", "good", f"{', '.join(there)}; FFmpeg inside PyAV {av.__version__}")
    if missing:
        fix = "Install PyAV from its wheels: pip install --force-reinstall av"
        yield Finding("Encoders", "could be better", f"not built in: {', '.join(missing)}", fix)
    graphics = [name for name in ("h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox") if _opens(name)]
    yield Finding("Encoders", "good", f"on the graphics card: {', '.join(graphics) or 'none that can be opened'}")


def _opens(codec: str) -> bool:
    """Whether an encoder works here; that it is built in says nothing about the machine."""
    from fractions import Fraction

    import av

    try:
        context = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt = 640, 480, "yuv420p"  # type: ignore[attr-defined]
        context.time_base = Fraction(1, 30)
        context.open()
    except Exception:  # noqa: BLE001 FFmpeg's reasons are many and none matters here
        return False
    return True


def _cameras() -> Iterator[Finding]:
    try:
        cameras = import_module("humanseg.sources.cameras").list_cameras()
    except ImportError as error:
        yield Finding("Cameras", "could be better", f"cannot be listed: {error}", 'pip install "humanseg[desktop]"')
        return
    for camera in cameras:
        yield Finding("Cameras", "good", f"{camera.name} ({camera.id})")
    if not cameras:
        yield Finding("Cameras", "could be better", "none is connected", "Plug one in; on Linux see Permissions too.")


def _virtual_camera() -> Iterator[Finding]:
    try:
        problems = import_module("humanseg.sinks.preflight").virtual_camera_findings()
    except ImportError as error:
        yield Finding("Virtual camera", "could be better", f"cannot be had: {error}", 'pip install "humanseg[desktop]"')
        return
    for problem in problems:
        yield Finding("Virtual camera", "could be better", problem.problem, problem.hint or "See docs/live.md.")
    if not problems:
        yield Finding("Virtual camera", "good", "can be opened")


def _permissions() -> Iterator[Finding]:
    from platformdirs import user_cache_path

    folder = user_cache_path("humanseg", appauthor=False)
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if os.access(there, os.W_OK):
        yield Finding("Permissions", "good", f"compiled engines can be kept in {folder}")
    else:
        fix = f"Make {there} writeable, or each start makes them again."
        yield Finding("Permissions", "could be better", f"compiled engines cannot be kept in {folder}", fix)
    if platform.system() != "Linux":
        return
    nodes = sorted(Path("/dev").glob("video*"))
    sealed = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if sealed:
        fix = "sudo usermod -aG video $USER, then log in again."
        yield Finding("Permissions", "could be better", f"{', '.join(sealed)} cannot be opened by this user", fix)
    elif nodes:
        yield Finding("Permissions", "good", f"{len(nodes)} video devices can be opened")

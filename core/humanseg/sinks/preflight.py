"""What a virtual camera needs on this machine, and how to get what is missing."""

import os
import platform
import plistlib
from importlib.util import find_spec
from pathlib import Path

from humanseg.errors import SinkError

_LOAD = 'sudo modprobe v4l2loopback exclusive_caps=1 card_label="humanseg"'

_OBS_CAMERA = r"CLSID\{A3FCE0F5-3493-419F-958A-ABA1250EC20B}"
_UNITY_CAPTURE = r"CLSID\{5C2CD55C-92AD-4999-8666-912BD3E70010}"


def virtual_camera_findings(system: str | None = None, root: Path = Path("/")) -> list[SinkError]:
    """What keeps a virtual camera from working here, each with the command that mends it; nothing is raised.

    The first is to be mended first. None: it can be opened, unless another program feeds it.

    Args:
        system: "Linux", "Windows" or "Darwin"; None is this one.
        root: where the system's files lie.
    """
    system = system or platform.system()
    findings = []
    if find_spec("pyvirtualcam") is None:
        findings.append(SinkError("pyvirtualcam is not installed.", 'Run `pip install "humanseg[desktop]"`.'))
    if system == "Linux":
        findings += _linux(root)
    elif system == "Windows":
        findings += _windows()
    elif system == "Darwin":
        findings += _macos(root)
    else:
        findings.append(SinkError(f"There is no virtual camera for {system}.", "Use Linux, Windows or macOS."))
    return findings


def _linux(root: Path) -> list[SinkError]:
    if not (root / "sys/module/v4l2loopback").exists():
        if not _has_module(root):
            install = "`sudo apt install v4l2loopback-dkms` (Debian, Ubuntu), `sudo pacman -S v4l2loopback-dkms` (Arch)"
            fix = f"Install it: {install}, or from RPM Fusion (Fedora); then run `{_LOAD}`."
            return [SinkError("The kernel module v4l2loopback is not installed.", fix)]
        return [SinkError("The kernel module v4l2loopback is not loaded.", f"Run `{_LOAD}`.")]
    nodes = sorted(path.name for path in (root / "sys/devices/virtual/video4linux").glob("video*"))
    if not nodes:
        fix = f"Run `sudo modprobe -r v4l2loopback && {_LOAD}`."
        return [SinkError("v4l2loopback is loaded, but has made no device.", fix)]
    devices = [root / "dev" / node for node in nodes]
    if not any(os.access(device, os.R_OK | os.W_OK) for device in devices):
        names = ", ".join(f"/dev/{node}" for node in nodes)
        fix = "Run `sudo usermod -aG video $USER`, then log out and in again."
        return [SinkError(f"You may not write to the virtual camera ({names}).", fix)]
    return []


def _has_module(root: Path) -> bool:
    """Whether the running kernel could load it."""
    try:
        index = (root / "lib/modules" / os.uname().release / "modules.dep").read_text(errors="replace")
    except OSError:
        return False
    return "/v4l2loopback.ko" in index


def _windows() -> list[SinkError]:
    import winreg

    for name in (_OBS_CAMERA, _UNITY_CAPTURE):
        try:
            winreg.CloseKey(winreg.OpenKey(winreg.HKEY_CLASSES_ROOT, name))  # type: ignore[attr-defined]
        except OSError:
            continue
        return []
    fix = "Install OBS Studio (`winget install OBSProject.OBSStudio`), or Unity Capture; then start this program again."
    return [SinkError("No virtual camera is installed.", fix)]


def _macos(root: Path) -> list[SinkError]:
    """OBS brings the camera, from version 30 on as a system extension that macOS 13 and later take."""
    start = "Start it once, choose Start Virtual Camera, and allow the extension in System Settings."
    try:
        about = plistlib.loads((root / "Applications/OBS.app/Contents/Info.plist").read_bytes())
    except (OSError, plistlib.InvalidFileException):
        return [SinkError("OBS Studio is not installed.", f"Run `brew install --cask obs` (30 or later). {start}")]
    version = str(about.get("CFBundleShortVersionString", "0"))
    if int(version.partition(".")[0] or 0) < 30:
        return [SinkError(f"OBS Studio {version} is too old.", f"Run `brew upgrade --cask obs` (30 or later). {start}")]
    return []

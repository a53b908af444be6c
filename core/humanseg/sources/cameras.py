"""Which cameras there are, under names that survive being plugged out and in again."""

import logging
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humanseg.errors import SourceError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Camera:
    """One camera as the system lists it."""

    id: str
    """The same after the next plugging in, where the system gives such a name; else its path or index."""

    name: str
    """What the system calls it, to show to people. Two of a kind have the same."""

    index: int
    """Its number for OpenCV now; another one perhaps after the next plugging."""

    path: str = ""
    """Its device file on Linux (/dev/video0), the system's own name elsewhere; empty where there is none."""

    virtual: bool = False
    """True for what no lens stands behind (a loopback device), as far as the system tells: Linux only."""


def list_cameras() -> list[Camera]:
    """Every camera that is connected, the real ones first. Nodes that give no picture (metadata) are left out.

    Listing does not open a camera's stream: a busy one is listed too, and its lamp stays dark.
    """
    # Its import looks for OpenCV; and few programs that use this package ever ask for cameras.
    from cv2_enumerate_cameras import enumerate_cameras

    found: dict[str, Camera] = {}
    try:
        for info in enumerate_cameras(opencv_backend()):
            camera = _linux(info) if platform.system() == "Linux" else _elsewhere(info)
            found.setdefault(camera.id, camera)
    except (OSError, RuntimeError) as error:
        logger.warning("the cameras cannot be listed: %s", error)
    return sorted(found.values(), key=lambda camera: (camera.virtual, camera.index))


def find_camera(wanted: str) -> Camera:
    """The camera of an id, a path or an index; an empty text is the first one.

    Raises:
        SourceError: it is not connected; the hint names those that are.
    """
    cameras = list_cameras()
    for camera in cameras:
        if wanted in ("", camera.id, camera.path, str(camera.index)):
            return camera
    if not cameras:
        raise SourceError("No camera was found.", "Connect one, or check that it is switched on and not disabled.")
    names = ", ".join(f"{camera.name} (camera:{camera.id})" for camera in cameras)
    raise SourceError(f"The camera {wanted} is not connected.", f"Connect it, or choose another: {names}.")


def opencv_backend() -> int:
    """The part of OpenCV that opens cameras here: the numbers in `Camera.index` are its."""
    import cv2

    # DirectShow opens in a fraction of the time that Media Foundation takes.
    names = {"Linux": cv2.CAP_V4L2, "Windows": cv2.CAP_DSHOW, "Darwin": cv2.CAP_AVFOUNDATION}
    return int(names.get(platform.system(), cv2.CAP_ANY))


def _linux(info: Any, root: Path = Path("/")) -> Camera:
    """With the name that udev keeps from one plugging to the next, if it made one. `root` is where the system lies."""
    node = Path(info.path).name
    stable = info.path
    for link in sorted((root / "dev/v4l/by-id").glob("*")):
        if link.resolve().name == node:
            stable = link.name
            break
    virtual = (root / "sys/devices/virtual/video4linux" / node).exists()
    return Camera(id=stable, name=info.name or node, index=info.index, path=info.path, virtual=virtual)


def _elsewhere(info: Any) -> Camera:
    path = info.path or ""
    return Camera(id=path or str(info.index), name=info.name, index=info.index, path=path)

"""How sources and networks are opened, by what the settings say. Everything heavy is imported here, off the window's
thread.
"""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from humanseg_desktop.settings import Input

if TYPE_CHECKING:
    from humanseg.matting import Matter
    from humanseg.sources import Source

LIVE = ("camera:", "rtsp://", "rtsps://", "http://", "https://", "rtmp://", "udp://", "srt://")
"""How the text of a source begins that comes back by itself when it is tried again."""


class Parts(Protocol):
    """What the controller opens, off the window's thread; source and matter at the same time at first."""

    def source(self, wanted: Input) -> "Source":
        """A live source: it keeps its own pace."""
        ...

    def matter(self, wanted: Input) -> "Matter":
        """A network in an engine."""
        ...


class RealParts:
    """Opens what the settings name."""

    def source(self, wanted: Input) -> "Source":
        """The camera, file, address or demo.

        Raises:
            SourceError: it cannot be opened.
        """
        from humanseg.sources import open_source
        from humanseg.sources.playback import open_playback

        text = wanted.source or _first_camera()
        if text.startswith("camera:"):
            return _camera(text.removeprefix("camera:"), wanted.mode)
        if text.startswith(LIVE):
            return open_source(text)
        return open_playback(text, loop=True)

    def matter(self, wanted: Input) -> "Matter":
        """The network in its engine.

        Raises:
            ModelError: there is no such model.
            EngineError: no engine can run it.
        """
        from humanseg.matting import open_matter

        return open_matter(wanted.model or None, wanted.engine, preset=wanted.preset)


def _first_camera() -> str:
    """What is opened when nobody has chosen yet: the first real camera, else the demo."""
    from humanseg.sources.cameras import list_cameras

    cameras = [camera for camera in list_cameras() if not camera.virtual]
    return f"camera:{cameras[0].id}" if cameras else "demo"


def _camera(wanted: str, mode: str) -> "Source":
    from humanseg.sources.camera import CameraSource
    from humanseg.sources.cameras import find_camera
    from humanseg.sources.reconnecting import ReconnectingSource

    camera = find_camera(wanted)
    asked = re.fullmatch(r"(\d+)x(\d+)@(\d+)", mode)
    if asked is None:
        return ReconnectingSource(lambda: CameraSource(find_camera(camera.id)))
    width, height, rate = (int(number) for number in asked.groups())
    return ReconnectingSource(lambda: CameraSource(find_camera(camera.id), size=(width, height), rate=Fraction(rate)))

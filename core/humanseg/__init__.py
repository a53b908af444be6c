"""Real-time human video matting.

One picture needs one line, and a background one more:

    alpha = humanseg.open_matter().alpha(rgb)               # HxW float32, 0 to 1
    composite = humanseg.composite(rgb, alpha, "blur")      # HxWx3 uint8

A video file, one too:

    humanseg.process_video("talk.mp4", "blurred.mp4")

The names below are imported on first use (PEP 562): `import humanseg` costs nothing until there is work to do.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from humanseg.compositing.compositor import composite
    from humanseg.errors import HumansegError
    from humanseg.frames import Frame, Matte, StreamInfo
    from humanseg.matting.matter import Matter, open_matter
    from humanseg.pipeline.process import Output, process_video

__all__ = [
    "Frame",
    "HumansegError",
    "Matte",
    "Matter",
    "Output",
    "StreamInfo",
    "composite",
    "open_matter",
    "process_video",
]

_HOMES = {
    "Frame": "humanseg.frames",
    "HumansegError": "humanseg.errors",
    "Matte": "humanseg.frames",
    "Matter": "humanseg.matting.matter",
    "Output": "humanseg.pipeline.process",
    "StreamInfo": "humanseg.frames",
    "composite": "humanseg.compositing.compositor",
    "open_matter": "humanseg.matting.matter",
    "process_video": "humanseg.pipeline.process",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

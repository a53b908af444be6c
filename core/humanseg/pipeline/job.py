"""One video, what shall be made of it and how: what `run_job` takes."""

from dataclasses import dataclass, field
from pathlib import Path

from humanseg.frames import LookName
from humanseg.pipeline.segments import Segments
from humanseg.pipeline.stats import Stats
from humanseg.sinks.coding import DEFAULT_QUALITY
from humanseg.sources.changes import Changes


@dataclass(frozen=True, kw_only=True)
class Output:
    """One file, or folder of pictures, to make of a video."""

    path: Path
    """Its ending says the container; a name like `frames/%05d.png` means pictures."""

    look: LookName = "composite"
    """What it shows: see `humanseg.compositing.looks`."""

    codec: str | None = None
    """h264, hevc, av1, vp9, prores or ffv1; None is the usual one of the container."""

    quality: int = DEFAULT_QUALITY
    """0 (best) to 51 (worst), as x264's CRF."""

    hardware: bool = False
    """Whether to encode on the graphics card, where there is one that can."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a video is."""

    frames: int
    """Frames written, those of a former run included."""

    total: int | None
    """How many there will be, where the source knows."""

    stats: Stats
    """The pipeline's own figures."""


@dataclass(frozen=True, kw_only=True)
class VideoJob:
    """A video, what shall be made of it, and how."""

    source: str | Path
    """A video file, or "demo"."""

    outputs: tuple[Output, ...]
    """What shall be made; at least one."""

    background: str = "blur"
    """For composites; see `parse_background`."""

    light_wrap: float = 0.0
    """For composites; see `Compositor`."""

    decontaminate: bool = True
    """For composites; see `Compositor`."""

    segments: Segments = field(default_factory=Segments)
    """How the work is cut."""

    changes: Changes = field(default_factory=Changes)
    """What shall be different from the source."""

    copy_streams: bool = True
    """Whether sound, subtitles, chapters and tags go along."""

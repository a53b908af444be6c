"""Opening what a batch reads: a video, pictures or the demo, changed on the way."""

from fractions import Fraction
from pathlib import Path

from humanseg.sources import open_source
from humanseg.sources.changes import ChangedSource, Changes
from humanseg.sources.pictures import PicturesSource, is_pictures
from humanseg.sources.source import Source
from humanseg.sources.video_file import VideoFileSource

_USUAL_RATE = Fraction(25)


def open_changed(where: str | Path, changes: Changes | None = None, *, skip: int = 0) -> Source:
    """Open a source of a known end.

    Args:
        where: "demo", a video file, a folder of pictures, or a pattern such as `frames/%05d.png`.
        changes: What shall be different from the source. Pictures are shown at its rate, else 25 a second.
        skip: How many frames nobody needs; the source may leave them out, and the indices of the others stay.

    Raises:
        SourceError: there is no such source, or it holds no frames that can be read.
    """
    changes = changes or Changes()
    at = 0 if changes.renumber else skip
    if where == "demo":
        source = open_source("demo")
    elif is_pictures(Path(where)):
        source = PicturesSource(Path(where), rate=changes.rate or _USUAL_RATE, skip=at)
    else:
        source = VideoFileSource(Path(where), skip=at, deinterlace=changes.deinterlace)
    return source if changes == Changes(deinterlace=changes.deinterlace) else ChangedSource(source, changes)

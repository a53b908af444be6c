"""Where frames come from: video files, cameras, drawings."""

from pathlib import Path

from humanseg.sources.source import Source

__all__ = ["Source", "open_source"]


def open_source(where: str | Path) -> Source:
    """Open a source by name.

    Args:
        where: the word "demo" for the drawn clip, else the path of a video file. (A file of that name is `./demo`.)

    Raises:
        SourceError: there is no such source, or it holds no frames that can be read.
    """
    if where == "demo":
        from humanseg.sources.demo import DemoSource

        return DemoSource()
    from humanseg.sources.video_file import VideoFileSource

    return VideoFileSource(Path(where))

"""Where frames come from: cameras, network streams, video files, drawings."""

from pathlib import Path

from humanseg.sources.source import CanBeLost, Source

__all__ = ["CanBeLost", "Source", "open_source"]


def open_source(where: str | Path) -> Source:
    """Open a source by name.

    Args:
        where: "camera:ID" (an id, a path or a number of `list_cameras`; "camera:" is the first one), an address like
            "rtsp://..." or "http://...", the word "demo" for the drawn clip, else the path of a video file. (A file of
            that name is `./demo`.) Cameras and streams come back by themselves when they were lost.

    Raises:
        SourceError: there is no such source, or it holds no frames that can be read.
    """
    if where == "demo":
        from humanseg.sources.demo import DemoSource

        return DemoSource()
    word, colon, rest = str(where).partition(":")
    if isinstance(where, str) and colon and word == "camera":
        from humanseg.sources.camera import CameraSource, find_camera
        from humanseg.sources.reconnecting import ReconnectingSource

        camera = find_camera(rest)
        # It is looked for each time: after another plugging its number may be a new one.
        return ReconnectingSource(lambda: CameraSource(find_camera(camera.id)))
    if isinstance(where, str) and "://" in where:
        from humanseg.sources.reconnecting import ReconnectingSource
        from humanseg.sources.stream import StreamSource

        return ReconnectingSource(lambda: StreamSource(where))
    from humanseg.sources.video_file import VideoFileSource

    return VideoFileSource(Path(where))

"""Whole pictures from two half ones: FFmpeg's bwdif, one picture out for each one in."""

from collections import deque
from collections.abc import Generator, Iterator
from typing import cast

from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame


def deinterlaced(pictures: Iterator[VideoFrame]) -> Generator[VideoFrame, None, None]:
    """The pictures of a stream, deinterlaced; times and side data stay."""
    graph: Graph | None = None
    before: deque[VideoFrame] = deque()
    for picture in pictures:
        if graph is None:
            graph = _graph(picture)
        before.append(picture)
        graph.push(picture)
        yield from _finished(graph, before)
    if graph is not None:
        graph.push(None)
        yield from _finished(graph, before)


def _graph(first: VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=first.time_base)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=all"), graph.add("buffersink")).configure()
    return graph


def _finished(graph: Graph, before: deque[VideoFrame]) -> Iterator[VideoFrame]:
    while True:
        try:
            picture = cast("VideoFrame", graph.pull())
        except (BlockingIOError, EOFError, FFmpegError):
            return
        original = before.popleft()
        # The filter counts in half ticks; the pictures of a decoder, in those of their stream.
        picture.pts = original.pts
        picture.duration = original.duration
        yield picture

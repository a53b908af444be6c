"""Where finished frames go: video files, lists."""

from humanseg.sinks.sink import Sink

__all__ = ["Sink"]

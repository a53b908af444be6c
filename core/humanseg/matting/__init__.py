"""Matting: from a frame to its alpha."""

from humanseg.matting.matter import Matter, open_matter
from humanseg.matting.options import MattingOptions

__all__ = ["Matter", "MattingOptions", "open_matter"]

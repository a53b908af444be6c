"""Matting: from a frame to its alpha."""

from humanseg.matting.matter import Matter, open_matter

__all__ = ["Matter", "open_matter"]

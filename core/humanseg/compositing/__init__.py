"""Compositing: the person over another background."""

from humanseg.compositing.backgrounds import Background, parse_background
from humanseg.compositing.compositor import Compositor, composite

__all__ = ["Background", "Compositor", "composite", "parse_background"]

"""The pipeline: frames from a source, matted and composited, to every sink, on threads of their own."""

from humanseg.pipeline.handoff import Handoff
from humanseg.pipeline.parts import SupportsComposite, SupportsMatte
from humanseg.pipeline.pipeline import Pipeline
from humanseg.pipeline.stats import Stats

__all__ = ["Handoff", "Pipeline", "Stats", "SupportsComposite", "SupportsMatte"]

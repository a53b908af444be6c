"""Whole frames for videos whose every look is the composite: then nobody needs the matte."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from humanseg.compositing.compositor import Compositor
from humanseg.frames import Frame, PlanarFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from humanseg.compositing.looks import Look
    from humanseg.pipeline.parts import SupportsWhole


@dataclass(frozen=True, kw_only=True, eq=False)
class FinishedFrame(Frame):
    """A frame that is the picture already."""


class WholeLook:
    """Takes the place of matter and looks for the frames that can be done in one go.

    As the matter is, it is reset where the warm-up of a segment begins: see `humanseg.pipeline.segments`.
    """

    def __init__(self, whole: "SupportsWhole", compositor: Compositor) -> None:
        self._whole = whole
        self._compositor = compositor
        self._last = -1

    def composite(self, frame: Frame, compositor: object) -> FinishedFrame | PlanarFrame | None:
        """See `SupportsWhole.composite`; the pipeline's own compositor only keeps mattes, and does not count."""
        if frame.index <= self._last:
            self._whole.reset()
        self._last = frame.index
        done = self._whole.composite(frame, self._compositor)
        if done is None or isinstance(done, PlanarFrame):
            return done
        return FinishedFrame(**{field.name: getattr(done, field.name) for field in fields(Frame)})

    def reset(self) -> None:
        """See `SupportsWhole.reset`."""
        self._last = -1
        self._whole.reset()


def sole_compositor(looks: "Sequence[Look]") -> Compositor | None:
    """The compositor that makes the only look there is; None where there are several, or another one."""
    first = looks[0] if len(looks) == 1 else None
    return first if isinstance(first, Compositor) else None

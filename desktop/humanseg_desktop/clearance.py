"""Clearance: the one place where frames are made that may leave the machine.

The pipeline turns every fault of matter and compositor into a slate. What is cleared here bears a ticket besides, which
the outlet compares: a frame that comes late, from before a change, or from anywhere else, does not leave.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from threading import Event, Lock
from typing import TYPE_CHECKING

import numpy as np

from humanseg.frames import Frame, Matte
from humanseg.matting.flicker import Flicker
from humanseg.pipeline import SupportsComposite, SupportsMatte
from humanseg.pipeline.parts import look
from humanseg.pipeline.shown import check_room
from humanseg.slate import Slate
from humanseg_desktop.tickets import ClearedFrame, Ticket

if TYPE_CHECKING:
    from humanseg.pipeline.gpu_frames import GpuFrames


@dataclass(frozen=True, eq=False)
class Policy:
    """What is done with a frame; replaced as a whole, so that no frame sees half of a change."""

    compositor: SupportsComposite | None
    """None: the background is off and the camera's own frame is what the user wants to be seen."""

    ticket: Ticket
    """What its frames bear."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Permit(Matte):
    """A matte, and what was to be done with its frame when it was made."""

    ticket: Ticket | None
    """None: nobody will see the frame."""


FLICKER_STRIDE, FLICKER_FRAMES = 8, 90
"""Of the flicker that is told: one pixel of so many in each direction, over so many frames."""


class Clearance:
    """Stands in the pipeline as its matter and as its compositor.

    Frames are looked at by one thread and finished by another or the same, one at a time each; what is kept belongs to
    either the one or the other. The attributes are for any thread.
    """

    def __init__(self, matter: SupportsMatte, policy: Policy, wanted: Callable[[], bool] = lambda: True) -> None:
        """Stand between a matter and the outlet.

        Args:
            matter: may be exchanged.
            policy: may be replaced.
            wanted: asked for each frame whether anybody will see it; where nobody will, a slate is made of it.
        """
        self.policy = policy
        """May be replaced at any time; the worker reads it once per frame."""
        self.always = False
        """Whether frames are matted while the background is off too: for a view of the matte, or a cut-out."""
        self.whole: GpuFrames | None = None
        """Does frames in one go where it can; exchanged together with the matter."""
        self.flicker = Flicker(stride=FLICKER_STRIDE, frames=FLICKER_FRAMES)
        """How steady the mattes of the last frames were."""
        self._lock = Lock()
        self._free = Event()
        self._free.set()
        self._matter = matter
        self._wanted = wanted
        self.drawing = Lock()
        """Held while a compositor is in use: what does whole frames asks it too, while the one before is composited."""
        self._warm = False
        self.shows_room = False
        """Whether the last composite was meant to show the room; the pipeline's guard asks."""

    @property
    def at_work(self) -> bool:
        """Whether frames are matted at all."""
        return (self.policy.compositor is not None or self.always) and self._wanted()

    def exchange(self, matter: SupportsMatte, whole: "GpuFrames | None") -> "GpuFrames | None":
        """Matte with this one from the next frame on, from any thread. Waits until the frame of now was looked at.

        Returns:
            What did whole frames before; it is used no more, and neither is the old matter's engine.
        """
        self._free.clear()
        with self._lock:
            self._matter, before, self.whole = matter, self.whole, whole
            self._free.set()
            return before

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Held while a frame is looked at: what is exchanged is in nobody's use then."""
        self._free.wait()  # an exchange comes first, or it might wait for ever: frames follow close upon each other
        with self._lock:
            yield

    def reset(self) -> None:
        """Forget the frames seen so far."""
        with self.turn():
            self._matter.reset()
        self.flicker.reset()

    def matte(self, frame: Frame) -> Matte:
        """The matter's matte; an empty one, without any work, while the background is off."""
        return self.look(frame)()

    def look(self, frame: Frame) -> Callable[[], Matte]:
        """The first half of `matte`; see `SupportsHalves`."""
        policy = self.policy
        ticket = None if self._warm and policy.compositor is not None and not self._wanted() else policy.ticket
        # The first frame is matted in any case, so that switching a background on meets a warm network.
        if self._warm and (ticket is None or not self.at_work):
            return lambda: Permit(alpha=np.zeros(frame.rgb.shape[:2], np.float32), ticket=ticket)
        self._warm = True
        with self.turn():
            looked = look(self._matter, frame)

        def permit() -> Permit:
            matte = looked()
            return Permit(**{field.name: getattr(matte, field.name) for field in fields(Matte)}, ticket=ticket)

        return permit

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """The frame that may leave; a slate, without a ticket, where nobody sees it.

        A slate, too, where it was matted before the background was switched on or off: what the
        camera saw while the room was hidden stays hidden, however long the frame was held back.

        Raises:
            EngineError: the composite shows the room; the pipeline shows a slate then, as for every other error.
        """
        policy = self.policy
        if isinstance(matte, Permit) and matte.ticket is not policy.ticket:
            self.shows_room = False
            return Slate(frame.size).frame(frame)
        if matte.seen is not None:  # it was made of this frame, and is the one that is shown
            self.flicker.add(frame.rgb, matte.alpha)
        self.shows_room = policy.compositor is None
        composite = frame
        if policy.compositor is not None:
            with self.drawing:
                composite = policy.compositor.composite(frame, matte)
            check_room(frame.rgb, matte.alpha, composite.rgb)
        return self.cleared(frame, composite, matte, policy.ticket)

    def cleared(self, frame: Frame, composite: Frame, matte: Matte, ticket: Ticket) -> ClearedFrame:
        """A composite that was checked, with its ticket."""
        return ClearedFrame(
            rgb=composite.rgb,
            index=frame.index,
            time=frame.time,
            duration=frame.duration,
            born=frame.born,
            ticket=ticket,
            before=frame,
            matte=matte,
        )


class WholeClearance:
    """Stands in the pipeline for frames that are done whole on the GPU, which checks them itself."""

    def __init__(self, clearance: Clearance) -> None:
        self._clearance = clearance

    def reset(self) -> None:
        """Forget the frames seen so far."""
        with self._clearance.turn():
            if self._clearance.whole is not None:
                self._clearance.whole.reset()

    def composite(self, frame: Frame, compositor: object) -> ClearedFrame | None:
        """The frame that may leave; None where it takes a matte: no background, one to look at, or no GPU for it."""
        policy = self._clearance.policy
        behind = policy.compositor if self._clearance.at_work and not self._clearance.always else None
        with self._clearance.turn():
            whole = self._clearance.whole
            if whole is None:
                return None
            with self._clearance.drawing:
                composite = whole.composite(frame, behind)
        if composite is None:
            return None
        return self._clearance.cleared(frame, composite, composite.matte, policy.ticket)

"""What lets a frame out: a ticket, which clearance puts on what it has checked and the outlet compares."""

from dataclasses import dataclass

from humanseg.frames import Frame, Matte


class Ticket:
    """The outlet takes frames with the ticket of the hour and refuses all others: its identity is all it has."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ClearedFrame(Frame):
    """A frame that may leave: a checked composite, or the camera's own where the background is off."""

    ticket: Ticket
    """Under which policy it was made."""

    before: Frame
    """The camera's frame: for the split view on this screen, and for cut-outs. Outputs never see it."""

    matte: Matte
    """The matte of that frame."""

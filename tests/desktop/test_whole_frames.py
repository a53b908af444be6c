"""Frames that are done whole on the GPU leave the app under the same ticket, and end with the session."""

from typing import Any

import numpy as np

from humanseg.compositing import Compositor, parse_background
from humanseg.frames import Frame, Matte
from humanseg.pipeline.several import MattedFrame
from humanseg_desktop.clearance import Clearance, Policy, WholeClearance
from humanseg_desktop.tickets import Ticket

FRAME = Frame(rgb=np.full((90, 160, 3), 90, np.uint8), index=3)
MATTE = Matte(alpha=np.zeros((90, 160), np.float32))


class Whole:
    """Does every frame that has a compositor."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.resets = 0

    def composite(self, frame: Frame, compositor: object) -> MattedFrame | None:
        self.asked.append(compositor)
        return None if compositor is None else MattedFrame(rgb=frame.rgb + 1, index=frame.index, matte=MATTE)

    def reset(self) -> None:
        self.resets += 1


def both(compositor: Compositor | None) -> tuple[Whole, Clearance, WholeClearance]:
    whole: Any = Whole()
    clearance = Clearance(whole, Policy(compositor, Ticket()))
    clearance.whole = whole
    return whole, clearance, WholeClearance(clearance)


def test_it_bears_the_ticket_of_the_policy_that_made_it() -> None:
    compositor = Compositor(parse_background("blur"))
    whole, clearance, cleared = both(compositor)
    clearance.shows_room = True
    done = cleared.composite(FRAME, clearance)
    assert done is not None
    assert done.ticket is clearance.policy.ticket
    assert (done.before, done.matte, done.index) == (FRAME, MATTE, 3)
    assert whole.asked == [compositor]
    assert int(done.rgb[0, 0, 0]) == 91
    cleared.reset()
    assert whole.resets == 1


def test_no_background_and_a_view_of_the_matte_are_the_cpus() -> None:
    whole, clearance, cleared = both(None)
    assert cleared.composite(FRAME, clearance) is None
    clearance.policy = Policy(Compositor(parse_background("blur")), Ticket())
    clearance.always = True
    assert cleared.composite(FRAME, clearance) is None
    assert whole.asked == [None, None]

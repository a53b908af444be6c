"""The controller: the only class that knows both the window's world and the pipeline's."""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from humanseg.errors import HumansegError, SettingsError
from humanseg_desktop import scenery
from humanseg_desktop.clearance import Policy
from humanseg_desktop.keeping import Keeper
from humanseg_desktop.opener import Opener
from humanseg_desktop.opening import LIVE, Parts, RealParts
from humanseg_desktop.pacing import Pacer
from humanseg_desktop.preparing import Preparer
from humanseg_desktop.session import Session
from humanseg_desktop.settings import Input, Look, Settings
from humanseg_desktop.tickets import Ticket

if TYPE_CHECKING:
    from humanseg.matting.options import MattingOptions
    from humanseg.pipeline import SupportsComposite
    from humanseg_desktop.outlet import Outlet

logger = logging.getLogger(__name__)

LOOK_MS = 100
"""Milliseconds between two looks at whether the run still goes."""

RETRY_MS = 2000
"""Milliseconds before a camera or a stream that was lost is tried again."""

Phase = Literal["opening", "running", "failed", "retrying"]


@dataclass(frozen=True, kw_only=True)
class State:
    """How things stand, for everything in the window that depends on it."""

    phase: Phase
    wanted: Input
    """What runs, or what is being opened, or what failed."""
    note: str = ""
    """What is being waited for, in words."""


class Controller(QObject):
    """Owns the session, the outlet's tickets and the settings. All methods belong to the window's thread.

    opening --opened--> running --the source or the network fails--> failed, or retrying (camera, stream)
       |                   ^                                                      |
       +--it fails--> failed, or running still (what ran before goes on)          +--2 s--> opening
    """

    state_changed = Signal(object)
    look_changed = Signal(object)
    settings_changed = Signal(object)
    troubled = Signal(object)
    """A `HumansegError` to show, or None: the trouble is over."""

    def __init__(
        self, settings: Settings, outlet: "Outlet", *, file: Path | None = None, parts: Parts | None = None
    ) -> None:
        """Take over settings and outlet; nothing is opened before `start`.

        Args:
            settings: to begin with.
            outlet: where frames leave; the caller starts and closes it.
            file: where settings are saved; None saves none.
            parts: how sources and networks are opened.
        """
        super().__init__()
        self.keeper = Keeper(settings, file)
        self.outlet = outlet
        self.state = State(phase="opening", wanted=settings.input)
        self.hidden = False
        self.parts = parts or RealParts()
        """How sources and networks are opened."""
        self.pacer = Pacer(settings)
        """What is done in place of what the settings say, where this machine is too slow for that."""
        self._opener = Opener(
            self.parts,
            outlet,
            options=self._options,
            policy=lambda: self._policy,
            network_of=self.pacer.network_of,
        )
        self._preparer = Preparer(self.pacer.look_of)
        self._policy: Policy | None = None
        self._good_look = settings.look
        self._trouble: HumansegError | None = None
        self._opener.opened.connect(self._take_session)
        self._opener.adapted.connect(self._take_adapted)
        self.pacer.changed.connect(self._adapt)
        self.pacer.changed.connect(self._preparer.adapt)
        self._preparer.prepared.connect(self._take_compositor)
        self._preparer.failed.connect(self._do_without)
        self.keeper.changed.connect(self.pacer.follow)
        self.keeper.changed.connect(self.settings_changed)
        self.keeper.troubled.connect(self.troubled)
        self._looker = self._timer(LOOK_MS, self._look_after, repeated=True)
        self._retry = self._timer(RETRY_MS, lambda: self.open(self.state.wanted))

    @property
    def session(self) -> Session | None:
        """What runs, or ran last."""
        return self._opener.session

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self.keeper.settings

    def start(self) -> None:
        """Open the source of the settings."""
        self._looker.start()
        self._preparer.prepare(self.settings.look)
        self.open(self.settings.input)

    def close(self) -> None:
        """End everything: nothing leaves from now on, and in the end the camera is free and the settings are saved."""
        self.outlet.hold()
        for timer in (self._looker, self._retry):
            timer.stop()
        self._opener.close()
        self._preparer.close()
        self.keeper.close()

    def open(self, wanted: Input) -> None:
        """Open another source, camera mode or engine. What runs goes on until the new one is there."""
        self._retry.stop()
        note = "Opening" if self._opener.has_network else "Loading the network"
        self._set_state(State(phase="opening", wanted=wanted, note=note))
        self._opener.open(wanted)

    def change_input(self, **changes: Any) -> None:
        """Open what is wanted now, but for the named fields of `Input`."""
        self.open(dataclasses.replace(self.state.wanted, **changes))

    def set_look(self, **changes: Any) -> None:
        """Change how the picture looks; only the named fields of `Look`."""
        look = dataclasses.replace(self.settings.look, **changes)
        if look == self.settings.look:
            return
        if scenery.hides(look) and not scenery.hides(self._good_look):
            # From this moment, not from when the background is ready.
            self.outlet.hold()
            self._policy = None
        self.keeper.change(look=look)
        self.look_changed.emit(look)
        if scenery.BEHIND & changes.keys():
            self._preparer.prepare(look)
        if self.session and changes.keys() - scenery.BEHIND:
            self.session.network.matter.options = self._options()

    def get_ready(self, picture: str) -> None:
        """Decode a background that the user points at: it may be the next."""
        if self.session:
            look = dataclasses.replace(self.settings.look, background="picture", picture=picture)
            self._preparer.get_ready(look, (self.session.info.width, self.session.info.height))

    def set_lower_work(self, may: bool) -> None:
        """Whether less may be done where this machine is too slow."""
        self.keeper.change(lower_work=may)

    def set_window(self, **changes: Any) -> None:
        """Remember how the window is."""
        self.keeper.change(window=dataclasses.replace(self.settings.window, **changes))

    def set_presets(self, presets: dict[str, Look]) -> None:
        """Remember these looks by name."""
        self.keeper.change(presets=presets)

    def set_pictures(self, pictures: tuple[str, ...]) -> None:
        """Remember the user's own backgrounds."""
        self.keeper.change(pictures=pictures)

    def hide(self, hidden: bool) -> None:
        """Show a slate in place of everything, or no longer."""
        self.hidden = hidden
        if hidden:
            self.outlet.hold()
        else:
            self._admit()
        self.state_changed.emit(self.state)

    def release(self) -> None:
        """Let go of the camera at once, from any thread: the program is broken."""
        self.outlet.hold()
        if self.session:
            self.session.break_off()

    def _take_session(self, result: object) -> None:
        if isinstance(result, Session):
            if self._policy is not None:
                result.clearance.policy = self._policy
            self.keeper.change(input=result.wanted)
            self._adapt()
            self._set_state(State(phase="running", wanted=result.wanted))
            self._trouble = None
            self.troubled.emit(None)
            self._admit()
        elif isinstance(result, HumansegError):
            self._fail(result)

    def _fail(self, error: HumansegError) -> None:
        wanted = self.state.wanted
        self.troubled.emit(error)
        if self.session and self.session.ended() is False:
            self._set_state(State(phase="running", wanted=self.session.wanted))
            self._adapt()
            self._admit()
        elif not wanted.source or wanted.source.startswith(LIVE):
            self._set_state(State(phase="retrying", wanted=wanted, note="Trying again"))
            self._retry.start()
        else:
            self._set_state(State(phase="failed", wanted=wanted))

    def _look_after(self) -> None:
        if self.session is None or self.state.phase != "running":
            return
        ended = self.session.ended()
        if ended is False:
            if self.session.lost:
                self.outlet.hold()
            else:
                self._admit()
            trouble = self.session.trouble
            if str(trouble) != str(self._trouble):
                self._trouble = trouble
                self.troubled.emit(trouble)
            self.pacer.look(self.session)
            return
        self.outlet.hold()
        if isinstance(ended, HumansegError):
            self._fail(ended)
        else:
            self._set_state(State(phase="failed", wanted=self.state.wanted, note="The end"))

    def _do_without(self, error: SettingsError) -> None:
        """Blur the room where its background cannot be had."""
        self.troubled.emit(error)
        self.keeper.change(look=dataclasses.replace(self.settings.look, background="blur", blur=0.5))
        self.look_changed.emit(self.settings.look)
        self._preparer.prepare(self.settings.look)

    def _take_compositor(self, look: Look, compositor: "SupportsComposite | None") -> None:
        self._good_look = look
        same = self._policy is not None and (self._policy.compositor is None) == (compositor is None)
        ticket = self._policy.ticket if same and self._policy else Ticket()
        self._policy = Policy(compositor, ticket)
        if self.session:
            self.session.clearance.policy = self._policy
        self._admit()

    def _options(self) -> "MattingOptions":
        return self.pacer.options_of(scenery.options_of(self.settings.look))

    def _adapt(self) -> None:
        """Do to the frames of what runs what is to be done to them now."""
        session = self.session
        if session is None:
            return
        session.network.matter.options = self._options()
        if session.network.fits(self.pacer.network_of(session.wanted)):
            self.pacer.settled()
        else:
            self.pacer.wait()
            self._opener.adapt()

    def _take_adapted(self, result: object) -> None:
        if self.session is None:
            return
        if isinstance(result, HumansegError):
            logger.warning("The work stays as it is: %s", result)
            self.pacer.give_up(self.session.network.wanted.preset)
        else:
            self._adapt()

    def _admit(self) -> None:
        if self._policy and self.session and not self.hidden and self.state.phase == "running":
            self.outlet.admit(self._policy.ticket)

    def _set_state(self, state: State) -> None:
        self.state = state
        self.state_changed.emit(state)

    def _timer(self, milliseconds: int, call: Callable[[], None], *, repeated: bool = False) -> QTimer:
        timer = QTimer(self, interval=milliseconds, singleShot=not repeated)
        timer.timeout.connect(call)
        return timer

"""Opens sources and networks off the window's thread, one after the other, and hands over sessions that run."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from humanseg.errors import HumansegError
from humanseg_desktop import scenery
from humanseg_desktop.clearance import Policy
from humanseg_desktop.session import Network, Session
from humanseg_desktop.tickets import Ticket

if TYPE_CHECKING:
    from humanseg_desktop.opening import Parts
    from humanseg_desktop.outlet import Outlet
    from humanseg_desktop.settings import Input, Look

logger = logging.getLogger(__name__)


class Opener(QObject):
    """Has the session that runs and the network, which outlives it. Methods belong to the window's thread."""

    opened = Signal(object)
    """The `Session` that was asked for last, started; or the `HumansegError` why there is none."""

    _done = Signal(int, object)

    def __init__(
        self, parts: "Parts", outlet: "Outlet", look: "Callable[[], Look]", policy: Callable[[], Policy | None]
    ) -> None:
        """Open nothing yet.

        Args:
            parts: how sources and networks are opened.
            outlet: where sessions send.
            look: asked for the look of the moment, on the opener's thread.
            policy: asked for the policy of the moment, as well; None while no background is ready.
        """
        super().__init__()
        self.session: Session | None = None
        """What runs, or ran last."""
        self._parts, self._outlet, self._look, self._policy = parts, outlet, look, policy
        self._network: Network | None = None
        self._worker = ThreadPoolExecutor(1, "humanseg-opener")
        self._asked = 0
        self._done.connect(self._take)

    @property
    def has_network(self) -> bool:
        """Whether a network was opened already."""
        return self._network is not None

    def open(self, wanted: "Input") -> None:
        """Open this; what was asked for before is not wanted any more. What runs goes on until the new one is there."""
        self._asked += 1
        self._worker.submit(self._open, self._asked, wanted)

    def close(self) -> None:
        """Open nothing any more, end what runs, and wait for it."""
        self._asked += 1
        self._worker.submit(self._shut)
        self._worker.shutdown(wait=True)

    def _open(self, number: int, wanted: "Input") -> None:
        if number != self._asked:
            return
        try:
            result: Session | HumansegError = self._make(wanted)
        except HumansegError as error:
            result = error
        except Exception as error:
            logger.exception("Opening failed with a bug.")
            result = HumansegError(f"Something went wrong inside humanseg: {error!r}.", "The log file has the details.")
        self._done.emit(number, result)

    def _make(self, wanted: "Input") -> Session:
        """A session that has been started; the old one was stopped as late as possible."""
        old, network = self.session, self._network
        if network is None or not network.fits(wanted):
            network = Network(self._parts.matter(wanted), wanted)
        try:
            if old and old.wanted.source == wanted.source:
                self._outlet.hold()
                old.stop()  # a device is opened once at a time
            session = self._begin(wanted, network)
        except BaseException:
            if network is not self._network:
                network.matter.close()
            raise
        if self._network and self._network is not network:
            self._network.matter.close()
        self._network = network
        self.session = session
        return session

    def _begin(self, wanted: "Input", network: Network) -> Session:
        """Open the source and start on it; the old session, if it still runs, is stopped just before."""
        source = self._parts.source(wanted)
        try:
            network.matter.options = scenery.options_of(self._look())
            policy = self._policy() or _closed_policy()
            self._outlet.hold()
            if self.session:
                self.session.stop()
            session = Session(wanted, source, network, policy, self._outlet)
            session.start()
        except BaseException:
            source.close()
            raise
        return session

    def _shut(self) -> None:
        if self.session:
            self.session.stop()
        if self._network:
            self._network.matter.close()

    def _take(self, number: int, result: object) -> None:
        if number == self._asked:
            self.opened.emit(result)


def _closed_policy() -> Policy:
    """For the time before a background is ready: its ticket is admitted nowhere."""
    from humanseg.compositing import Compositor
    from humanseg.compositing.blur import BlurBackground

    return Policy(Compositor(BlurBackground()), Ticket())

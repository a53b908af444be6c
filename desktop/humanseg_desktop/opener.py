"""Opens sources and networks off the window's thread, one after the other, and hands over sessions that run."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from humanseg.errors import HumansegError
from humanseg_desktop.clearance import Policy
from humanseg_desktop.session import Network, Session
from humanseg_desktop.tickets import Ticket

if TYPE_CHECKING:
    from humanseg.matting.options import MattingOptions
    from humanseg.sources import Source
    from humanseg_desktop.opening import Parts
    from humanseg_desktop.outlet import Outlet
    from humanseg_desktop.settings import Input

logger = logging.getLogger(__name__)


class Opener(QObject):
    """Has the session that runs and the network, which outlives it. Methods belong to the window's thread."""

    opened = Signal(object)
    """The `Session` that was asked for last, started; or the `HumansegError` why there is none."""

    adapted = Signal(object)
    """None when the network of `adapt` is in use, or the `HumansegError` why it is not."""

    _done = Signal(int, object)
    _adapted = Signal(int, object)

    def __init__(
        self,
        parts: "Parts",
        outlet: "Outlet",
        *,
        options: "Callable[[], MattingOptions]",
        policy: Callable[[], Policy | None],
        network_of: "Callable[[Input], Input]",
    ) -> None:
        """Open nothing yet.

        Args:
            parts: how sources and networks are opened.
            outlet: where sessions send.
            options: asked for the matting options of the moment, on the opener's thread.
            policy: asked for the policy of the moment, as well; None while no background is ready.
            network_of: asked which network is to be opened for what is wanted, as well.
        """
        super().__init__()
        self.session: Session | None = None
        """What runs, or ran last."""
        self._parts, self._outlet = parts, outlet
        self._options, self._policy, self._network_of = options, policy, network_of
        self._network: Network | None = None
        self._worker = ThreadPoolExecutor(1, "humanseg-opener")
        self._asked = 0
        self._done.connect(self._take)
        self._adapted.connect(self._take_adapted)

    @property
    def has_network(self) -> bool:
        """Whether a network was opened already."""
        return self._network is not None

    def open(self, wanted: "Input") -> None:
        """Open this; what was asked for before is not wanted any more. What runs goes on until the new one is there."""
        self._asked += 1
        self._worker.submit(self._open, self._asked, wanted)

    def adapt(self) -> None:
        """Open the network that is to be used now, and go on with it; what is asked for later comes first."""
        self._worker.submit(self._adapt, self._asked)

    def close(self) -> None:
        """Open nothing any more, end what runs, and wait for it."""
        self._asked += 1
        self._worker.submit(self._shut)
        self._worker.shutdown(wait=True)

    def _open(self, number: int, wanted: "Input") -> None:
        if number != self._asked:
            return
        self._done.emit(number, _tried(lambda: self._make(wanted)))

    def _adapt(self, number: int) -> None:
        session = self.session
        if number != self._asked or session is None or session.ended() is not False:
            return
        made: Session | HumansegError = session
        if not session.network.fits(self._network_of(session.wanted)):
            made = _tried(lambda: self._make(session.wanted))
        self._adapted.emit(number, made if isinstance(made, HumansegError) else None)

    def _make(self, wanted: "Input") -> Session:
        """A session that runs; the old one was stopped as late as possible, or goes on with another network."""
        old, network, fitting = self.session, self._network, self._network_of(wanted)
        source = None
        if network is None:
            network, source = self._open_both(wanted, fitting)
        elif not network.fits(fitting):
            network = Network(self._parts.matter(fitting), fitting)
            if old is None or old.ended() is not False:
                if old:
                    old.stop()
                self._keep(network)  # also if the source does not open: it is tried again, and needs the same one
        try:
            if old and network is not self._network and old.runs_on(wanted):
                network.matter.options = self._options()
                old.exchange(network, wanted)
                session = old
            else:
                if old and old.wanted.source == wanted.source:
                    self._outlet.hold()
                    old.stop()  # a device is opened once at a time
                session = self._begin(wanted, source or self._parts.source(wanted), network)
        except BaseException:
            if network is not self._network:
                network.matter.close()
            raise
        self._keep(network)
        self.session = session
        return session

    def _keep(self, network: Network) -> None:
        """This is the network from now on; the one before is closed."""
        if self._network and self._network is not network:
            self._network.matter.close()
        self._network = network

    def _open_both(self, wanted: "Input", fitting: "Input") -> "tuple[Network, Source]":
        """The first network and its source at the same time: a camera may take as long. The network is kept anyway."""
        with ThreadPoolExecutor(1, "humanseg-source") as beside:
            opening = beside.submit(self._parts.source, wanted)
            try:
                self._network = Network(self._parts.matter(fitting), fitting)
            except BaseException:
                with suppress(Exception):  # the network's error is told
                    opening.result().close()
                raise
            return self._network, opening.result()

    def _begin(self, wanted: "Input", source: "Source", network: Network) -> Session:
        """Start on a source; the old session, if it still runs, is stopped just before."""
        try:
            network.matter.options = self._options()
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

    def _take_adapted(self, number: int, result: object) -> None:
        if number == self._asked:
            self.adapted.emit(result)


def _tried(make: Callable[[], Session]) -> Session | HumansegError:
    """The session, or why there is none."""
    try:
        return make()
    except HumansegError as error:
        return error
    except Exception as error:
        logger.exception("Opening failed with a bug.")
        return HumansegError(f"Something went wrong inside humanseg: {error!r}.", "The log file has the details.")


def _closed_policy() -> Policy:
    """For the time before a background is ready: its ticket is admitted nowhere."""
    from humanseg.compositing import Compositor
    from humanseg.compositing.blur import BlurBackground

    return Policy(Compositor(BlurBackground()), Ticket())

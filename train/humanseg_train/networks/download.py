"""Downloads that fail at once where there is no network."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 8.0


@contextmanager
def without_retries() -> Iterator[None]:
    """Inside, weights come from the local cache only if their server cannot be reached.

    The hub's client would otherwise ask six times and wait in between: a minute and a half until the error.
    """
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    if not before and not reachable(constants.ENDPOINT):
        constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def reachable(address: str) -> bool:
    """Whether a web server answers within some seconds, with whatever; proxies of the environment are used."""
    answered = threading.Event()

    def ask() -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=PATIENCE_S).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            done.set()
            return
        answered.set()
        done.set()

    # In a thread of its own, because looking up a name has no time limit.
    done = threading.Event()
    threading.Thread(target=ask, name="humanseg-reach", daemon=True).start()
    done.wait(PATIENCE_S)
    return answered.is_set()

"""Where the app's threads take memory from."""

import ctypes

_M_ARENA_MAX = -8  # malloc.h of the GNU C library


def share_heap() -> None:
    """Let all threads that begin from now on take memory from one heap, where the C library is GNU's; else do nothing.

    By default most have one of their own, which for hours keeps growing a little as frames leave gaps in it. Threads
    hardly ever wait for the one heap: they ask for few, large pieces.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (AttributeError, OSError, TypeError):
        return

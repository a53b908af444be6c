"""Where the app's threads take memory from."""

import ctypes

# From malloc.h of the GNU C library.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_MIB = 2**20


def share_heap() -> None:
    """Let all threads that begin from now on take memory from one heap, where the C library is GNU's; else do nothing.

    By default most have one of their own, each of which goes on growing a little for hours as frames leave gaps in it.
    Threads hardly ever wait for the one heap: they ask for few, large pieces. Frames of up to 4K are taken from it, and
    what they leave is kept for the next one, until `give_back`: else its size would swing by some MB all the time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError):
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, 32 * _MIB)
    mallopt(_M_TRIM_THRESHOLD, 64 * _MIB)


def give_back() -> None:
    """Give the system what the heap holds and nobody uses, where the C library is GNU's; else do nothing.

    A moment in which more frames than ever are alive at once makes the heap larger, and a few bytes that live on at its
    end keep it so. It takes 1 ms; what the next frames need of it comes anew.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, TypeError):
        return

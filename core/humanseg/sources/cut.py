"""Does a file have all the bytes that its container announces? Read from the sizes in the container itself."""

import os
from pathlib import Path
from typing import BinaryIO

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"

# The length of a packet of a transport stream, and where in it the letter G stands: broadcast, and Blu-ray.
_TRANSPORT_PACKETS = ((188, 0), (192, 4))


def is_cut(path: Path) -> bool:
    """Whether the end of a Matroska, WebM, MP4, MOV or MPEG-TS file is missing.

    False also where nothing tells: in other containers, in Matroska that was recorded live (it does not say how long it
    will be), and where the cut fell between two fragments of an MP4 or two packets of a transport stream.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
        for length, sync in _TRANSPORT_PACKETS:
            if head[sync : 3 * length : length] == b"GGG":
                return size % length != 0
        announced = _matroska_size(head) if head.startswith(_EBML) else _boxes_size(file, size)
    return announced is not None and size < announced


def _matroska_size(head: bytes) -> int | None:
    header = _ebml_size(head, 4)
    if header is None or header[1] is None:
        return None
    start = header[0] + header[1]
    if head[start : start + 4] != _SEGMENT:
        return None
    segment = _ebml_size(head, start + 4)
    return None if segment is None or segment[1] is None else segment[0] + segment[1]


def _ebml_size(data: bytes, at: int) -> tuple[int, int | None] | None:
    """The EBML size at a position: where it ends, and its value (None: unknown). None if there is none."""
    if at >= len(data) or data[at] == 0:
        return None
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big") - (1 << 7 * length)
    return at + length, None if value == (1 << 7 * length) - 1 else value


def _boxes_size(file: BinaryIO, size: int) -> int:
    """Where the last box of the top level ends, as it says itself."""
    at = 0
    while at < size:
        file.seek(at, os.SEEK_SET)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:
            return size
        if length < 8 or len(head) < 8:
            return at + 8
        at += length
    return at

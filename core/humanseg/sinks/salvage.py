"""What can be kept of a file that was broken off."""

import os
from pathlib import Path
from typing import BinaryIO

_HEADER = 8


def cut_to_whole(path: Path) -> bool:
    """Cut a file so that it can be played: an MP4 or MOV in fragments after its last whole one; others as they are.

    Cutting needs no space, so it works on a full disk. Matroska and WebM are played to wherever they end.

    Returns:
        Whether there are pictures in what is left.

    Raises:
        OSError: the file cannot be read or cut.
    """
    if path.suffix.lower() not in (".mp4", ".mov"):
        return True
    size = path.stat().st_size
    with path.open("rb+") as file:
        whole = _end_of_whole(file, size)
        file.truncate(whole)
        os.fsync(file.fileno())
    return whole > 0


def _end_of_whole(file: BinaryIO, size: int) -> int:
    """Where the last fragment ends that is all there; 0 if none is."""
    end = whole = 0
    described = False
    while end + _HEADER <= size:
        length, kind, header = _box(file, end)
        if kind == b"mdat" and not described and (inner := _undo_finish(file, end, header)):
            end = inner
            continue
        if length < _HEADER or end + length > size:
            break
        end += length
        if kind in (b"moov", b"moof"):
            described = True
        # A fragment is two boxes: what its pictures are, then their bytes.
        elif kind == b"mdat" and described:
            described, whole = False, end
    return whole


def _box(file: BinaryIO, at: int) -> tuple[int, bytes, int]:
    """The length of the box there, its kind, and how long its header is."""
    file.seek(at)
    head = file.read(2 * _HEADER)
    length, kind = int.from_bytes(head[:4], "big"), head[4:8]
    if length == 1:
        return int.from_bytes(head[8:], "big"), kind, 2 * _HEADER
    return length, kind, _HEADER


def _undo_finish(file: BinaryIO, at: int, header: int) -> int:
    """Take back how FFmpeg begins to make an ordinary file of fragments: it hides them all in one box of bytes.

    Returns:
        Where the fragments begin, or 0 if that is no such box. It is known by the description of the file in it.
    """
    inner = at + header
    length, kind, _ = _box(file, inner)
    if kind != b"ftyp":
        return 0
    if header > _HEADER:
        file.seek(at)
        file.write(_HEADER.to_bytes(4, "big") + b"free")
    file.seek(inner - _HEADER)
    file.write((_HEADER + length).to_bytes(4, "big") + b"free")
    return inner + length

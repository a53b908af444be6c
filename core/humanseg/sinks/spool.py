"""Encoded packets on disk, before they go into a container: a segment of a video, whole or not there at all.

A spool is a magic word, records of packets, and an end that counts them and holds their checksum. Containers would do,
but none keeps both an exact clock and the alpha of VP9, and none is as quick to join.
"""

import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import av
from av.packet import Packet, PacketSideData, packet_sidedata_type_from_literal

from humanseg.errors import SinkError
from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.coder import Coder
from humanseg.sinks.coding import Coding
from humanseg.sinks.whole import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.stream import Stream

_MAGIC = b"humanseg packets 1\n"
_RECORD = struct.Struct("<qqq?II")  # pts, dts, duration, key frame, bytes of the packet, bytes of its alpha
_END = struct.Struct("<qI")
_ALPHA: Final = "matroska_block_additional"
"""The side data in which VP9 carries its alpha."""


class PacketSegment:
    """Encodes the frames of one segment into a spool."""

    def __init__(self, path: Path, coding: Coding, info: StreamInfo) -> None:
        """Begin a spool that gets the name `path` in `finish`."""
        self._path = path
        self._partial = path.with_suffix(f".writing-{os.getpid()}")
        self._coder = Coder(coding, info)
        self._file: BinaryIO = self._partial.open("wb")
        self._checksum = 0
        self._count = 0
        self._file.write(_MAGIC)

    def write(self, frame: Frame) -> None:
        """Encode one frame.

        Raises:
            SinkError: the frame is not later than the one before.
            OSError: the disk is full or gone; FFmpegError is an OSError or a ValueError.
        """
        self._add(self._coder.encode(frame))

    def finish(self) -> None:
        """Write the rest, and give the spool its name.

        Raises:
            OSError: the disk is full or gone.
        """
        self._add(self._coder.finish())
        self._file.write(_RECORD.pack(0, 0, 0, False, 0, 0) + _END.pack(self._count, self._checksum))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.replace(self._path)
        sync_folder(self._path.parent)

    def drop(self) -> None:
        """Leave nothing; after `finish` it does nothing."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _add(self, packets: "Iterable[Packet[Any]]") -> None:
        for packet in packets:
            payload = bytes(packet)
            alpha = bytes(packet.get_sidedata(_ALPHA)) if packet.has_sidedata(_ALPHA) else b""
            dts = packet.pts if packet.dts is None else packet.dts
            head = _RECORD.pack(packet.pts, dts, packet.duration, packet.is_keyframe, len(payload), len(alpha))
            for part in (head, payload, alpha):
                self._file.write(part)
                self._checksum = zlib.crc32(part, self._checksum)
            self._count += 1


def read_spool(path: Path) -> "Iterator[Packet[Stream]]":
    """The packets of a finished spool, without a time base or a stream.

    Raises:
        SinkError: it was damaged on the disk; it is removed, so that it is made again.
    """
    checksum = count = 0
    with path.open("rb") as file:
        whole = file.read(len(_MAGIC)) == _MAGIC
        while whole:
            head = file.read(_RECORD.size)
            if len(head) < _RECORD.size:
                break
            pts, dts, duration, is_keyframe, size, alpha_size = _RECORD.unpack(head)
            if not size:
                if file.read() == _END.pack(count, checksum):
                    return
                break
            payload, alpha = file.read(size), file.read(alpha_size)
            for part in (head, payload, alpha):
                checksum = zlib.crc32(part, checksum)
            count += 1
            yield _packet(payload, alpha, pts=pts, dts=dts, duration=duration, is_keyframe=is_keyframe)
    path.unlink()
    raise SinkError(f"{path} was damaged after it was written.", "Run the same command again: that part is made anew.")


def _packet(payload: bytes, alpha: bytes, *, pts: int, dts: int, duration: int, is_keyframe: bool) -> "Packet[Stream]":
    packet: Packet[Stream] = av.Packet(payload)
    packet.pts, packet.dts, packet.duration, packet.is_keyframe = pts, dts, duration, is_keyframe
    if alpha:
        make: Any = PacketSideData  # its stub does not tell of the constructor
        side_data = make(packet_sidedata_type_from_literal(_ALPHA), len(alpha))
        memoryview(side_data)[:] = alpha
        packet.set_sidedata(side_data)
    return packet

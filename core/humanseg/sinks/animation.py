"""Animated GIF and WebP. Both are written here and not by FFmpeg's muxers.

Its GIF muxer cannot join pictures that were encoded apart, and its WebP muxer lays each picture over the one before:
the person would stay wherever they had been.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from humanseg.errors import SinkError
from humanseg.frames import StreamInfo
from humanseg.sinks.coder import clock
from humanseg.sinks.container import Format

if TYPE_CHECKING:
    from av.packet import Packet

_LARGEST_RIFF = 2**32 - 10


class Animation:
    """A file that is being written: pictures that are whole in themselves, each with how long it is shown."""

    def __init__(self, path: Path, form: Format, info: StreamInfo) -> None:
        """Write the header.

        Raises:
            OSError: the file cannot be written.
        """
        self._time_base = clock(info)
        size = (info.width, info.height)
        self._kind: _Kind = _Gif(size) if form.muxer == "gif" else _Webp(size)
        self._file = path.open("wb")
        self._file.write(self._kind.header)
        self._held: Packet[Any] | None = None

    def write(self, packets: Iterable["Packet[Any]"]) -> None:
        """Write packets, the last one of which is held back: how long it is shown is known with the next.

        Raises:
            OSError: the disk is full or gone.
        """
        for packet in packets:
            if self._held is not None:
                self._add(self._held, cast("int", packet.pts))
            self._held = packet

    def finish(self) -> None:
        """Write the last picture and the end.

        Raises:
            SinkError: it became larger than such a file can be.
            OSError: the disk is full or gone.
        """
        if self._held is not None:
            self._add(self._held, cast("int", self._held.pts) + (self._held.duration or 1))
        self._file.write(self._kind.trailer)
        size = self._file.tell()
        if self._kind.size_at is not None:
            if size > _LARGEST_RIFF:
                raise SinkError("A .webp file cannot be larger than 4 GB.", "Choose --scale, --trim or another ending.")
            self._file.seek(self._kind.size_at)
            self._file.write((size - 8).to_bytes(4, "little"))
        self._file.close()

    def drop(self) -> None:
        """Release the file; what was written is of no use. May be called twice, and after `finish`."""
        self._file.close()

    def _add(self, packet: "Packet[Any]", end: int) -> None:
        # Both ends are rounded, and not the length: else a long animation would drift.
        first, last = (round(time * self._time_base * self._kind.ticks) for time in (cast("int", packet.pts), end))
        self._file.write(self._kind.picture(bytes(packet), max(last - first, self._kind.shortest)))


class _Kind(Protocol):
    header: bytes
    ticks: int
    """A second, in the units of durations."""
    shortest: int
    """What viewers show as long as it says; they take less for a mistake."""
    trailer: bytes
    size_at: int | None
    """Where the size of the file belongs."""

    def picture(self, data: bytes, duration: int) -> bytes: ...


class _Gif:
    ticks = 100
    shortest = 2
    trailer = b";"
    size_at: int | None = None

    _HEADER = 13
    _FOR_EVER = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"

    def __init__(self, size: tuple[int, int]) -> None:
        # Eight bits a colour, and no palette: each picture has its own.
        self.header = b"GIF89a" + b"".join(side.to_bytes(2, "little") for side in size) + b"\x70\0\0" + self._FOR_EVER

    def picture(self, data: bytes, duration: int) -> bytes:
        """What the encoder gave: control, description, palette and pixels; its first one has a header before them."""
        data = data[self._HEADER :] if data.startswith(b"GIF89a") else data
        if data[:3] != b"!\xf9\x04":
            raise SinkError("FFmpeg's GIF encoder works in another way than it did.", "Choose .webp.")
        return data[:4] + min(duration, 0xFFFF).to_bytes(2, "little") + data[6:]


class _Webp:
    ticks = 1000
    shortest = 1
    trailer = b""
    size_at: int | None = 4

    _ANIMATED_WITH_ALPHA = 0x12
    _INSTEAD = 0x02
    """The picture takes the place of the one before, and is not laid over it."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = b"".join((side - 1).to_bytes(3, "little") for side in size)
        about = _chunk(b"VP8X", bytes((self._ANIMATED_WITH_ALPHA, 0, 0, 0)) + self._size)
        # Before the first picture the canvas is clear, and it is played for ever.
        self.header = b"RIFF\0\0\0\0WEBP" + about + _chunk(b"ANIM", bytes(6))

    def picture(self, data: bytes, duration: int) -> bytes:
        where = bytes(6) + self._size + min(duration, 0xFFFFFF).to_bytes(3, "little") + bytes((self._INSTEAD,))
        return _chunk(b"ANMF", where + b"".join(_pixels(data)))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def _pixels(data: bytes) -> Iterable[bytes]:
    """The chunks of a still WebP that hold its picture."""
    at = 12
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        end += end % 2
        if data[at : at + 4] in (b"ALPH", b"VP8 ", b"VP8L"):
            yield data[at:end]
        at = end

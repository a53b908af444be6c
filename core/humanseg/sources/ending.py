"""Was that the end, or is the rest of the file missing?

A demuxer reports a file that was cut short as a normal end. What a container declares about itself tells them apart:

- MP4 and MOV have an index of every packet. Edit lists are already applied to it; packets that an edit hides are
  marked, are decoded, and give no frame. The index of fragments is only of those that were found: there, missing bytes
  count.
- AVI declares its length in ticks, and does not say how many of them repeat a frame. One frame is tolerated: some
  writers count one too many.
- Matroska and WebM declare how many bytes there are and how long they last. A cut file misses bytes. A file damaged in
  the middle may have all bytes and still end early; as a last frame may be shown for long, and its length need not be
  stored, only a gap out of proportion counts.
- A transport stream declares nothing, but consists of packets of one length. Of other containers, and of live
  recordings that nobody finished, nothing is expected.
"""

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from humanseg.sources.cut import is_cut

if TYPE_CHECKING:
    from av.packet import Packet

# Codecs in which every packet is a picture, or half of an interlaced one.
_PICTURE_PER_PACKET = {"h264", "hevc", "av1", "vp9"}


class Ending:
    """Follows the packets and pictures of one video stream and judges, at the end, what is missing."""

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream, rate: Fraction) -> None:
        self._stream = stream
        self._rate = rate
        self._time_base = _fraction(stream.time_base)
        names = container.format.name
        self._indexed = "mov" in names
        self._is_avi = names == "avi"
        self._lasts = _duration(container, stream)
        self._cut = any(name in names for name in ("mov", "matroska", "mpegts")) and is_cut(path)
        self._read = 0
        self._reached = Fraction(0)
        self._previous: Fraction | None = None
        self._longest_gap = Fraction(0)
        self._newest_packet: int | None = None
        self._newest_picture: int | None = None
        self._interlaced = False
        self.pictures = 0
        """How many pictures were decoded so far."""

    @property
    def frames(self) -> int | None:
        """How many frames there should be; exact for MP4 and MOV that are not in fragments, else an estimate."""
        if self._indexed and self._stream.frames > 0:
            return sum(not entry.is_discard for entry in self._stream.index_entries)
        if self._stream.frames > 0:
            return self._stream.frames
        if self._lasts:
            return round(self._lasts * self._rate)
        if self._stream.duration:
            return round(self._stream.duration * self._time_base * self._rate)
        return None

    def saw_packet(self, packet: "Packet[Any]") -> None:
        """Count a packet of any stream of the container."""
        if packet.pts is not None:
            time_base = _fraction(packet.time_base)
            self._reached = max(self._reached, (packet.pts + (packet.duration or 0)) * time_base)
        if packet.stream_index != self._stream.index:
            return
        self._read += 1
        if packet.pts is not None and not packet.is_discard:
            self._newest_packet = max(self._newest_packet or packet.pts, packet.pts)

    def saw_picture(self, picture: VideoFrame) -> None:
        """Count a decoded picture."""
        self.pictures += 1
        self._interlaced |= picture.interlaced_frame
        if picture.pts is None:
            return
        self._newest_picture = picture.pts
        time = picture.pts * self._time_base
        if self._previous is not None:
            self._longest_gap = max(self._longest_gap, time - self._previous)
        self._previous = time

    def shortfall(self) -> str | None:
        """What is missing ("57 of 100 frames could be read"), or None if this is the end the container declares."""
        if not (self._packets_missing() or self._time_missing() or self._tail_lost()):
            return None
        expected = self.frames
        if expected is None or expected <= self.pictures:
            return f"only {self.pictures} frames could be read"
        about = "" if self._indexed and self._stream.frames else "about "
        return f"{self.pictures} of {about}{expected} frames could be read"

    def _packets_missing(self) -> bool:
        if self._indexed and self._read < len(self._stream.index_entries):
            return True
        return self._cut and self._lasts is None and not self._stream.frames

    def _time_missing(self) -> bool:
        if self._lasts is None:
            return False
        if self._is_avi:
            tolerance = max(self._longest_gap, self._time_base) * Fraction(3, 2)
        elif self._cut:
            tolerance = Fraction(3, 2) / self._rate
        else:
            tolerance = max(Fraction(1), 4 * self._longest_gap)
        return self._lasts - self._reached > tolerance

    def _tail_lost(self) -> bool:
        # Emptying the decoder stops silently at the first picture that fails.
        if self._interlaced or self._newest_packet is None or self._newest_picture is None:
            return False
        return self._stream.name in _PICTURE_PER_PACKET and self._newest_picture < self._newest_packet


def _fraction(number: object) -> Fraction:
    """An exact fraction of PyAV's rational, whichever class that is."""
    return Fraction(number.numerator, number.denominator)  # type: ignore[attr-defined]


def _duration(container: InputContainer, stream: VideoStream) -> Fraction | None:
    """When a stream of Matroska or AVI ends, in seconds; None where nothing tells, or where it need not be true."""
    if container.format.name == "avi":
        return stream.frames * _fraction(stream.time_base) or None
    if "matroska" not in container.format.name:
        return None
    # Muxers leave a tag on each stream; it is not believed past the end of the whole file.
    whole = Fraction(container.duration, 1_000_000) if container.duration else None
    clock = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if clock is None:
        return whole
    hours, minutes, seconds = clock.groups()
    own = 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    return own if whole is None else min(own, whole)

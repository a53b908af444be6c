"""A video file as a sink: whole under its name, or not there at all."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from av.error import FFmpegError

from humanseg.errors import SettingsError, SinkError
from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.container import format_of
from humanseg.sinks.encoder import Encoder
from humanseg.sinks.sound import SoundCopy

_serial = itertools.count()


class VideoFileSink:
    """Writes MP4, MOV or MKV (H.264) or WebM (VP9), by the ending of the name.

    Frames keep their times: exactly in MP4 and MOV, to the millisecond in MKV and WebM, which have no finer clock. The
    last frame keeps its duration, the pixels their aspect, the colours their coding (8 bits per sample). An odd size
    makes H.264 of the 4:4:4 profile, which some players do not know.

    The file is written under a hidden name beside its final one, which it gets in `close`; only then is an older file
    of that name replaced.
    """

    lossless = True

    def __init__(self, path: Path, *, sound_from: Path | None = None, quality: int = 18) -> None:
        """Plan a file; nothing is touched before `open`.

        Args:
            path: the file to write.
            sound_from: a file whose sound is copied, packet by packet, at its own times.
            quality: constant rate factor, 0 (lossless) to 51 (worst); 18 is hard to tell from the original.

        Raises:
            SettingsError: quality is out of range.
        """
        if not 0 <= quality <= 51:
            raise SettingsError(f"The quality {quality} does not exist.", "It goes from 0 (best) to 51; try 18.")
        self._path = path
        self._sound_from = sound_from
        self._quality = quality
        self._encoder: Encoder | None = None
        self._partial: Path | None = None
        self._final = path

    def open(self, info: StreamInfo) -> None:
        """Create the hidden file and write its header.

        Raises:
            SinkError: the ending is unknown, the place cannot be written to, the sound cannot be read, or the
                container can hold neither that sound nor (WebM) pixels that are not square.
        """
        form = format_of(self._path)
        if form.muxer == "webm" and info.pixel_aspect != 1:
            problem = f"A .webm file cannot keep pixels that are not square: {self._path}."
            raise SinkError(problem, "Choose a name that ends in .mp4, .mov or .mkv.")
        self._final = _final_place(self._path)
        # Many names are as long as names may be: the hidden one is cut.
        hidden = f".{self._final.stem[:40]}.partial-{os.getpid()}-{next(_serial)}{self._final.suffix}"
        partial = self._final.with_name(hidden)
        with self._or_nothing():
            partial.touch()
            self._partial = partial
            sound = SoundCopy(self._sound_from) if self._sound_from else None
            self._encoder = Encoder(partial, form, info, self._quality, sound)

    def write(self, frame: Frame) -> None:
        """Add one frame.

        Raises:
            SinkError: the disk is full, the frame is not later than the one before, or the sound cannot be read.
            ValueError: it has another size than the stream.
        """
        encoder = self._encoder
        if encoder is None:
            raise RuntimeError("the sink is not open")
        with self._or_nothing():
            encoder.write(frame)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            SinkError: it cannot be finished, or no frame was written.
        """
        encoder, partial = self._encoder, self._partial
        if encoder is None or partial is None:
            return
        with self._or_nothing():
            if not encoder.frames:
                raise SinkError(f"There was no frame to write to {self._path}.", "Check the source.")
            encoder.finish()
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(self._final)
        self._encoder = self._partial = None
        _sync_folder(self._final.parent)

    def abandon(self) -> None:
        """Remove the hidden file; after `close` there is none."""
        if self._encoder is not None:
            self._encoder.drop()
        if self._partial is not None:
            with contextlib.suppress(OSError):
                self._partial.unlink(missing_ok=True)
        self._encoder = self._partial = None

    @contextlib.contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except (FFmpegError, OSError) as error:
            self.abandon()
            problem = f"{self._path} cannot be written: {error.strerror or error}."
            raise SinkError(problem, "Check the free space and your rights in that folder.") from error
        except BaseException:
            self.abandon()
            raise


def _final_place(path: Path) -> Path:
    """Where the file will be: a link is followed, so that what it points to is replaced and not the link.

    Raises:
        SinkError: there is no such folder, or something there is not a file.
    """
    try:
        final = Path(os.path.realpath(path))
        if not final.parent.is_dir():
            raise SinkError(f"There is no folder {path.parent}.", "Create it first, or choose another.")
        if final.is_dir():
            raise SinkError(f"{path} is a folder.", f"Name a file in it, for instance {path / 'video.mp4'}.")
        if final.exists() and not final.is_file():
            raise SinkError(f"{path} is not a file.", "Choose another name.")
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}.", "Choose another name.") from error
    return final


def _sync_folder(folder: Path) -> None:
    # So that the new name outlives a power cut. Windows knows no such thing.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

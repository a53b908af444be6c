"""A video file as a sink: whole under its name, or not there at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from av.error import FFmpegError

from humanseg.errors import SettingsError, SinkError
from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.coding import DEFAULT_QUALITY, WORST_QUALITY, coding_for
from humanseg.sinks.container import format_of
from humanseg.sinks.copies import StreamCopies
from humanseg.sinks.muxing import Muxing
from humanseg.sinks.salvage import cut_to_whole
from humanseg.sinks.whole import final_place, hidden_place, publish, sync_folder


class VideoFileSink:
    """Writes MP4, MOV or MKV (H.264) or WebM (VP9), by the ending of the name.

    Frames keep their times: exactly in MP4 and MOV, to the millisecond in MKV and WebM, which have no finer clock. The
    last frame keeps its duration, the pixels their aspect, the colours their coding (8 bits per sample). An odd size
    makes H.264 of the 4:4:4 profile, which some players do not know.

    The file is written under a hidden name beside its final one, which it gets in `close`; only then is an older file
    of that name replaced.
    """

    lossless = True

    def __init__(
        self,
        path: Path,
        *,
        sound_from: Path | None = None,
        quality: int = DEFAULT_QUALITY,
        keep_partial: bool = False,
    ) -> None:
        """Plan a file; nothing is touched before `open`.

        Args:
            path: the file to write.
            sound_from: a file whose sound is copied, packet by packet, at its own times.
            quality: constant rate factor, 0 (lossless) to 51 (worst); 18 is hard to tell from the original.
            keep_partial: when the disk is full, give what was written until then its name, cut so that it plays. For
                what cannot be made again.

        Raises:
            SettingsError: quality is out of range.
        """
        if not 0 <= quality <= WORST_QUALITY:
            raise SettingsError(f"The quality {quality} does not exist.", "It goes from 0 (best) to 51; try 18.")
        self._path = path
        self._sound_from = sound_from
        self._quality = quality
        self._keep_partial = keep_partial
        self._file: Muxing | None = None
        self._written = 0
        self._partial: Path | None = None
        self._final = path

    def open(self, info: StreamInfo) -> None:
        """Create the hidden file and write its header.

        Raises:
            SinkError: the ending is unknown, the place cannot be written to, the sound cannot be read, or the
                container can hold neither that sound nor (WebM) pixels that are not square.
        """
        form = format_of(self._path)
        if form.animated:
            problem = f"A {form.ending} file cannot be written while it is recorded: {self._path}."
            raise SinkError(problem, "Choose a name that ends in .mp4, .mov, .mkv or .webm.")
        if form.muxer == "webm" and info.pixel_aspect != 1:
            problem = f"A .webm file cannot keep pixels that are not square: {self._path}."
            raise SinkError(problem, "Choose a name that ends in .mp4, .mov or .mkv.")
        self._final = final_place(self._path)
        coding = coding_for(form, info, quality=self._quality)
        partial = hidden_place(self._final)
        with self._or_nothing():
            partial.touch()
            self._partial = partial
            copies = StreamCopies(self._sound_from, others=False) if self._sound_from else None
            self._file = Muxing(partial, form, info, coding, copies, in_pieces=self._keep_partial)

    def write(self, frame: Frame) -> None:
        """Add one frame.

        Raises:
            SinkError: the disk is full, the frame is not later than the one before, or the sound cannot be read.
            RuntimeError: it is not open.
            ValueError: it has another size than the stream.
        """
        file = self._file
        if file is None:
            raise RuntimeError("the sink is not open")
        with self._or_nothing():
            file.write(file.coder.encode(frame))
        self._written += 1

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            SinkError: it cannot be finished, or no frame was written.
        """
        file, partial = self._file, self._partial
        if file is None or partial is None:
            return
        with self._or_nothing():
            if not self._written:
                raise SinkError(f"There was no frame to write to {self._path}.", "Check the source.")
            file.write(file.coder.finish())
            file.finish()
            publish(partial, self._final)
        self._file = self._partial = None

    def abandon(self) -> None:
        """Remove the hidden file; after `close` there is none."""
        if self._file is not None:
            self._file.drop()
        if self._partial is not None:
            with contextlib.suppress(OSError):
                self._partial.unlink(missing_ok=True)
        self._file = self._partial = None

    @contextlib.contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except (FFmpegError, OSError) as error:
            saved = self._save_partial()
            self.abandon()
            problem = f"{self._path} cannot be written{' any further' if saved else ''}: {error.strerror or error}."
            hint = "Check the free space and your rights in that folder."
            raise SinkError(problem, f"What was written until then is saved. {hint}" if saved else hint) from error
        except BaseException:
            self.abandon()
            raise

    def _save_partial(self) -> bool:
        """Give what was written so far its name, where that was asked for; whether there was anything."""
        file, partial = self._file, self._partial
        if not self._keep_partial or file is None or partial is None or not self._written:
            return False
        file.drop()
        try:
            if not cut_to_whole(partial):
                return False
            partial.replace(self._final)
        except OSError:
            return False
        self._file = self._partial = None
        sync_folder(self._final.parent)
        return True

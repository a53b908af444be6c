"""What leaves beside the preview, as the window sees it: virtual camera, recording, snapshots."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal

from humanseg.errors import SinkError
from humanseg_desktop.made_files import encode, free_file
from humanseg_desktop.tickets import ClearedFrame

if TYPE_CHECKING:
    from humanseg.sinks import Sink
    from humanseg.sinks.recording import RecordingSink
    from humanseg_desktop.outlet import Outlet
    from humanseg_desktop.output import Output

logger = logging.getLogger(__name__)

LOOK_MS = 200
"""Milliseconds between two looks at whether the outputs still run."""

RATE = Fraction(30)
"""Frames per second that outputs expect; they take them as they come."""


class Outputs(QObject):
    """Switches outputs on and off. Sinks are opened and finished on threads of their own, never on the window's."""

    changed = Signal()
    """A camera or a recording began, ended, paused or went on."""
    troubled = Signal(object)
    """A `HumansegError` to show."""
    told = Signal(str)
    """What was saved."""

    def __init__(self, outlet: "Outlet", folder: Callable[[], str]) -> None:
        """Make them, all off.

        Args:
            outlet: where frames come from.
            folder: gives the folder for recordings and snapshots; empty is the system's for videos.
        """
        super().__init__()
        self.camera: Output | None = None
        self.recording: Output | None = None
        self.recording_file: Path | None = None
        """The file of the recording that runs, or of the last one."""
        self._file: RecordingSink | None = None
        self._told_watched: bool | None = None
        self._outlet = outlet
        self._folder = folder
        self._finisher = ThreadPoolExecutor(1, "humanseg-finish")
        self._looker = QTimer(self, interval=LOOK_MS)
        self._looker.timeout.connect(self._look_after)
        self._looker.start()

    def close(self) -> None:
        """Finish everything; a recording is whole when this returns."""
        self._looker.stop()
        self.stop_camera()
        self.stop_recording()
        self._finisher.shutdown(wait=True)

    def start_camera(self) -> None:
        """Become a camera for other programs, if this system lets us; else say what is missing."""
        if self.camera is not None:
            return
        from humanseg.sinks.virtual_camera import VirtualCameraSink, virtual_camera_findings

        findings = virtual_camera_findings()
        if findings:
            self.troubled.emit(findings[0])
            self.changed.emit()
            return
        width, height = self._size()
        # Programs that watch a camera want even sizes.
        size = (width - width % 2, height - height % 2)
        self.camera = self._begin(VirtualCameraSink(size, RATE), size)
        self.changed.emit()

    def stop_camera(self) -> None:
        """Be no camera any more."""
        camera, self.camera = self.camera, None
        self._end(camera)

    def start_recording(self) -> None:
        """Record to a new file in the folder."""
        if self.recording is not None:
            return
        from humanseg.sinks.recording import RecordingSink

        try:
            self.recording_file = self._new_file(".mp4")
            self._file = RecordingSink(self.recording_file)
            self.recording = self._begin(self._file, self._size())
        except SinkError as error:
            self.troubled.emit(error)
        self.changed.emit()

    def stop_recording(self) -> None:
        """Finish the file."""
        recording, self.recording = self.recording, None
        self._end(recording)

    def pause_recording(self, paused: bool) -> None:
        """Leave out what comes, or go on."""
        if self._file is not None:
            (self._file.pause if paused else self._file.resume)()
            self.changed.emit()

    @property
    def watched(self) -> bool | None:
        """Whether somebody watches the virtual camera; None where nobody can tell, or it is off."""
        return getattr(self.camera.sink, "watched", None) if self.camera else None

    @property
    def recorded_s(self) -> float | None:
        """Seconds recorded so far, None while nothing is recorded."""
        return self._file.seconds if self.recording and self._file else None

    @property
    def paused(self) -> bool:
        """Whether the recording stands still."""
        return bool(self.recording and self._file and self._file.paused)

    def snapshot(self) -> None:
        """Save what goes out now as a PNG file."""
        shown = self._outlet.shown
        if shown is not None:
            self._save_picture(lambda: encode(shown.frame.rgb))

    def cut_out(self) -> None:
        """Save the person alone, on transparency, as a PNG file."""
        shown = self._outlet.shown
        cleared = shown.frame if shown else None
        if not isinstance(cleared, ClearedFrame):
            self.troubled.emit(SinkError("There is no picture to cut out yet.", "Wait until the preview shows you."))
            return

        def picture() -> bytes:
            from humanseg_desktop.cutout import cut_out

            return encode(cut_out(cleared))

        self._save_picture(picture)

    def _save_picture(self, picture: Callable[[], bytes]) -> None:
        try:
            path = self._new_file(".png")
        except SinkError as error:
            self.troubled.emit(error)
            return

        def save() -> None:
            try:
                path.write_bytes(picture())
            except OSError as error:
                problem = f"The picture {path} cannot be written: {error.strerror}."
                self.troubled.emit(SinkError(problem, "Choose another folder in the File menu."))
            else:
                self.told.emit(f"Saved {path.name}")

        self._finisher.submit(save)

    def _size(self) -> tuple[int, int]:
        shown = self._outlet.shown
        return shown.frame.size if shown else (1280, 720)

    def _begin(self, sink: "Sink", size: tuple[int, int]) -> "Output":
        from humanseg_desktop.output import Output

        output = Output(sink, size, RATE)
        self._outlet.add(output)
        return output

    def _end(self, output: "Output | None") -> None:
        if output is not None:
            self._finisher.submit(self._finish, output, self.recording_file)
            self.changed.emit()

    def _finish(self, output: "Output", file: Path | None) -> None:
        """Wait for the end of an output, and tell what came of it. On a thread of its own."""
        self._outlet.remove(output)
        if output.problem:
            self.troubled.emit(output.problem)
        elif output.sink is self._file:
            self.told.emit(f"Recorded {file.name if file else ''}")

    def _look_after(self) -> None:
        """An output that ended by itself is taken out; `_finish` tells why. A camera that is watched or not says so."""
        if self.watched != self._told_watched:
            self._told_watched = self.watched
            self.changed.emit()
        if self.camera and not self.camera.running:
            self.stop_camera()
        if self.recording and not self.recording.running:
            self.stop_recording()

    def _new_file(self, ending: str) -> Path:
        return free_file(Path(self._folder() or Path(platformdirs.user_videos_dir()) / "humanseg"), ending)

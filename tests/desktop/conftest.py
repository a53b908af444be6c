"""An app without a camera or a network: sources and matters that are drawn, and that fail on request."""

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent
from shiboken6 import isValid

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from humanseg.errors import HumansegError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg_desktop.controller import Controller
from humanseg_desktop.opening import RealParts
from humanseg_desktop.outlet import Outlet
from humanseg_desktop.outputs import Outputs
from humanseg_desktop.settings import Input, Settings
from humanseg_desktop.ui.window import Window

SIZE = (160, 90)


def room(index: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """HxWx3 uint8: a checked room that no blur keeps, and a person, grey, in the middle third."""
    width, height = size
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    check = (((column // 6 + row // 6 + index) % 2) * 200 + 30).astype(np.uint8)
    rgb = np.stack([check, 255 - check, check // 2], axis=-1).astype(np.uint8)
    rgb[:, width // 3 : 2 * width // 3] = 128
    rgb.flags.writeable = False
    return rgb


def person(size: tuple[int, int] = SIZE) -> NDArray[np.float32]:
    """The true alpha of `room`."""
    alpha = np.zeros((size[1], size[0]), np.float32)
    alpha[:, size[0] // 3 : 2 * size[0] // 3] = 1
    return alpha


class Drawn:
    """A live source of drawn frames, 200 a second; `fail` is raised instead of a frame, once."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.info = StreamInfo(
            width=size[0], height=size[1], rate=Fraction(200), time_base=Fraction(1, 90000), live=True
        )
        self.fail: Exception | None = None
        self.problem: HumansegError | None = None
        self.lost = False
        self._end = threading.Event()
        self._size = size

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while not self._end.wait(0.005):
            if self.fail is not None:
                failure, self.fail = self.fail, None
                raise failure
            yield Frame(rgb=room(index, self._size), index=index, time=Fraction(index, 200))
            index += 1

    @property
    def closed(self) -> bool:
        """Whether somebody asked for the end."""
        return self._end.is_set()

    def close(self) -> None:
        self._end.set()


class Knowing:
    """A matter that knows the person; `twist` changes what it gives."""

    def __init__(self) -> None:
        self.twist: Callable[[Frame, Matte], Matte] | None = None
        self.closed = False
        self.count = 0
        self.engine = self
        self.name, self.device = "drawn", "paper"
        self.model = SimpleNamespace(sha256="drawn", int8_sha256=None, pixels=1)
        self.options: Any = None

    def matte(self, frame: Frame) -> Matte:
        self.count += 1
        matte = Matte(alpha=person(frame.size))
        return self.twist(frame, matte) if self.twist else matte

    def reset(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> "Knowing":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class DrawnParts(RealParts):
    """Opens drawn parts; `source_error` and `matter_error` are raised instead, until they are taken away."""

    def __init__(self) -> None:
        self.sources: list[Drawn] = []
        self.matters: list[Knowing] = []
        self.asked = 0
        """How often a source was asked for."""
        self.source_error: Exception | None = None
        self.matter_error: Exception | None = None
        self.real: tuple[str, ...] = ()

    def source(self, wanted: Input) -> Any:
        self.asked += 1
        if wanted.source in self.real:
            return super().source(wanted)
        if self.source_error:
            raise self.source_error
        self.sources.append(Drawn())
        return self.sources[-1]

    def matter(self, wanted: Input) -> Any:
        if self.matter_error:
            raise self.matter_error
        self.matters.append(Knowing())
        return self.matters[-1]


class Bench:
    """A window on a controller, with drawn parts."""

    def __init__(self, qtbot: Any, folder: Path, settings: Settings) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.parts = DrawnParts()
        self.outlet = Outlet()
        self.file = folder / "config" / "humanseg.toml"
        self.controller = Controller(settings, self.outlet, file=self.file, parts=self.parts)
        self.outputs = Outputs(self.outlet, lambda: str(folder / "made"))
        self.window = Window(self.controller, self.outputs)
        self.troubles: list[HumansegError] = []
        for signal in (self.controller.troubled, self.outputs.troubled):
            signal.connect(self._note)

    def _note(self, trouble: HumansegError | None) -> None:
        if trouble is not None:
            self.troubles.append(trouble)

    def start(self) -> "Bench":
        self.window.show()
        self.outlet.start()
        self.controller.start()
        return self

    def wait(self, true: Callable[[], object]) -> None:
        """Let the window live until something is so; 10 s at most."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=10_000)

    def wait_for_picture(self) -> None:
        """Until a composite is shown."""
        self.wait(lambda: self.outlet.shown and not self.outlet.shown.slate)

    def remove(self) -> None:
        """Close the window and destroy it."""
        if isValid(self.window):
            self.window.close()
            self.window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    @property
    def shown(self) -> NDArray[np.uint8]:
        """What goes out now."""
        assert self.outlet.shown is not None
        return self.outlet.shown.frame.rgb

    @property
    def threads(self) -> set[str]:
        """The app's threads that run now."""
        return ours()

    @property
    def message(self) -> str:
        """What the banner says."""
        return self.window.live.banner.text


class Camera:
    """A backend of pyvirtualcam that keeps what it is sent."""

    made: "list[Camera]" = []  # noqa: RUF012 emptied by the fixture
    called = "drawn camera"

    def __init__(self, width: int, height: int, fps: float, **_: object) -> None:
        self.device = Camera.called
        self.size = (width, height)
        self.sent: list[NDArray[np.uint8]] = []
        self.closed = False
        Camera.made.append(self)

    def send(self, frame: NDArray[np.uint8]) -> None:
        self.sent.append(frame.copy())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> list[Camera]:
    """A system with a virtual camera."""
    module: Any = ModuleType("pyvirtualcam")
    module.Camera, module.PixelFormat = Camera, SimpleNamespace(RGB="rgb")
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    monkeypatch.setattr("humanseg.sinks.virtual_camera.virtual_camera_findings", list)
    Camera.made.clear()
    return Camera.made


def ours() -> set[str]:
    """The names of threads that the app should have ended."""
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("humanseg")}


@pytest.fixture
def bench(qtbot: Any, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Makes windows; afterwards they are closed, and no thread of theirs may be left."""
    made: list[Bench] = []

    def make(settings: Settings | None = None) -> Bench:
        made.append(Bench(qtbot, tmp_path, settings or Settings()))
        return made[-1]

    yield make
    matters = [matter for one in made for matter in one.parts.matters]
    for one in made:
        one.remove()
    # Here and now: windows that are left to the garbage collector may be collected, and so destroyed, on any thread.
    made.clear()
    gc.collect()
    assert ours() == set()
    assert all(matter.closed for matter in matters)

"""The window: pages, and who is told when something changes."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from humanseg.errors import HumansegError
from humanseg.sources.names import VIDEO_ENDINGS
from humanseg_desktop.controller import Controller, State
from humanseg_desktop.log import log_folder
from humanseg_desktop.outputs import Outputs
from humanseg_desktop.settings import Look, Theme
from humanseg_desktop.ui import theme
from humanseg_desktop.ui.batch_tab import BatchTab
from humanseg_desktop.ui.icons import app_icon
from humanseg_desktop.ui.live_page import LivePage
from humanseg_desktop.ui.menus import Menus
from humanseg_desktop.ui.parts import Segments, redress
from humanseg_desktop.ui.readout import Readout
from humanseg_desktop.ui.shelf import Shelf
from humanseg_desktop.ui.tour import Tour

OWN = 24
"""How many of the user's own backgrounds are remembered."""


class Window(QMainWindow):
    """Everything the user sees."""

    crashed = Signal(object)
    """The path of a crash report that was written; from any thread."""

    def __init__(self, controller: Controller, outputs: Outputs) -> None:
        super().__init__()
        self.setWindowTitle("humanseg")
        self.setAcceptDrops(True)
        self.controller, self.outputs = controller, outputs
        self.live = LivePage(controller, outputs)
        self.readout = Readout(controller)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.live)
        self.files = BatchTab(controller, controller.parts)
        self._pages.addWidget(self.files)
        self._tabs = Segments("Page", (("live", "Live", "The camera (Ctrl+1)"), ("files", "Files", "Videos (Ctrl+2)")))
        self._tabs.chosen.connect(self.show_page)
        self._tabs.set("live")
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        column.addWidget(self.readout)
        self.setCentralWidget(middle)
        self.setWindowIcon(app_icon())
        self.setMinimumSize(900, 600)
        self.resize(controller.settings.window.width, controller.settings.window.height)
        self.shelf = Shelf(controller, self.live)
        self._tour: Tour | None = None
        self.menuBar().setCornerWidget(self._tabs)
        Menus(self)
        self._wire()
        self._follow_window()
        self._follow_state(controller.state)
        self.live.preview.setFocus()

    def show_page(self, name: str) -> None:
        """Show the live picture or the files."""
        if name != "live":
            self._end_tour()
        self._tabs.set(name)
        self._pages.setCurrentIndex(("live", "files").index(name))

    def set_full_screen(self, full: bool) -> None:
        """Fill the screen with the preview, or no longer."""
        if full:
            self._end_tour()
        self.menuBar().setVisible(not full)
        self.readout.setVisible(not full)
        self.live.show_only_preview(full)
        (self.showFullScreen if full else self.showNormal)()
        self.live.preview.setFocus()

    def copy_picture(self) -> None:
        """Put what goes out on the clipboard."""
        shown = self.controller.outlet.shown
        if shown is not None:
            rgb = shown.frame.rgb
            height, width = rgb.shape[:2]
            image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            QGuiApplication.clipboard().setImage(image.copy())

    def drop(self, mime: QMimeData) -> bool:
        """Take what was dropped: a video is played, a picture becomes the background."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if self._pages.currentWidget() is self.files:
            self.files.add(paths)
            return bool(paths)
        for path in paths[:1]:
            if path.suffix.lower() in VIDEO_ENDINGS:
                self.controller.change_input(source=str(path))
            else:
                self.add_picture(str(path))
        return bool(paths)

    def add_picture(self, path: str) -> None:
        """Put a picture of the user's own behind the person, and remember it."""
        pictures = (path, *(other for other in self.controller.settings.pictures if other != path))
        self.controller.set_pictures(pictures[:OWN])
        self.controller.set_look(background="picture", picture=path)
        self.shelf.refresh()

    def _wire(self) -> None:
        controller, live = self.controller, self.live
        controller.state_changed.connect(self._follow_state)
        controller.look_changed.connect(self._follow_look)
        controller.troubled.connect(self._tell)
        self.outputs.troubled.connect(self._tell)
        self.crashed.connect(self._tell_crash)
        self.outputs.told.connect(self.readout.say)
        live.background.added.connect(self.add_picture)
        live.source.refreshed.connect(self.shelf.refresh)
        live.presets.troubled.connect(self._tell)
        live.views.chosen.connect(lambda view: self.remember(view=view))
        live.mirror.toggled.connect(lambda mirror: self.remember(mirror=mirror))
        live.full_screen.clicked.connect(lambda: self.set_full_screen(True))
        live.preview.toggled_full_screen.connect(lambda: self.set_full_screen(not self.isFullScreen()))
        live.preview.painted.connect(self.readout.painted)
        live.outputs.copy.clicked.connect(self.copy_picture)
        live.outputs.cutout.clicked.connect(self.outputs.cut_out)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._change_dress)

    def start_tour(self) -> None:
        """Show the three steps of the first run."""
        self.show_page("live")
        if self.isFullScreen():
            self.set_full_screen(False)
        self._end_tour()
        self._tour = Tour(self, (self.live.source, self.live.background, self.live.outputs), self.live.bring)
        self._tour.ended.connect(self._forget_tour)
        self._tour.begin()

    def ask_folder(self) -> None:
        """Let the user choose where recordings and snapshots go."""
        folder = QFileDialog.getExistingDirectory(self, "Where recordings and snapshots go")
        if folder:
            self.controller.set_window(folder=folder)

    def open_log(self) -> None:
        """Show the folder of the log and of crash reports."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    def remember(self, **changes: object) -> None:
        """Change how the window is, and keep it."""
        self.controller.set_window(**changes)
        self._follow_window()

    def leave(self) -> None:
        """End the tour, or come back from the full screen; they are never there both."""
        self._end_tour()
        if self.isFullScreen():
            self.set_full_screen(False)

    def _end_tour(self) -> None:
        """Take the tour away, if it is there."""
        if self._tour is not None:
            self._tour.end()

    def _forget_tour(self) -> None:
        self._tour = None
        self.controller.set_window(toured=True)

    def _follow_window(self) -> None:
        window = self.controller.settings.window
        self.live.views.set(window.view)
        self.live.mirror.setChecked(window.mirror)
        self.live.preview.mirrored = window.mirror
        self.live.preview.view = window.view
        session = self.controller.session
        if session:
            session.clearance.always = window.view == "matte"

    def _follow_look(self, look: Look) -> None:
        self.live.background.follow(look)
        self.live.adjust.follow(look)

    def _follow_state(self, state: State) -> None:
        session = self.controller.session
        self.live.source.follow(state, session)
        self.live.transport.follow(session.source if session and state.phase == "running" else None)
        self.live.adjust.follow_input(state.wanted)
        notes = {"failed": "No picture", "running": "One moment …"}
        note = "You are hidden" if self.controller.hidden else notes.get(state.phase, f"{state.note} …")
        self.live.preview.set_note(note)
        self._follow_window()

    def _tell(self, trouble: HumansegError | None) -> None:
        self.live.banner.tell(trouble, may_retry=self.controller.state.phase == "failed")

    def _tell_crash(self, report: Path) -> None:
        hint = f"The camera was let go. A report is in {report}. Try again, or start the program anew."
        self.live.banner.tell(HumansegError("Something broke inside humanseg.", hint), may_retry=True)

    def _change_dress(self) -> None:
        # After Qt has told everybody: a new sheet in the middle of that is lost again.
        QTimer.singleShot(0, self, self.dress)

    def dress(self) -> None:
        """Put on the colours of the theme in use."""
        theme.dress()
        redress(self)

    def choose_theme(self, name: Theme) -> None:
        """Dress in these colours from now on."""
        self.controller.set_window(theme=name)
        theme.apply(name)
        redress(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.isFullScreen() and not self.isMaximized():
            self.controller.set_window(width=self.width(), height=self.height())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.drop(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        for part in (self.live.preview, self.live.transport, self.live.outputs, self.readout, self.shelf):
            part.close_down()
        self.hide()
        self.files.queue.close()
        self.outputs.close()
        self.controller.close()
        self.controller.outlet.close()
        super().closeEvent(event)

"""What stands behind the person: nothing, a blur, a colour, a picture of the gallery or of the user's own."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QButtonGroup, QColorDialog, QFileDialog, QGridLayout, QToolButton, QWidget

from humanseg_desktop.schema import describe
from humanseg_desktop.settings import Look
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.filters import BACKGROUNDS
from humanseg_desktop.ui.parts import Card, Segments, SliderRow, dress_button

COLOURS = ("#2e7d6b", "#00b140", "#2f5aa8", "#7a4b8f", "#b5533c", "#c9a227", "#f2efe9", "#22262e")
"""The colours that are offered; the second is the green of green screens."""

THUMBNAIL = QSize(88, 50)

_COLUMNS = 3


class BackgroundPanel(Card):
    """Changes the fields of `Look` that say what is behind."""

    changed = Signal(dict)
    """Fields of `Look` and their new values."""
    pointed = Signal(str)
    """The picture under the mouse, or with the focus of the keyboard: it may be chosen next."""
    added = Signal(str)
    """The path of a picture of the user's own."""

    def __init__(self, look: Look) -> None:
        super().__init__("Background")
        self._kinds = Segments(
            "Background",
            (
                ("none", "None", "Show the room as it is"),
                ("blur", "Blur", "Blur the room"),
                ("colour", "Colour", "One colour behind you"),
                ("picture", "Picture", "A picture or a looping video behind you"),
            ),
        )
        self._kinds.chosen.connect(self.choose)
        self.box.addWidget(self._kinds)
        self._blur = SliderRow(describe(Look)["blur"])
        self._blur.changed.connect(lambda name, value: self.changed.emit({name: value}))
        self._colours = _Tiles(columns=5, size=QSize(48, 34))
        self._pictures = _Tiles(columns=_COLUMNS, size=THUMBNAIL)
        self._fit = Segments(
            "Fit",
            (
                ("fill", "Fill", "Cropped to fill the frame"),
                ("fit", "Fit", "The whole picture, with bars"),
                ("stretch", "Stretch", "The whole picture, pulled to the frame's shape"),
            ),
        )
        self._fit.chosen.connect(lambda value: self.changed.emit({"fit": value}))
        self._shown_for: dict[str, tuple[QWidget, ...]] = {
            "none": (),
            "blur": (self._blur,),
            "colour": (self._colours,),
            "picture": (self._pictures, self._fit),
        }
        for widgets in self._shown_for.values():
            for widget in widgets:
                self.box.addWidget(widget)
        self._first_picture = ""
        for colour in COLOURS:
            self._colours.add(colour, _patch(QColor(colour)), f"Colour {colour}")
        self._colours.chosen.connect(lambda value: self.changed.emit({"background": "colour", "colour": value}))
        self._colours.add_more("Another colour …", self._ask_colour)
        self._pictures.chosen.connect(lambda value: self.changed.emit({"background": "picture", "picture": value}))
        self._pictures.pointed.connect(self.pointed)
        self._pictures.add_more("Add a picture or video of your own …", self._ask_picture)
        self.follow(look)

    def add_picture(self, value: str, name: str, thumbnail: QPixmap) -> None:
        """Offer a picture: what the settings call it, what people call it, and how it looks."""
        self._first_picture = self._first_picture or value
        self._pictures.add(value, thumbnail, name)

    def follow(self, look: Look) -> None:
        """Show a look."""
        self._kinds.set(look.background)
        for kind, widgets in self._shown_for.items():
            for widget in widgets:
                widget.setVisible(kind == look.background)
        self._blur.set(look.blur)
        self._fit.set(look.fit)
        self._colours.set(look.colour)
        self._pictures.set(look.picture)
        self._colour = look.colour
        self._picture = look.picture

    def choose(self, kind: str) -> None:
        """Change the kind; a picture that was never chosen is the first one there is."""
        changes = {"background": kind}
        if kind == "picture" and not self._picture:
            changes["picture"] = self._first_picture
            if not self._first_picture:
                self._ask_picture()
                return
        self.changed.emit(changes)

    def _ask_colour(self) -> None:
        colour = QColorDialog.getColor(QColor(self._colour), self, "The colour behind you")
        if colour.isValid():
            self.changed.emit({"background": "colour", "colour": colour.name()})

    def _ask_picture(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "A background of your own", "", BACKGROUNDS)
        if name:
            self.added.emit(name)


class _Tiles(QWidget):
    """A grid of small pictures, one of them chosen."""

    chosen = Signal(str)
    pointed = Signal(str)

    def __init__(self, *, columns: int, size: QSize) -> None:
        super().__init__()
        self._columns, self._size = columns, size
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        self._group = QButtonGroup(self, exclusive=True)
        self._buttons: dict[str, QToolButton] = {}
        self._more: QToolButton | None = None

    def add(self, value: str, picture: QPixmap, name: str) -> None:
        if value in self._buttons:
            return
        button = self._tile(name)
        button.setCheckable(True)
        button.setIcon(QIcon(picture))
        button.setIconSize(self._size)
        button.clicked.connect(lambda: self.chosen.emit(value))
        button.setProperty("value", value)
        button.installEventFilter(self)
        self._group.addButton(button)
        self._buttons[value] = button
        self._lay_out()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            self.pointed.emit(watched.property("value"))
        return super().eventFilter(watched, event)

    def add_more(self, name: str, call: object) -> None:
        self._more = self._tile(name)
        self._more.setObjectName("more")
        dress_button(self._more, "add")
        self._more.clicked.connect(call)
        self._lay_out()

    def set(self, value: str) -> None:
        button = self._buttons.get(value)
        if button:
            button.setChecked(True)
        elif (checked := self._group.checkedButton()) is not None:
            self._group.setExclusive(False)
            checked.setChecked(False)
            self._group.setExclusive(True)

    def _tile(self, name: str) -> QToolButton:
        button = dressed(QToolButton(), "tile", tooltip=name, says=name)
        button.setFixedSize(self._size + QSize(4, 4))
        return button

    def _lay_out(self) -> None:
        tiles = [*self._buttons.values(), *([self._more] if self._more else [])]
        for number, tile in enumerate(tiles):
            self._grid.addWidget(tile, number // self._columns, number % self._columns)


def _patch(colour: QColor) -> QPixmap:
    pixmap = QPixmap(THUMBNAIL)
    pixmap.fill(colour)
    return pixmap


def title_of(path: str) -> str:
    """What to call a background: its file's name without the ending."""
    return Path(path).stem.replace("-", " ").replace("_", " ")

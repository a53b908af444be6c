"""Presets: looks kept under a name, in the app and in files."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QInputDialog

from humanseg.errors import SettingsError
from humanseg_desktop import store
from humanseg_desktop.settings import Look
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.parts import Card, plain_button

FILES = "Presets (*.toml);;All files (*)"


class PresetsPanel(Card):
    """Chooses, saves and deletes presets; the window's menu exports and imports them."""

    chosen = Signal(object)
    """The `Look` of the preset that was chosen."""
    changed = Signal(dict)
    """All presets by name, after one was saved or deleted."""
    troubled = Signal(object)

    def __init__(self, presets: dict[str, Look], look: Look) -> None:
        super().__init__("Presets")
        self._presets, self._look = presets, look
        self._save = plain_button("save", "Save this look as a preset")
        self._delete = plain_button("trash", "Delete the chosen preset")
        self.top.addWidget(self._save)
        self.top.addWidget(self._delete)
        self._names = dressed(
            QComboBox(), tooltip="Looks that you saved: background and fine tuning together", says="Preset"
        )
        self.box.addWidget(self._names)
        self._names.activated.connect(lambda at: self.chosen.emit(self._presets[self._names.itemText(at)]))
        self._save.clicked.connect(self._ask_name)
        self._delete.clicked.connect(self._remove)
        self.follow(presets, look)

    def follow(self, presets: dict[str, Look], look: Look) -> None:
        """Show these presets, and which of them the look is."""
        self._presets, self._look = presets, look
        fitting = [name for name, preset in presets.items() if preset == look]
        with QSignalBlocker(self._names):
            self._names.clear()
            self._names.addItems(sorted(presets, key=str.casefold))
            self._names.setCurrentText(fitting[0]) if fitting else self._names.setCurrentIndex(-1)
        self._names.setPlaceholderText("Choose a preset" if presets else "None saved yet")
        self._names.setEnabled(bool(presets))
        self._delete.setEnabled(bool(fitting))

    def save(self, name: str) -> None:
        """Keep the look of this moment under a name; one of that name is replaced."""
        self.changed.emit({**self._presets, name: self._look})

    def export(self) -> None:
        """Let the user choose a file for the look of this moment."""
        name, _ = QFileDialog.getSaveFileName(self, "Export the look as a preset", "preset.toml", FILES)
        if name:
            self._try(lambda: store.write_preset(Path(name), self._look))

    def import_file(self, name: str = "") -> None:
        """Read a preset file and use it; it is kept under the file's name."""
        name = name or QFileDialog.getOpenFileName(self, "Import a preset", "", FILES)[0]
        if name:
            self._try(lambda: self._take(Path(name)))

    def _take(self, path: Path) -> None:
        look = store.read_preset(path)
        self.changed.emit({**self._presets, path.stem: look})
        self.chosen.emit(look)

    def _ask_name(self) -> None:
        name, sure = QInputDialog.getText(self, "Save a preset", "Name:")
        if sure and name.strip():
            self.save(name.strip())

    def _remove(self) -> None:
        self.changed.emit({name: look for name, look in self._presets.items() if name != self._names.currentText()})

    def _try(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except SettingsError as error:
            self.troubled.emit(error)

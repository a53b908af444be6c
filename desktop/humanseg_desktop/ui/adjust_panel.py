"""The finer controls: the outline, the light, and what computes them. Folded away until asked for."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from humanseg_desktop.schema import Described, Scale, describe
from humanseg_desktop.settings import Input, Look
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.parts import Card, SliderRow, SwitchRow, dress_button, plain_button

FIELDS = ("smoothing", "threshold", "feather", "shift", "light_wrap", "refine", "decontaminate", "skip_still")
"""The fields of `Look` that are set here, in order."""

COMBOS = {"preset": "Detail", "engine": "Engine", "model": "Model"}
"""The fields of `Input` that are chosen here, and what they are called."""

PRESETS = (("live", "Live: the quickest"), ("balanced", "Balanced"), ("quality", "Quality: the finest"))
"""What the network may get to see."""


class AdjustPanel(Card):
    """Sliders for the outline, and the choice of engine and model."""

    changed = Signal(dict)
    """Fields of `Look` and their new values."""
    wanted = Signal(str, str)
    """A field of `Input` (one of `COMBOS`) and its new value."""
    unfolded = Signal(bool)

    def __init__(self, look: Look, wanted: Input, *, advanced: bool) -> None:
        super().__init__("Fine tuning")
        self._reset = plain_button("reset", "Put all of fine tuning back to its defaults")
        self._fold = plain_button("down", "Show or hide the finer controls", checkable=True)
        self._fold.setObjectName("fold")
        self._reset.clicked.connect(self._put_back)
        self._fold.toggled.connect(self._show)
        self.top.addWidget(self._reset)
        self.top.addWidget(self._fold)
        self._inside = QWidget()
        box = QVBoxLayout(self._inside)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self._rows = {name: _row(describe(Look)[name]) for name in FIELDS}
        for row in self._rows.values():
            row.changed.connect(lambda name, value: self.changed.emit({name: value}))
            box.addWidget(row)
        self._combos = {name: self._combo(box, name, label) for name, label in COMBOS.items()}
        self.offer("preset", PRESETS)
        self.box.addWidget(self._inside)
        self.follow(look)
        self.follow_input(wanted)
        self._fold.setChecked(advanced)
        self._show(advanced)

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """Offer engines, models or presets: (value, text) of each."""
        combo = self._combos[name]
        value = combo.currentData()
        combo.clear()
        for choice, text in choices:
            combo.addItem(text, choice)
        self._select(combo, value)

    def follow(self, look: Look) -> None:
        """Show a look."""
        for name, row in self._rows.items():
            row.set(getattr(look, name))
        default = Look()
        self._reset.setVisible(any(getattr(look, name) != getattr(default, name) for name in FIELDS))

    def follow_input(self, wanted: Input) -> None:
        """Show which engine and model are wanted."""
        for name, combo in self._combos.items():
            self._select(combo, getattr(wanted, name))

    def _combo(self, box: QVBoxLayout, name: str, text: str) -> QComboBox:
        label = QLabel(text)
        combo = dressed(QComboBox(), tooltip=describe(Input)[name].text, says=text)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.activated.connect(lambda: self.wanted.emit(name, combo.currentData()))
        label.setBuddy(combo)
        box.addWidget(label)
        box.addWidget(combo)
        return combo

    @staticmethod
    def _select(combo: QComboBox, value: str | None) -> None:
        at = combo.findData(value or "")
        if at < 0:
            combo.addItem(value or "Default", value or "")
            at = combo.count() - 1
        combo.setCurrentIndex(at)

    def _put_back(self) -> None:
        default = Look()
        self.changed.emit({name: getattr(default, name) for name in FIELDS})

    def _show(self, unfolded: bool) -> None:
        self._inside.setVisible(unfolded)
        dress_button(self._fold, "up" if unfolded else "down")
        self.unfolded.emit(unfolded)


def _row(described: Described) -> SliderRow | SwitchRow:
    return SliderRow(described) if isinstance(described.control, Scale) else SwitchRow(described)

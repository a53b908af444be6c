"""The finer controls: the outline, the light, and what computes them. Folded away until asked for."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from humanseg_desktop.schema import Described, Scale, describe
from humanseg_desktop.settings import Input, Look, Settings
from humanseg_desktop.ui.parts import Card, ChoiceRow, SliderRow, SwitchRow, dress_button, plain_button

FIELDS = (
    "smoothing",
    "look_ahead",
    "threshold",
    "feather",
    "shift",
    "light_wrap",
    "refine",
    "decontaminate",
    "skip_still",
    "carry",
)
"""The fields of `Look` that are set here, in order."""

COMBOS = {"preset": "Detail", "engine": "Engine", "model": "Model"}
"""The fields of `Input` that are chosen here, and what they are called."""

PRESETS = (
    ("light", "Light: the quickest"),
    ("live", "Live"),
    ("balanced", "Balanced"),
    ("quality", "Quality: the finest"),
)
"""What the network may get to see."""


class AdjustPanel(Card):
    """Sliders for the outline, and the choice of engine and model."""

    changed = Signal(dict)
    """Fields of `Look` and their new values."""
    wanted = Signal(str, str)
    """A field of `Input` (one of `COMBOS`) and its new value."""
    lowered = Signal(bool)
    """Whether less may be done where this machine is too slow."""
    unfolded = Signal(bool)

    def __init__(self, look: Look, wanted: Input, *, lower_work: bool, advanced: bool) -> None:
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
        self._choices = {name: ChoiceRow(describe(Input)[name], label) for name, label in COMBOS.items()}
        for choice in self._choices.values():
            choice.changed.connect(self.wanted)
            box.addWidget(choice)
        self.offer("preset", PRESETS)
        self._lower_work = SwitchRow(describe(Settings)["lower_work"])
        self._lower_work.changed.connect(lambda _, on: self.lowered.emit(on))
        box.addWidget(self._lower_work)
        self.box.addWidget(self._inside)
        self.follow(look)
        self.follow_input(wanted)
        self.follow_lower_work(lower_work)
        self._fold.setChecked(advanced)
        self._show(advanced)

    @property
    def is_unfolded(self) -> bool:
        """Whether the finer controls are in sight."""
        return self._fold.isChecked()

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """Offer engines, models or presets: (value, text) of each."""
        self._choices[name].offer(choices)

    def follow(self, look: Look) -> None:
        """Show a look."""
        for name, row in self._rows.items():
            row.set(getattr(look, name))
        default = Look()
        self._reset.setVisible(any(getattr(look, name) != getattr(default, name) for name in FIELDS))

    def follow_input(self, wanted: Input) -> None:
        """Show which engine and model are wanted."""
        for name, choice in self._choices.items():
            choice.set(getattr(wanted, name))

    def follow_lower_work(self, may: bool) -> None:
        """Show whether less may be done where this machine is too slow."""
        self._lower_work.set(may)

    def _put_back(self) -> None:
        default = Look()
        self.changed.emit({name: getattr(default, name) for name in FIELDS})

    def _show(self, unfolded: bool) -> None:
        self._inside.setVisible(unfolded)
        dress_button(self._fold, "up" if unfolded else "down")
        self.unfolded.emit(unfolded)


def _row(described: Described) -> SliderRow | SwitchRow:
    return SliderRow(described) if isinstance(described.control, Scale) else SwitchRow(described)

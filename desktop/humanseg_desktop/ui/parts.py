"""Small pieces that several panels are made of: cards, segmented choices, sliders with a reset."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from humanseg_desktop.schema import Described, Scale, Switch
from humanseg_desktop.ui import theme
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.icons import icon

_STEPS = 100

TEXT_PX = 13
"""The height of text, as the style sheet has it."""

_SEGMENT_SIDE = 11
"""Pixels to the left and right of a segment's text, as the style sheet has them: padding and border."""


class Card(QFrame):
    """A panel with a heading."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        dressed(self, "card")
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(14, 12, 14, 14)
        self.box.setSpacing(10)
        self.top = QHBoxLayout()
        self.top.addWidget(dressed(QLabel(heading), "heading"))
        self.top.addStretch()
        self.box.addLayout(self.top)


class Segments(QFrame):
    """A choice of a few words, all in sight; arrow keys move it."""

    chosen = Signal(object)
    """The value that the user chose."""

    def __init__(self, name: str, choices: Sequence[tuple[Any, str, str]]) -> None:
        """Make it.

        Args:
            name: what is chosen, for screen readers.
            choices: (value, text, tooltip) of each.
        """
        super().__init__()
        dressed(self, "segments", says=name)
        self._group = QButtonGroup(self, exclusive=True)
        self._values = [value for value, _, _ in choices]
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        for number, (_, text, tooltip) in enumerate(choices):
            button = dressed(QPushButton(text), tooltip=tooltip, says=f"{name}: {text}")
            button.setCheckable(True)
            # Chosen it is bold, and shall not need more room then.
            bold = QFont(button.font())
            bold.setPixelSize(TEXT_PX)
            bold.setWeight(QFont.Weight.DemiBold)
            button.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(text) + 2 * _SEGMENT_SIDE)
            self._group.addButton(button, number)
            row.addWidget(button, 1)
        self._group.idClicked.connect(lambda number: self.chosen.emit(self._values[number]))

    def set(self, value: object) -> None:
        """Show a value as chosen."""
        button = self._group.button(self._values.index(value))
        if not button.isChecked():
            button.setChecked(True)


class SliderRow(QWidget):
    """A number of the settings: label, value, slider, and a button that puts its default back."""

    changed = Signal(str, object)
    """Name of the setting and its new value, a float or an int, while the user moves it."""

    def __init__(self, described: Described) -> None:
        """Make it for a field that has a scale.

        Raises:
            TypeError: it has none.
        """
        super().__init__()
        if not isinstance(described.control, Scale):
            raise TypeError(f"{described.name} has no scale")
        self._described, self._scale = described, described.control
        self._value = dressed(QLabel(), "small")
        self._reset = reset_button(self._scale.label)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._steps = round(self._scale.high - self._scale.low) if self._scale.unit else _STEPS
        self._slider.setRange(0, self._steps)
        self._slider.setPageStep(max(1, self._steps // 10))
        if self._scale.low < 0:
            self._slider.setObjectName("centred")
        self._slider.setAccessibleName(self._scale.label)
        self._slider.setAccessibleDescription(described.text)
        label = QLabel(self._scale.label)
        label.setBuddy(self._slider)
        self.setToolTip(described.text)
        box, row = QVBoxLayout(self), QHBoxLayout()
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        row.addWidget(label)
        row.addStretch()
        row.addWidget(self._value)
        row.addWidget(self._reset)
        box.addLayout(row)
        box.addWidget(self._slider)
        self._slider.valueChanged.connect(self._moved)
        self._reset.clicked.connect(lambda: self._slider.setValue(self._position(described.default)))
        self.set(described.default)

    def set(self, value: float) -> None:
        """Show a value."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(self._position(value))
        self._tell(value)

    def _moved(self, position: int) -> None:
        low, high = self._scale.low, self._scale.high
        value = position + round(low) if self._scale.unit else round(low + (high - low) * position / _STEPS, 4)
        self._tell(value)
        self.changed.emit(self._described.name, value)

    def _position(self, value: float) -> int:
        return round((value - self._scale.low) / (self._scale.high - self._scale.low) * self._steps)

    def _tell(self, value: float) -> None:
        self._value.setText(self._scale.text(value))
        self._reset.setVisible(value != self._described.default)


class SwitchRow(QWidget):
    """A setting that is on or off, and a button that puts its default back."""

    changed = Signal(str, bool)
    """Name of the setting and its new value."""

    def __init__(self, described: Described) -> None:
        """Make it for a field that has a switch.

        Raises:
            TypeError: it has none.
        """
        super().__init__()
        if not isinstance(described.control, Switch):
            raise TypeError(f"{described.name} has no switch")
        label = described.control.label
        self._default = described.default
        self.box = QCheckBox(label)
        self.box.setToolTip(described.text)
        self.box.setAccessibleDescription(described.text)
        self._reset = reset_button(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addStretch()
        row.addWidget(self._reset)
        self.box.clicked.connect(lambda on: self._choose(described.name, on))
        self._reset.clicked.connect(lambda: self._choose(described.name, described.default))
        self.set(described.default)

    def set(self, value: bool) -> None:
        """Show a value."""
        self.box.setChecked(value)
        self._reset.setVisible(value != self._default)

    def _choose(self, name: str, value: bool) -> None:
        self.set(value)
        self.changed.emit(name, value)


class ChoiceRow(QWidget):
    """A setting that is one of a list, and a button that puts its default back."""

    changed = Signal(str, str)
    """Name of the setting and the value that the user chose."""

    def __init__(self, described: Described, label: str) -> None:
        """Make it, with nothing to choose from yet.

        Args:
            described: the field.
            label: what people call it.
        """
        super().__init__()
        self._described = described
        self.combo = dressed(QComboBox(), tooltip=described.text, says=label)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setAccessibleDescription(described.text)
        words = dressed(QLabel(label), tooltip=described.text)
        words.setBuddy(self.combo)
        self._reset = reset_button(label)
        box, row = QVBoxLayout(self), QHBoxLayout()
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        row.addWidget(words)
        row.addStretch()
        row.addWidget(self._reset)
        box.addLayout(row)
        box.addWidget(self.combo)
        self.combo.activated.connect(lambda: self._choose(self.combo.currentData()))
        self._reset.clicked.connect(lambda: self._choose(described.default))
        self.set(described.default)

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these: (value, text) of each. What is chosen stays chosen."""
        value = self.combo.currentData()
        self.combo.clear()
        for choice, text in choices:
            self.combo.addItem(text, choice)
        self.set(value)

    def set(self, value: str | None) -> None:
        """Show a value, whether it is offered or not."""
        at = self.combo.findData(value or "")
        if at < 0:
            self.combo.addItem(value or "Default", value or "")
            at = self.combo.count() - 1
        self.combo.setCurrentIndex(at)
        self._reset.setVisible((value or "") != self._described.default)

    def _choose(self, value: str) -> None:
        self.set(value)
        self.changed.emit(self._described.name, value)


def reset_button(label: str) -> QToolButton:
    """The arrow that puts a default back; it keeps its place while it is hidden."""
    button = plain_button("reset", f"Put {label[0].lower()}{label[1:]} back to its default")
    keep = button.sizePolicy()
    keep.setRetainSizeWhenHidden(True)
    button.setSizePolicy(keep)
    return button


def plain_button(name: str, tooltip: str, *, checkable: bool = False) -> QToolButton:
    """A button that is only an icon; its tooltip is also what screen readers say."""
    button = dressed(QToolButton(), "plain", tooltip=tooltip, says=tooltip)
    button.setCheckable(checkable)
    dress_button(button, name)
    return button


def dress_button(button: QAbstractButton, name: str, colour: str | None = None) -> None:
    """Give a button an icon that follows the theme."""
    button.setProperty("icon_name", name)
    button.setIcon(icon(name, colour or theme.current().text))


def redress(root: QWidget) -> None:
    """Draw the icons of all buttons below `root` in the colours of the theme that is now in use."""
    for button in root.findChildren(QAbstractButton):
        name = button.property("icon_name")
        if name:
            button.setIcon(icon(name, theme.current().text))

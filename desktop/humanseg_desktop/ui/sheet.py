"""The style sheet; the words after dollar signs are fields of a theme's colours."""

SHEET = """
QWidget { font-size: 13px; }
QMainWindow, QDialog { background: $ground; }
QToolTip { background: $text; color: $panel; border: none; padding: 5px 8px; }

QMenuBar { background: $ground; padding: 4px 8px; spacing: 2px; }
QMenuBar::item { padding: 5px 10px; border-radius: 6px; background: transparent; color: $text; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $hover; }
QMenu { background: $panel; border: 1px solid $line; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 5px; color: $text; }
QMenu::item:selected { background: $tint; }
QMenu::item:disabled { color: $soft; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }

QFrame#card { background: $panel; border: 1px solid $line; border-radius: 12px; }
QFrame#tour { background: $panel; border: 1px solid $accent; border-radius: 12px; }
QFrame#strip { background: $panel; border-top: 1px solid $line; }
QLabel#heading { font-size: 13px; font-weight: 600; color: $text; }
QLabel#title { font-size: 20px; font-weight: 600; color: $text; }
QLabel#soft { color: $soft; }
QLabel#small { color: $soft; font-size: 12px; }
QLabel#dropzone { color: $soft; border: 2px dashed $line; border-radius: 12px; }
QLabel#figure { font-weight: 600; }
QLabel#notice { color: $warning; font-size: 12px; }

QPushButton, QToolButton {
    background: $field; color: $text; border: 1px solid transparent; border-radius: 8px; padding: 7px 12px;
}
QToolButton { padding: 7px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:disabled, QToolButton:disabled { color: $soft; }
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus { border: 1px solid $accent; }
QPushButton:checked, QToolButton:checked { background: $tint; color: $text; border: 1px solid $accent; }
QPushButton#main { background: $accent; color: $on_accent; font-weight: 600; }
QPushButton#main:hover { background: $accent; border: 1px solid $text; }
QPushButton#main:disabled { background: $field; color: $soft; }
QPushButton#fold { background: transparent; font-weight: 600; text-align: left; padding: 2px 4px; }
QToolButton#plain { background: transparent; padding: 5px; }
QToolButton#plain:hover { background: $hover; }
QToolButton#plain:checked { background: $tint; }
QWidget#bar QPushButton { background: $panel; border: 1px solid $line; }
QWidget#bar QPushButton:hover { background: $hover; }
QWidget#bar QPushButton:focus { border: 1px solid $accent; }
QWidget#bar QPushButton:checked { background: $tint; border: 1px solid $accent; }
QWidget#bar QPushButton#main { background: $accent; border: 1px solid $accent; }
QWidget#bar QPushButton#main:disabled { background: $hover; border: 1px solid $hover; }
QWidget#bar QPushButton[recording="true"]:checked { background: $danger; color: $panel; border: 1px solid $danger; }
QToolButton#more { background: $field; padding: 0; }
QToolButton#more:hover { background: $hover; }
QToolButton#fold { background: transparent; padding: 5px; border: 1px solid transparent; }
QToolButton#fold:hover { background: $hover; }
QToolButton#tile { background: transparent; padding: 0; border: 2px solid transparent; border-radius: 8px; }
QToolButton#tile:hover { border: 2px solid $line; }
QToolButton#tile:focus { border: 2px solid $soft; }
QToolButton#tile:checked { border: 2px solid $accent; }

QFrame#segments { background: $hover; border-radius: 9px; }
QFrame#segments QPushButton {
    background: transparent; border: 1px solid transparent; border-radius: 7px; padding: 6px 10px; color: $soft;
}
QFrame#segments QPushButton:hover { color: $text; }
QFrame#segments QPushButton:focus { border: 1px solid $accent; }
QFrame#segments QPushButton:checked { background: $panel; color: $text; border: 1px solid $line; font-weight: 600; }
QFrame#segments QPushButton:checked:focus { border: 1px solid $accent; }

QComboBox, QLineEdit, QSpinBox {
    background: $field; color: $text; border: 1px solid transparent; border-radius: 8px; padding: 7px 10px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QInputDialog QLineEdit { min-width: 340px; }
QComboBox { combobox-popup: 0; }
QComboBox:hover { background: $hover; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox::down-arrow { image: url($chevron); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $panel; color: $text; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $tint; selection-color: $text;
}

QCheckBox { spacing: 8px; color: $text; padding: 3px 0; }
QCheckBox::indicator { width: 15px; height: 15px; border: 1px solid $soft; border-radius: 4px; background: $panel; }
QCheckBox::indicator:hover { background: $hover; }
QCheckBox::indicator:checked { background: $accent; border: 1px solid $accent; image: url($check); }
QCheckBox:focus { color: $accent; }

QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 6px; border-radius: 5px; color: $text; }
QComboBox QAbstractItemView::item:hover, QComboBox QAbstractItemView::item:selected { background: $tint; }

QSlider { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider#centred::sub-page:horizontal { background: $line; }
QSlider::handle:horizontal {
    background: $panel; border: 2px solid $accent; width: 12px; height: 12px; margin: -6px 0; border-radius: 8px;
}
QSlider::handle:horizontal:hover { background: $tint; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $line; border-color: $line; }

QScrollArea, QScrollArea > QWidget > QWidget#inside { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $line; border-radius: 3px; min-height: 32px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: $soft; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QFrame#banner { background: $warning_ground; border-radius: 10px; }
QFrame#banner QLabel { color: $warning; }
QFrame#banner QLabel#heading { color: $warning; }
QFrame#banner QToolButton, QFrame#banner QPushButton { background: transparent; color: $warning; }
QFrame#banner QPushButton { border: 1px solid $warning; }

QProgressBar { background: $field; border: none; border-radius: 4px; height: 8px; text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 4px; }
QTableView { background: $panel; border: none; gridline-color: $line; selection-background-color: $tint;
    selection-color: $text; outline: none; }
QTableView::item { padding: 0 8px; }
QHeaderView::section { background: $panel; color: $soft; border: none; border-bottom: 1px solid $line; padding: 8px; }
QPlainTextEdit, QTextBrowser { background: $panel; border: 1px solid $line; border-radius: 8px; padding: 8px; }
"""

"""Colours, type and spacing, in light and dark: the one place where the look of the app is decided."""

from dataclasses import dataclass
from pathlib import Path
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from humanseg_desktop.settings import Theme
from humanseg_desktop.ui.sheet import SHEET

_ICONS = Path(__file__).with_name("icons")

GAP = 12
"""Pixels between two things that belong together less than their parts do."""


@dataclass(frozen=True, kw_only=True)
class Colours:
    """A palette; all contrasts of text on its ground are at least 4.5 to 1."""

    name: str
    ground: str
    panel: str
    field: str
    hover: str
    line: str
    text: str
    soft: str
    accent: str
    on_accent: str
    tint: str
    danger: str
    warning: str
    warning_ground: str
    stage: str


LIGHT = Colours(
    name="light",
    ground="#f3f4f6",
    panel="#ffffff",
    field="#f3f4f6",
    hover="#e8eaee",
    line="#d9dce2",
    text="#1b1f27",
    soft="#5b6472",
    accent="#0f766e",
    on_accent="#ffffff",
    tint="#d5ebe8",
    danger="#c0343a",
    warning="#7a4b00",
    warning_ground="#fdf1d8",
    stage="#e6e8ec",
)
DARK = Colours(
    name="dark",
    ground="#15171b",
    panel="#1d2025",
    field="#282c33",
    hover="#323740",
    line="#343942",
    text="#e8eaee",
    soft="#a0a8b5",
    accent="#3fb8a9",
    on_accent="#06231f",
    tint="#1f3f3c",
    danger="#f07178",
    warning="#f2c97a",
    warning_ground="#3a2f18",
    stage="#0f1114",
)


_CHOSEN = "humanseg-theme"
"""The property of the application that holds the theme. Where Qt finds no desktop, its colour scheme cannot be set."""


def current() -> Colours:
    """The palette in use."""
    app = QGuiApplication.instance()
    chosen = app.property(_CHOSEN) if app else None
    if chosen in ("light", "dark"):
        return DARK if chosen == "dark" else LIGHT
    return DARK if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT


def apply(theme: Theme) -> None:
    """Dress the whole app."""
    schemes = {
        "light": Qt.ColorScheme.Light,
        "dark": Qt.ColorScheme.Dark,
        "system": Qt.ColorScheme.Unknown,
    }
    app = QGuiApplication.instance()
    if app is not None:
        app.setProperty(_CHOSEN, theme)
    # The title bar, the system's own dialogs and menus follow this one.
    QGuiApplication.styleHints().setColorScheme(schemes[theme])
    dress()


def dress() -> None:
    """Put the palette of the present scheme on; to be called again when the system changes its own."""
    colours = current()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    app.setPalette(_palette(colours))
    icons = {name: (_ICONS / f"{name}-{colours.name}.svg").as_posix() for name in ("check", "chevron")}
    values = vars(colours) | icons
    app.setStyleSheet(Template(SHEET).substitute(values))


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.ground,
        QPalette.ColorRole.Base: colours.panel,
        QPalette.ColorRole.AlternateBase: colours.field,
        QPalette.ColorRole.Button: colours.panel,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.ToolTipBase: colours.text,
        QPalette.ColorRole.ToolTipText: colours.panel,
        QPalette.ColorRole.PlaceholderText: colours.soft,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Link: colours.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    faint = QColor(colours.soft)
    faint.setAlphaF(0.55)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette

"""Names, tooltips and words for screen readers, given to a widget where it is made."""

from typing import TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)


def dressed(widget: W, name: str = "", *, tooltip: str = "", says: str = "") -> W:
    """The widget itself.

    Args:
        widget: what is dressed.
        name: by which the style sheet knows it.
        tooltip: what it does, in a sentence.
        says: what it is called by screen readers; for a widget without words of its own.
    """
    widget.setObjectName(name)
    widget.setToolTip(tooltip)
    widget.setAccessibleName(says)
    return widget

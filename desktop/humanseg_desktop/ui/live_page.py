"""The page of the live picture: preview and controls side by side."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QSlider, QVBoxLayout, QWidget

from humanseg_desktop.ui.adjust_panel import AdjustPanel
from humanseg_desktop.ui.background_panel import BackgroundPanel
from humanseg_desktop.ui.banner import Banner
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.output_bar import OutputBar
from humanseg_desktop.ui.parts import Segments, plain_button
from humanseg_desktop.ui.presets_panel import PresetsPanel
from humanseg_desktop.ui.preview import Preview
from humanseg_desktop.ui.source_panel import SourcePanel
from humanseg_desktop.ui.transport import Transport

if TYPE_CHECKING:
    from humanseg_desktop.controller import Controller
    from humanseg_desktop.outputs import Outputs

SIDEBAR = 332
"""Pixels of width that the controls take."""


class _Unrolled(QObject):
    """Leaves the mouse's wheel to what scrolls: on the way past it, a list or a slider would change unseen."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class LivePage(QWidget):
    """Lays out the parts; what they do is wired by the window."""

    def __init__(self, controller: "Controller", outputs: "Outputs") -> None:
        super().__init__()
        settings = controller.settings
        self.banner = Banner()
        self.preview = Preview(controller.outlet)
        self.source = SourcePanel(settings.input)
        self.background = BackgroundPanel(settings.look)
        self.adjust = AdjustPanel(
            settings.look, settings.input, lower_work=settings.lower_work, advanced=settings.window.advanced
        )
        self.presets = PresetsPanel(settings.presets, settings.look)
        self.transport = Transport()
        self.outputs = OutputBar(outputs)
        self.views = Segments(
            "View",
            (
                ("result", "Result", "What goes out (1)"),
                ("split", "Split", "Before and after, on this screen only; drag the divider (2)"),
                ("matte", "Matte", "White is you, black is the room (3)"),
            ),
        )
        self.views.setMaximumWidth(320)
        self.mirror = plain_button("mirror", "Turn your own preview round like a mirror (M)", checkable=True)
        self.full_screen = plain_button("fullscreen", "Full screen (F11); Escape leaves it")
        for button in (self.mirror, self.full_screen):
            button.setIconSize(QSize(20, 20))
        self._head = self._make_head()
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.banner)
        left.addWidget(self._head)
        left.addWidget(self.preview, 1)
        left.addWidget(self.transport)
        left.addWidget(self.outputs)
        self._sidebar = self._make_sidebar()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 4, 6, 12)
        self._row.setSpacing(12)
        self._row.addLayout(left, 1)
        self._row.addWidget(self._sidebar)
        self._wire(controller)

    def show_only_preview(self, alone: bool) -> None:
        """Hide everything but the picture, for the full screen."""
        for widget in (self._head, self.outputs, self._sidebar):
            widget.setVisible(not alone)
        self.transport.show_if_needed(not alone)
        self.preview.set_bare(alone)
        self._row.setContentsMargins(*((0, 0, 0, 0) if alone else (16, 4, 6, 12)))

    def bring(self, part: QWidget) -> None:
        """Scroll to a part of the controls, so that as much of it is in sight as can be; others are in sight."""
        inside = self._sidebar.widget()
        if inside is not None and inside.isAncestorOf(part):
            inside.adjustSize()
            self._sidebar.verticalScrollBar().setValue(part.mapTo(inside, part.rect().topLeft()).y())

    def _wire(self, controller: "Controller") -> None:
        """What changes the picture; the window connects the rest."""
        self.banner.asked_again.connect(lambda: controller.open(controller.state.wanted))
        self.source.wanted.connect(controller.open)
        self.background.changed.connect(lambda changes: controller.set_look(**changes))
        self.background.pointed.connect(controller.get_ready)
        self.adjust.changed.connect(lambda changes: controller.set_look(**changes))
        self.adjust.wanted.connect(lambda name, value: controller.change_input(**{name: value}))
        self.adjust.lowered.connect(controller.set_lower_work)
        self.adjust.unfolded.connect(lambda unfolded: controller.set_window(advanced=unfolded))
        # Once it is laid out.
        self.adjust.unfolded.connect(lambda unfolded: QTimer.singleShot(0, self, self._show_unfolded))
        self.presets.chosen.connect(lambda look: controller.set_look(**vars(look)))
        self.presets.changed.connect(controller.set_presets)
        controller.settings_changed.connect(lambda new: self.presets.follow(new.presets, new.look))
        self.outputs.badge.connect(self.preview.set_badge)
        self.outputs.hide_me.toggled.connect(controller.hide)

    def _show_unfolded(self) -> None:
        if self.adjust.is_unfolded:
            self.bring(self.adjust)

    def _make_head(self) -> QWidget:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.views)
        row.addStretch()
        row.addWidget(self.mirror)
        row.addWidget(self.full_screen)
        return head

    def _make_sidebar(self) -> QScrollArea:
        inside = dressed(QWidget(), "inside")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(12)
        unrolled = _Unrolled(self)
        for card in (self.source, self.background, self.presets, self.adjust):
            column.addWidget(card)
            for control in (*card.findChildren(QComboBox), *card.findChildren(QSlider)):
                control.installEventFilter(unrolled)
                control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column.addStretch()
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        area.setFixedWidth(SIDEBAR)
        return area

"""The readout: how fast it goes, how late it is, on what it runs."""

from time import perf_counter, process_time
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.graph import Graph

if TYPE_CHECKING:
    from humanseg_desktop.controller import Controller

ENGINES = {
    "auto": "Automatic",
    "openvino": "OpenVINO",
    "onnxruntime": "ONNX Runtime",
    "tensorrt": "TensorRT",
    "tensorrt-rtx": "TensorRT for RTX",
}
"""What engines call themselves."""

LOWERED = (
    "This machine is too slow for all that is set, so less is done to each frame. It goes up again when there is room; "
    "your settings stay as they are. The switch for it is the last one of the fine tuning."
)

TELL_MS = 500
"""Milliseconds between two texts: quicker ones cannot be read."""

ROOMY = 1080
"""Pixels of width below which the stages are left to the tooltip."""

TOLD_MS = 6000
"""Milliseconds that a line of `say` stays."""


class Readout(QFrame):
    """A strip of figures at the window's foot."""

    def __init__(self, controller: "Controller") -> None:
        super().__init__()
        dressed(self, "strip")
        self._controller = controller
        self._cpu = (perf_counter(), process_time())
        self._painting_s = 0.0
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(18)
        self._graph = Graph("Frames per second, over the last minute")
        self._rate = self._label("figure", "Frames composited per second")
        self._latency = self._label("small", "")
        self._stages = self._label("small", "")
        self._dropped = self._label("small", "Frames left out because a newer one was there already")
        self._load = self._label("small", "This program's share of one CPU core; more than 100 % is more than one core")
        self._device = self._label("small", "What computes the matte")
        row.addWidget(self._graph)
        for label in (self._rate, self._latency, self._stages, self._dropped, self._load):
            row.addWidget(label)
        self.lowered = self._label("small", LOWERED)
        row.addWidget(self.lowered)
        self._told = self._label("small", "")
        row.addWidget(self._told)
        row.addStretch()
        row.addWidget(self._device)
        self._teller = QTimer(self, interval=TELL_MS)
        self._teller.timeout.connect(self.tell)
        self._teller.start()

    def say(self, text: str) -> None:
        """Show a line for a few seconds: what was saved where."""
        self._told.setText(text)
        self._told.setToolTip(text)
        QTimer.singleShot(TOLD_MS, self._told, self._told.clear)

    def painted(self, seconds: float) -> None:
        """Take note of how long a painting of the preview took."""
        self._painting_s = 0.9 * self._painting_s + 0.1 * seconds

    def close_down(self) -> None:
        """Tell no more."""
        self._teller.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stages.setVisible(self.width() >= ROOMY)

    def tell(self) -> None:
        """Show the figures of this moment."""
        session = self._controller.session
        running = session is not None and self._controller.state.phase == "running"
        self._load.setText(f"CPU {self._cpu_percent():.0f} %")
        self.lowered.setText(self._controller.pacer.told if running else "")
        if session is None or not running:
            self._graph.add(0.0)
            self._rate.setText("– fps")
            for label in (self._latency, self._stages, self._dropped):
                label.setText("")
            return
        stats, engine = session.stats, session.network.matter.engine
        p50, p95 = 1000 * stats.latency_p50_s, 1000 * stats.latency_p95_s
        matte, composite = 1000 * stats.matte_p50_s, 1000 * stats.composite_p50_s
        self._graph.add(stats.fps)
        self._rate.setText(f"{stats.fps:.1f} fps")
        self._latency.setText(f"{p50:.0f} ms · p95 {p95:.0f} ms")
        self._latency.setToolTip(
            f"From the camera's frame to the finished picture: half of all frames take {p50:.0f} ms at most, 95 of 100 "
            f"take {p95:.0f} ms. Delay your microphone by about {p50 + 1000 * self._painting_s:.0f} ms to match."
        )
        stages = f"matte {matte:.0f} · composite {composite:.0f} · show {1000 * self._painting_s:.0f}"
        self._stages.setText(stages)
        self._stages.setToolTip("Milliseconds per stage: half of all frames take no longer")
        self._rate.setToolTip(f"Frames composited per second. Milliseconds per stage: {stages}.")
        self._dropped.setText(f"{stats.dropped} dropped")
        self._device.setText(f"{ENGINES.get(engine.name, engine.name)} · {engine.device}")

    def _cpu_percent(self) -> float:
        before, spent = self._cpu
        self._cpu = (perf_counter(), process_time())
        return 100 * (self._cpu[1] - spent) / max(1e-3, self._cpu[0] - before)

    def _label(self, name: str, tooltip: str) -> QLabel:
        return dressed(QLabel(), name, tooltip=tooltip)

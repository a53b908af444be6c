"""The readout: how fast it goes, how late it is and why, on what it runs."""

from collections import deque
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.elided import Elided
from humanseg_desktop.ui.graph import Graph

if TYPE_CHECKING:
    from humanseg.pipeline import Stats
    from humanseg_desktop.controller import Controller

ENGINES = {
    "auto": "Automatic",
    "openvino": "OpenVINO",
    "onnxruntime": "ONNX Runtime",
    "tensorrt": "TensorRT",
    "tensorrt-rtx": "TensorRT for RTX",
}
"""What engines call themselves."""

STAGES = (
    "What each stage takes in milliseconds: half of all frames take no longer than the first figure, 95 of 100 no "
    "longer than the second. Capture is from the camera's frame until its turn comes; pre makes the frame ready for "
    "the network, infer is the network, post makes its outline the picture's; then the background is put behind, and "
    "the preview is painted. Flicker is how much the matte changes from frame to frame where the picture does not, in "
    "thousandths: the lower, the steadier."
)

LOWERED = (
    "This machine is too slow for all that is set, so less is done to each frame. It goes up again when there is room; "
    "your settings stay as they are. The switch for it is the last one of the fine tuning."
)

TELL_MS = 500
"""Milliseconds between two texts: quicker ones cannot be read."""

PAINTINGS = 300
"""So many of the last paintings are looked at."""

TOLD_MS = 6000
"""Milliseconds that a line of `say` stays."""


class Readout(QFrame):
    """A strip of figures at the window's foot: those of the whole, the stages, and what was lowered, if something."""

    def __init__(self, controller: "Controller") -> None:
        super().__init__()
        dressed(self, "strip")
        self._controller = controller
        self._cpu = (perf_counter(), process_time())
        self._painting: deque[float] = deque(maxlen=PAINTINGS)
        self._graph = Graph("Frames per second, over the last minute")
        self._rate = self._label("figure", "Frames composited per second")
        self._latency = self._label("small", "")
        self._dropped = self._label("small", "Frames left out because a newer one was there already")
        self._load = self._label("small", "This program's share of one CPU core; more than 100 % is more than one core")
        self._told = dressed(Elided(), "small")
        self._device = dressed(Elided(), "small")
        self._device.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._stages = self._label("small", STAGES)
        self.lowered = self._label("notice", LOWERED)
        self.lowered.hide()
        whole, row, lines = QHBoxLayout(self), QHBoxLayout(), QVBoxLayout()
        whole.setContentsMargins(16, 6, 16, 6)
        whole.setSpacing(18)
        row.setSpacing(18)
        lines.setSpacing(2)
        for label in (self._rate, self._latency, self._dropped, self._load):
            row.addWidget(label)
        row.addWidget(self._told, 1)
        row.addWidget(self._device, 2)
        lines.addLayout(row)
        lines.addWidget(self._stages)
        lines.addWidget(self.lowered)
        whole.addWidget(self._graph)
        whole.addLayout(lines, 1)
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
        self._painting.append(seconds)

    def close_down(self) -> None:
        """Tell no more."""
        self._teller.stop()

    def tell(self) -> None:
        """Show the figures of this moment."""
        session = self._controller.session
        running = session is not None and self._controller.state.phase == "running"
        self._load.setText(f"CPU {self._cpu_percent():.0f} %")
        self.lowered.setText(self._controller.pacer.told if running else "")
        self.lowered.setVisible(bool(self.lowered.text()))
        if session is None or not running:
            self._graph.add(0.0)
            self._rate.setText("– fps")
            for label in (self._latency, self._stages, self._dropped):
                label.setText("")
            return
        stats, engine = session.stats, session.network.matter.engine
        show = _percentiles(self._painting)
        self._graph.add(stats.fps)
        self._rate.setText(f"{stats.fps:.1f} fps")
        self._tell_latency(stats, show[0])
        self._stages.setText(_stages(stats, show, session.flicker))
        self._dropped.setText(f"{stats.dropped} dropped")
        device = f"{ENGINES.get(engine.name, engine.name)} · {engine.device}"
        self._device.setText(device)
        self._device.setToolTip(f"What computes the matte: {device}")

    def _tell_latency(self, stats: "Stats", show_s: float) -> None:
        p50, p95 = 1000 * stats.latency_p50_s, 1000 * stats.latency_p95_s
        self._latency.setText(f"{p50:.0f} ms · p95 {p95:.0f} ms")
        self._latency.setToolTip(
            f"From the camera's frame to the finished picture: half of all frames take {p50:.0f} ms at most, 95 of 100 "
            f"take {p95:.0f} ms. Delay your microphone by about {p50 + 1000 * show_s:.0f} ms to match."
        )

    def _cpu_percent(self) -> float:
        before, spent = self._cpu
        self._cpu = (perf_counter(), process_time())
        return 100 * (self._cpu[1] - spent) / max(1e-3, self._cpu[0] - before)

    def _label(self, name: str, tooltip: str) -> QLabel:
        return dressed(QLabel(), name, tooltip=tooltip)


def _stages(stats: "Stats", show: tuple[float, float], flicker: float | None) -> str:
    """The stages in a line, in milliseconds, and the flicker."""
    times = [(stage.name, stage.p50_s, stage.p95_s) for stage in stats.stages]
    if not times:
        return ""
    words = [f"{name} {_ms(p50_s)}/{_ms(p95_s)}" for name, p50_s, p95_s in (*times, ("show", *show))]
    told = f"p50/p95 ms: {' · '.join(words)}"
    return told if flicker is None else f"{told} · flicker {flicker:.1f}"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f}"


def _percentiles(values: "deque[float]") -> tuple[float, float]:
    """The values that 50 and 95 of 100 do not exceed; 0 where there are none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0, 0.0
    return ordered[(len(ordered) - 1) // 2], ordered[-(-95 * len(ordered) // 100) - 1]

"""About: versions and licences."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout, QWidget

from humanseg_desktop.log import versions
from humanseg_desktop.ui.dressed import dressed
from humanseg_desktop.ui.icons import app_icon

_LICENCES = """
<p>humanseg is free software under the Apache License 2.0. It shows and sends only what it makes on this computer.</p>
<p>It stands on Qt for Python (LGPL 3), OpenCV (Apache 2.0), FFmpeg through PyAV (LGPL and GPL parts, BSD), NumPy (BSD),
ONNX Runtime (MIT), OpenVINO (Apache 2.0) and, if you installed it, pyvirtualcam (GPL 2).</p>
<p>The network was trained on photographs some of which are licensed for non-commercial research only; its card, in the
model's folder, names them. The portrait of the demo is NASA's and in the public domain.</p>
"""


class About(QDialog):
    """What this is, of which parts, and on what terms."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About humanseg")
        self.resize(520, 480)
        self.setObjectName("bar")
        found = versions()
        title = dressed(QLabel("humanseg"), "title")
        number = dressed(QLabel(f"Version {found.pop('humanseg', 'unknown')}"), "soft")
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(64, 64), self.devicePixelRatioF()))
        words, head = QVBoxLayout(), QHBoxLayout()
        words.addWidget(title)
        words.addWidget(number)
        head.addWidget(picture)
        head.addLayout(words, 1)
        head.setSpacing(16)
        rows = "".join(f"<tr><td>{name}&nbsp;&nbsp;</td><td>{text}</td></tr>" for name, text in found.items())
        text = dressed(QTextBrowser(openExternalLinks=True), says="Versions and licences")
        text.setHtml(f"{_LICENCES}<table>{rows}</table>")
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(16)
        column.addLayout(head)
        column.addWidget(text, 1)
        column.addWidget(buttons)

"""The queue of files as a table: its model, and the bars that it paints."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from humanseg_desktop.batch import Job
from humanseg_desktop.ui import theme
from humanseg_desktop.ui.dressed import dressed

_HEADINGS = ("Video", "Becomes", "Progress", "")
_PROGRESS = 2
_Index = QModelIndex | QPersistentModelIndex


class Jobs(QAbstractTableModel):
    """The queue as a table."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.jobs: list[Job] = []

    def take(self, job: Job) -> None:
        """Show a job that is new or has changed."""
        for row, known in enumerate(self.jobs):
            if known.number == job.number:
                self.jobs[row] = job
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(_HEADINGS) - 1))
                return
        self.beginInsertRows(QModelIndex(), len(self.jobs), len(self.jobs))
        self.jobs.append(job)
        self.endInsertRows()

    def keep(self, jobs: tuple[Job, ...]) -> None:
        """Show only these."""
        self.beginResetModel()
        self.jobs = list(jobs)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 Qt's name
        return 0 if parent.isValid() else len(self.jobs)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 Qt's name
        return 0 if parent.isValid() else len(_HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> object:
        job = self.jobs[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return _part(job)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (str(job.file), str(job.output), _told(job), job.problem)[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (job.file.name, job.output.name, _told(job), job.problem.partition("\n")[0])[index.column()]
        return None


class _Bar(QStyledItemDelegate):
    """Paints how far a video is."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        colours = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect
        track = rect.adjusted(8, rect.height() // 2 - 3, -120, -(rect.height() // 2) + 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(track, 3, 3)
        part = index.data(Qt.ItemDataRole.UserRole)
        if part:
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(track.adjusted(0, 0, -round(track.width() * (1 - part)), 0), 3, 3)
        painter.setPen(QColor(colours.text))
        words = rect.adjusted(rect.width() - 110, 0, -4, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, index.data())
        painter.restore()


def make_table(jobs: Jobs) -> QTableView:
    """A view of the queue."""
    table = dressed(QTableView(showGrid=False), says="Queue")
    table.setModel(jobs)
    table.setItemDelegateForColumn(_PROGRESS, _Bar(table))
    table.setWordWrap(False)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(40)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    for column, width in enumerate((250, 250, 300)):
        table.setColumnWidth(column, width)
    header.setSectionResizeMode(len(_HEADINGS) - 1, QHeaderView.ResizeMode.Stretch)
    return table


def _part(job: Job) -> float:
    if job.stage == "done":
        return 1.0
    return min(1.0, job.frames / job.expected) if job.expected else 0.0


def _told(job: Job) -> str:
    if job.stage == "running":
        part = f"{100 * _part(job):.0f} %" if job.expected else f"{job.frames} frames"
        return f"{part} · {job.fps:.0f} fps"
    if job.stage == "cancelled" and _part(job):
        return f"Stopped at {100 * _part(job):.0f} %"
    return job.stage.capitalize()

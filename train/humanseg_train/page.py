"""One self-contained HTML page: text, tables and pictures in a single file that needs nothing from anywhere."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1300px; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #8884; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
td.best { font-weight: 700; }
img { max-width: 100%; height: auto; }
pre { background: #8881; padding: 1rem; overflow-x: auto; }
"""


class Page:
    """Collects the parts of a page; everything that is given as text is escaped."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts: list[str] = []

    def heading(self, text: str) -> None:
        """A heading."""
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._parts.append(f"<p>{escape(text)}</p>")

    def code(self, text: str) -> None:
        """Lines as they are."""
        self._parts.append(f"<pre>{escape(text)}</pre>")

    def table(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], best: Sequence[tuple[int, int]] = ()
    ) -> None:
        """A table; the cells (row, column) in `best` are set in bold."""
        marked = set(best)
        head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
        body = ""
        for number, row in enumerate(rows):
            cells = (
                f"<td{' class=best' if (number, column) in marked else ''}>{escape(cell)}</td>"
                for column, cell in enumerate(row)
            )
            body += f"<tr>{''.join(cells)}</tr>"
        self._parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def picture(self, path: Path, alternative: str) -> None:
        """A PNG or JPEG, kept inside the page."""
        kind = "png" if path.suffix == ".png" else "jpeg"
        data = base64.b64encode(path.read_bytes()).decode()
        self._parts.append(f'<img src="data:image/{kind};base64,{data}" alt="{escape(alternative)}">')

    def write(self, path: Path) -> None:
        """Write the page whole."""
        title = escape(self._title)
        html = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
            f"<body><h1>{title}</h1>\n" + "\n".join(self._parts) + "\n</body></html>\n"
        )
        draft = path.with_name(f".{path.name}.partial")
        draft.write_text(html, encoding="utf-8")
        draft.replace(path)

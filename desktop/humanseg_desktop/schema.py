"""What the controls of the window need to know of a setting: read from the settings' own types and docstrings."""

import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A number that a slider sets; written beside the field's type with `Annotated`."""

    label: str
    low: float
    high: float
    off: float
    """The value at which the setting does nothing."""
    unit: str = ""
    """What whole numbers of it are counted; without it values are parts, told in percent."""

    def text(self, value: float) -> str:
        """A value as people read it: a percentage or a number, or that it is off."""
        if value == self.off:
            return "Off"
        if self.unit:
            return f"{value:.0f} {self.unit}{'' if value == 1 else 's'}"
        digits = 0 if self.high - self.low >= 0.5 else 1
        return f"{100 * value:{'+' if self.low < 0 else ''}.{digits}f} %"


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A setting that is on or off."""

    label: str


@dataclass(frozen=True, kw_only=True)
class Described:
    """A setting as a control shows it."""

    name: str
    text: str
    """The docstring under the field: what the tooltip says."""
    default: Any
    control: Scale | Switch | None


@cache
def describe(schema: Hashable) -> dict[str, Described]:
    """The fields of a settings class by name, in order."""
    cls = typing.cast("type[Any]", schema)
    texts = _field_docstrings(cls)
    hints = typing.get_type_hints(cls, include_extras=True)
    return {
        field.name: Described(
            name=field.name,
            text=texts.get(field.name, ""),
            default=field.default,
            control=next(iter(getattr(hints[field.name], "__metadata__", ())), None),
        )
        for field in dataclasses.fields(cls)
    }


def check_scales(settings: Any) -> None:
    """Hold the numbers of a settings object against their scales.

    Raises:
        ValueError: one is out of range; the message names it and the range.
    """
    for name, described in describe(settings.__class__).items():
        scale = described.control
        if isinstance(scale, Scale) and not scale.low <= getattr(settings, name) <= scale.high:
            value = getattr(settings, name)
            raise ValueError(f"{name} is {value}; it must be from {scale.low:g} to {scale.high:g}.")


def _field_docstrings(schema: type[Any]) -> dict[str, str]:
    try:
        source = inspect.getsource(schema)
    except OSError:  # frozen into a program without its source: controls without tooltips are better than none
        return {}
    body = typing.cast("ast.ClassDef", ast.parse(textwrap.dedent(source)).body[0]).body
    texts = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            texts[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return texts

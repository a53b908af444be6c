"""One way to turn tables into settings: frozen dataclasses, read from TOML, mistakes named with the nearest right word.

A schema is a keyword-only frozen dataclass with a docstring under each field and its rules in `__post_init__`. The same
class gives the TOML file, the command line (tyro reads types, defaults and field docstrings) and the documentation.
Model folders (`model.toml`) and training recipes are read by the same `build`.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from humanseg.errors import SettingsError

T = TypeVar("T")


def read(path: Path, schema: type[T]) -> T:
    """The settings in a TOML file.

    Raises:
        SettingsError: the file is missing, is not TOML, or does not fit the schema; the message names the place.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a TOML file: {error}.", "Mend that line.") from error
    return build(schema, table, where=str(path))


def build(schema: type[T], table: Mapping[str, Any], *, where: str = "settings") -> T:
    """An instance of `schema` from a table of plain values; `where` begins every message.

    Raises:
        SettingsError: an unknown key (with the nearest right one), a wrong type, or a value its own rules refuse.
    """
    hints = typing.get_type_hints(schema)
    fields = {field.name: field for field in dataclasses.fields(schema)}  # type: ignore[arg-type]
    for name in table:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(fields)}."
            raise SettingsError(f"{where}: there is no setting {name}.", hint)
    values = {name: _convert(hints[name], value, f"{where}: {name}") for name, value in table.items()}
    for name, field in fields.items():
        if name not in values and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SettingsError(f"{where}: the setting {name} is missing.", f"Add a line `{name} = ...`.")
    try:
        return schema(**values)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}", "Change it, or leave it out for the default.") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    """`value` as the type that `hint` asks for: nested tables, tuples and paths included."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            section = where.split(": ")[-1]
            raise SettingsError(f"{where}: {value!r} is not a table.", f"Write it as a section [{section}].")
        return build(hint, value, where=where)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        if value not in arguments:
            near = difflib.get_close_matches(str(value), [str(choice) for choice in arguments], n=1)
            choices = f"It can be {', '.join(map(str, arguments))}."
            raise SettingsError(f"{where} is {value!r}.", f"Did you mean {near[0]}? {choices}" if near else choices)
        return value
    if origin in (typing.Union, types.UnionType):
        wanted = [kind for kind in arguments if kind is not type(None)]
        return _convert(wanted[0], value, where) if value is not None else None
    if origin is tuple and isinstance(value, list | tuple):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        if len(kinds) != len(value):
            raise SettingsError(f"{where} has {len(value)} values.", f"It takes {len(kinds)}.")
        return tuple(_convert(kind, part, where) for kind, part in zip(kinds, value, strict=True))
    if origin is dict and isinstance(value, Mapping):
        return {key: _convert(arguments[1], part, f"{where}: {key}") for key, part in value.items()}
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = origin or hint
    if isinstance(plain, type) and (not isinstance(value, plain) or (isinstance(value, bool) and plain is not bool)):
        raise SettingsError(f"{where} is {value!r}.", f"It takes a {plain.__name__}.")
    return value

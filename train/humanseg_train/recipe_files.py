"""Recipes as files: packaged ones by name, others by path."""

import tomllib
from pathlib import Path
from typing import Any

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.recipe import Recipe

RECIPES = Path(__file__).parent / "recipes"


def packaged_recipes() -> list[str]:
    """Names of the recipes that ship with humanseg."""
    return sorted(file.stem for file in RECIPES.glob("*.toml"))


def read_recipe(where: str | Path) -> Recipe:
    """A recipe by path, or by name if it ships with humanseg.

    Raises:
        SettingsError: there is none, or a key or value in it is wrong; the nearest right word is named.
    """
    path = Path(where)
    if str(where) in packaged_recipes() and not path.is_file():
        path = RECIPES / f"{where}.toml"
    return settings.build(Recipe, _table(path, str(where)), where=path.name)


def _table(path: Path, where: str) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        known = ", ".join(packaged_recipes())
        raise SettingsError(f"There is no recipe {where}.", f"Give a file, or one of: {known}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a recipe: {error}.", "Mend that line.") from error

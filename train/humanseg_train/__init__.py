"""Train, measure and export the networks that `humanseg` runs.

    best = humanseg_train.fit(humanseg_train.read_recipe("compare-unet"), "runs/mine")
    humanseg_train.export(best, "my-model", check=Path("photographs"))
    humanseg_train.evaluate("my-model", "photographs", split="test")

The names below are imported on first use (PEP 562): `import humanseg_train` imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from humanseg_train.comparison import compare
    from humanseg_train.evaluation import evaluate
    from humanseg_train.exporting import export
    from humanseg_train.fitting import fit
    from humanseg_train.prediction import predict
    from humanseg_train.recipe import Recipe
    from humanseg_train.recipe_files import read_recipe
    from humanseg_train.stages import fit_stages
    from humanseg_train.verification import verify

__all__ = ["Recipe", "compare", "evaluate", "export", "fit", "fit_stages", "predict", "read_recipe", "verify"]

_HOMES = {
    "Recipe": "humanseg_train.recipe",
    "compare": "humanseg_train.comparison",
    "evaluate": "humanseg_train.evaluation",
    "export": "humanseg_train.exporting",
    "fit": "humanseg_train.fitting",
    "fit_stages": "humanseg_train.stages",
    "predict": "humanseg_train.prediction",
    "read_recipe": "humanseg_train.recipe_files",
    "verify": "humanseg_train.verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Training in stages: several recipes, each going on from the best of the one before, as one run."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from humanseg_train.fitting import Log, fit
from humanseg_train.recipe import Recipe

logger = logging.getLogger(__name__)


def fit_stages(
    recipes: Mapping[str, Recipe], out: Path | str, *, resume: bool = False, logs: Sequence[Log] = ()
) -> Path:
    """Train each recipe from the best checkpoint of the one before; returns the best checkpoint of the last.

    With `schedule.minutes` the stages of one call share them; when they are over, the best checkpoint of the stage that
    was reached is returned.

    Args:
        recipes: by the names of their folders, in order; `network.start` is their own for the first only.
        out: folder of the run; `out/NAME` is what `fit` makes of a stage.
        resume: go on with the stage that was reached, and with those that follow it.
        logs: where else to write the figures, as for `fit`.

    Raises:
        HumansegError: what `fit` raises for the stage that was reached.
    """
    out, names, began = Path(out), list(recipes), time.monotonic()
    begun = [number for number, name in enumerate(names) if (out / name / "last.ckpt").exists()]
    reached = max(begun, default=0) if resume else 0
    best = out / names[reached] / "best.ckpt"
    for number in range(reached, len(names)):
        recipe = recipes[names[number]]
        if number:
            start = str(out / names[number - 1] / "best.ckpt")
            recipe = replace(recipe, network=replace(recipe.network, start=start))
        if recipe.schedule.minutes and number > reached:
            left = recipe.schedule.minutes - (time.monotonic() - began) / 60
            if left <= 0:
                break
            recipe = replace(recipe, schedule=replace(recipe.schedule, minutes=left))
        logger.info("stage %d of %d: %s", number + 1, len(names), names[number])
        best = fit(recipe, out / names[number], resume=resume and number == reached, logs=logs)
    return best

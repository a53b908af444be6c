"""Which batch to train with, found by trying.

On a GPU it is the largest power of two whose step fits into its memory. On a CPU memory is rarely what ends first, and
a larger batch soon stops being quicker: there it is the smallest one that is within a twentieth of the quickest.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch

from humanseg.errors import HumansegError
from humanseg_train.memory import is_out_of_memory
from humanseg_train.module import MattingModule
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.module import SceneModule

logger = logging.getLogger(__name__)

LARGEST = 256
STEPS = 3
"""Timed steps of each batch, after one that is not."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of one batch."""

    batch: int
    seconds: float
    """Of the quickest step."""

    @property
    def rate(self) -> float:
        """Samples a second."""
        return self.batch / self.seconds


def find_batch(recipe: Recipe, *, largest: int = LARGEST) -> int:
    """The batch for this machine; two samples at least, since batch normalisation needs them.

    Raises:
        HumansegError: not even two samples fit.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module: MattingModule = (
        SceneModule(recipe, pretrained=False) if recipe.network.classes > 1 else MattingModule(recipe, pretrained=False)
    )
    module = module.to(device).train()
    free = _free_memory()
    trials: list[Trial] = []
    batch = 2
    while batch <= largest:
        try:
            trials.append(Trial(batch=batch, seconds=_quickest(module, recipe, batch, device)))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            break
        logger.info("batch %d: %.1f samples a second", batch, trials[-1].rate)
        if device.type == "cpu":
            used = free - _free_memory() if free else 0
            stale = (
                len(trials) > 2
                and trials[-1].rate < 1.05 * trials[-2].rate
                and trials[-2].rate < 1.05 * trials[-3].rate
            )
            if stale or (free and used > free / 4):  # the next one would take about twice as much
                break
        batch *= 2
    if not trials:
        raise HumansegError("Not even two samples fit into memory.", "Use smaller pictures (--augment.sizes).")
    return choose(trials, by_speed=device.type == "cpu")


def choose(trials: list[Trial], *, by_speed: bool) -> int:
    """The smallest batch within a twentieth of the best rate, or else the largest that was tried."""
    if not by_speed:
        return trials[-1].batch
    best = max(trial.rate for trial in trials)
    return next(trial.batch for trial in trials if trial.rate >= 0.95 * best)


def _quickest(module: MattingModule, recipe: Recipe, batch: int, device: torch.device) -> float:
    width, height = max(recipe.augment.sizes, key=lambda size: size[0] * size[1])
    channels = 4 if recipe.network.previous else 3
    frame = torch.randint(0, 256, (batch, channels, height, width), dtype=torch.uint8, device=device)
    scene = recipe.network.classes > 1
    truth = (
        torch.randint(0, recipe.network.classes, (batch, height, width), device=device)
        if scene
        else torch.rand(batch, 1, height, width, device=device)
    )
    kind = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(recipe.schedule.precision)
    quickest = float("inf")
    for step in range(1 + STEPS):
        begun = perf_counter()
        with torch.autocast(device.type, dtype=kind, enabled=kind is not None):
            outcome = module.loss(module(frame), truth)
        (outcome if scene else outcome[0]).backward()
        module.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize()
        if step:
            quickest = min(quickest, perf_counter() - begun)
    return quickest


def _free_memory() -> int:
    """Bytes that can still be had without swapping; 0 where the system does not tell (it does on Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), 0)

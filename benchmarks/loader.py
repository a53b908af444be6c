"""How many pictures a second the loader makes, and how many the training takes.

    python benchmarks/loader.py PEOPLE [--rooms ROOMS] [--recipe compare-unet] [--batches 12]

Prints a Markdown table. The loader runs alone with each number of worker processes; the training is the recipe's
network, loss and optimiser on this machine's CPU (or its GPU) over batches that lie ready. Loading keeps up where its
rate is above the training's: workers load while the network computes, if they have a core of their own.
"""

import argparse
import dataclasses
import platform
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from humanseg_train.loaders import make_loaders
from humanseg_train.module import MattingModule
from humanseg_train.recipe import Recipe
from humanseg_train.recipe_files import read_recipe
from humanseg_train.schedules import make_optimiser


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="data set")
    parser.add_argument(
        "--rooms", type=Path, help="pictures without people; without them the recipe's rooms are left out"
    )
    parser.add_argument("--recipe", default="compare-unet")
    parser.add_argument("--batches", type=int, default=12, help="batches that count, after two that do not")
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1, 2])
    options = parser.parse_args()
    recipe = read_recipe(options.recipe)
    shares: dict[str, Any] = {} if options.rooms else {"room_share": 0.0, "empty_share": 0.0}
    data = dataclasses.replace(recipe.data, root=options.root, rooms=options.rooms, **shares)
    count = (options.batches + 2) * recipe.schedule.batch
    schedule = dataclasses.replace(recipe.schedule, samples_per_epoch=count, compile=False)
    recipe = dataclasses.replace(recipe, data=data, schedule=schedule)
    trained = training_rate(recipe, min(4, options.batches))
    device = "GPU" if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    print(f"{platform.machine()}, {device}, {options.recipe}, batch {recipe.schedule.batch}, {recipe.augment.sizes}\n")
    print("| loader's workers | loader alone, pictures/s | training alone, pictures/s | ratio |")
    print("| --- | --- | --- | --- |")
    for workers in options.workers:
        loaded = loading_rate(dataclasses.replace(recipe, schedule=dataclasses.replace(schedule, workers=workers)))
        print(f"| {workers} | {loaded:.1f} | {trained:.1f} | {loaded / trained:.2f} |")


def loading_rate(recipe: Recipe) -> float:
    """Pictures a second, from the third batch on: the first ones pay for starting the workers."""
    batches = iter(make_loaders(recipe)[0])
    for _ in range(2):
        next(batches)
    begun, count = perf_counter(), 0
    for frame, _ in batches:
        count += len(frame)
    return count / (perf_counter() - begun)


def training_rate(recipe: Recipe, steps: int) -> float:
    """Pictures a second through forward, loss, backward and the optimiser's step."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = MattingModule(recipe, pretrained=False).to(device).train()
    optimiser = make_optimiser(module.network.parameters(), recipe.optimiser)
    width, height = recipe.augment.sizes[0]
    batch, channels = recipe.schedule.batch, 4 if recipe.network.previous else 3
    frame = torch.randint(0, 256, (batch, channels, height, width), dtype=torch.uint8, device=device)
    alpha = torch.rand(batch, 1, height, width, device=device)
    kind = torch.bfloat16 if recipe.schedule.precision == "bf16-mixed" else None
    begun = 0.0
    for step in range(steps + 1):
        if step == 1:
            begun = perf_counter()
        with torch.autocast(device.type, dtype=kind, enabled=kind is not None):
            loss, _ = module.loss(module(frame), alpha)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
    return steps * batch / (perf_counter() - begun)


if __name__ == "__main__":
    main()

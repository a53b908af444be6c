"""`humanseg-train average`: the weights between where a run began and where it ended.

What a short run on other pictures unlearns comes back before what it taught is gone (Wortsman et al. 2022, "Robust
fine-tuning of zero-shot models").
"""

from pathlib import Path

import torch

from humanseg.errors import HumansegError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.networks.rounding import BOUNDS

_APART = 1e-2
"""How far what normalisation remembers may differ, as a share of it, so that weights between are of use."""


def average(first: Path, second: Path, out: Path, share: float) -> None:
    """Write a checkpoint whose weights lie between those of two; the rest of it is of the second one.

    Args:
        first: a checkpoint, such as the `start.ckpt` of a run.
        second: another of the same network, trained on from the first with its normalisation frozen.
        out: where to write.
        share: how much of the second counts, 0..1.

    Raises:
        HumansegError: one is no checkpoint, they are of different networks or normalise differently, the share leaves
            0..1, or `out` exists.
    """
    if not 0 <= share <= 1:
        raise HumansegError(f"There is no share {share} of a network.", "Give --share from 0 to 1.")
    if out.exists():
        raise HumansegError(f"{out} already exists.", "Choose another file.")
    start, end = read_checkpoint(first), read_checkpoint(second)
    before, after = start["state_dict"], end["state_dict"]
    if {name: tensor.shape for name, tensor in before.items()} != {name: t.shape for name, t in after.items()}:
        raise HumansegError(f"{first} and {second} are of different networks.", "Average checkpoints of one recipe.")
    for name, tensor in before.items():
        if name.endswith(("running_mean", "running_var")):
            spread = float(after[name].abs().max()) + 1e-6
            if float((tensor - after[name]).abs().max()) > _APART * spread:
                raise HumansegError(
                    f"{first} and {second} normalise differently: what lies between would fit neither.",
                    "Train with --network.frozen norms (or encoder), and average the run's start.ckpt with its end.",
                )
    mixed = {
        name: torch.lerp(before[name], tensor, share)
        # What convolutions see is measured, not learnt, and only once the run goes on.
        if tensor.is_floating_point() and not name.endswith(BOUNDS)
        else tensor
        for name, tensor in after.items()
    }
    kept = {name: part for name, part in end.items() if name not in ("optimizer_states", "current_model_state")}
    draft = out.with_name(f".{out.name}.partial")
    torch.save(kept | {"state_dict": mixed, "share": share, "since": start["epoch"]}, draft)
    draft.replace(out)

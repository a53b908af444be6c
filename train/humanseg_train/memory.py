"""What to say, and which batch to take, where memory ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from humanseg.errors import HumansegError
from humanseg_train.recipe import Recipe


@contextmanager
def explaining_memory(recipe: Recipe) -> Iterator[None]:
    """Inside, running out of memory becomes an error that names the batch to try.

    Raises:
        HumansegError: memory ran out, on a GPU or not.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        batch = recipe.schedule.batch
        hint = "Use smaller pictures (--augment.sizes) or a smaller encoder."
        if batch > 1:
            half, times = batch // 2, 2 * recipe.schedule.accumulate
            hint = f"Try --schedule.batch {half} --schedule.accumulate {times}: a step then sees as many samples."
        raise HumansegError(f"There is not enough memory for a batch of {batch}.", hint) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python could not get memory, on whatever device."""
    words = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("not enough memory" in words or "can't allocate memory" in words)
    )

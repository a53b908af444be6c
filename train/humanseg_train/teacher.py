"""Learning from another network: its alpha stands in the place of the masks of people.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network". So a network that was made quicker learns to be what
the one before it was, where more training with masks would make another one of it.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from humanseg.engines import open_engine
from humanseg.errors import SettingsError
from humanseg.matting.network import Network
from humanseg.models import find_model
from humanseg_train.torch_engine import CHECKPOINT, checkpoint_matter


class Teacher:
    """A network in full precision: a model folder's in the best engine of this machine, a checkpoint's in torch."""

    def __init__(self, model: str) -> None:
        """Open it.

        Args:
            model: a model folder, the name of a packaged model, or a checkpoint.

        Raises:
            HumansegError: there is no such model, no engine runs it, or it asks for the alpha of the frame before.
        """
        matter = checkpoint_matter(Path(model)) if model.endswith(CHECKPOINT) else None
        spec = matter.model if matter else find_model(model).full_precision
        if spec.previous:
            raise SettingsError(f"{model} asks for the alpha of the frame before.", "Choose a teacher that does not.")
        engine = matter.engine if matter else open_engine("auto", spec, threads=torch.get_num_threads())
        self._network = Network(spec, engine)

    def alpha(self, frames: Tensor) -> Tensor:
        """Nx3xHxW uint8 RGB -> Nx1xHxW float32, 0..1, on the same device."""
        pictures = np.ascontiguousarray(frames.permute(0, 2, 3, 1).cpu().numpy())
        alphas = [self._network.alpha(picture) for picture in pictures]
        return torch.from_numpy(np.stack(alphas)[:, None]).to(frames.device)

    def __deepcopy__(self, _: Any) -> Self:
        """Itself: a copy of who learns, such as the average of its weights, has the same teacher."""
        return self

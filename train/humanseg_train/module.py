"""The training step: what Lightning runs."""

from typing import TYPE_CHECKING, Any

import torch
from lightning import LightningModule
from torch import Tensor
from torch.nn import functional

from humanseg_train.checkpoints import plain
from humanseg_train.losses import WeightedSum
from humanseg_train.networks.build import build_network
from humanseg_train.networks.freezing import drop_nothing, freeze, hold_norms
from humanseg_train.recipe import Recipe
from humanseg_train.schedules import make_optimiser, rate_curve

if TYPE_CHECKING:
    from humanseg_train.teacher import Teacher

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, on RGB / 255: what the encoders were trained with, and what `model.toml` tells every engine."""


class MattingModule(LightningModule):
    """A network with its loss, optimiser and validation."""

    def __init__(self, recipe: Recipe, *, pretrained: bool = True) -> None:
        super().__init__()
        self.recipe = recipe
        self._channels = 4 if recipe.network.previous else 3
        self.network = build_network(recipe.network, pretrained=pretrained).to(memory_format=torch.channels_last)
        freeze(self.network, recipe.network.frozen)
        if recipe.schedule.compile:
            self.network.compile()
        self.loss = self.make_loss()
        self.teacher: Teacher | None = None
        """Whose alpha is learnt in place of the masks of people."""
        # The alpha of the frame before is a fourth channel, 0..1.
        mean, std = (*MEAN, 0.0)[: self._channels], (*STD, 1.0)[: self._channels]
        self.register_buffer("mean", 255 * torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def make_loss(self) -> torch.nn.Module:
        """The losses of the recipe."""
        return WeightedSum(self.recipe.loss)

    def forward(self, frame: Tensor) -> Tensor:
        """Nx3xHxW uint8 RGB, or Nx4xHxW with the alpha of the frame before -> Nx1xHxW float32 logits."""
        logits: Tensor = self.network(self.normalise(frame))
        return logits.float()

    def normalise(self, frame: Tensor) -> Tensor:
        """What `forward` takes -> what the network takes."""
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        return ((frame.float() - mean) / std).contiguous(memory_format=torch.channels_last)

    def on_train_epoch_start(self) -> None:
        """What is frozen stays so, whatever mode measuring and validating left behind."""
        hold_norms(self.network, self.recipe.network.frozen)
        if self.teacher is not None:
            drop_nothing(self.network)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Dropout draws the same numbers in a step whether the run was interrupted before it or not."""
        times = self.recipe.schedule.accumulate
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.global_step * times + batch_idx % times)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Scalar loss of (frame uint8, alpha uint8)."""
        frame, mask = batch
        loss, parts = self.loss(self(frame), self.target(frame, mask))
        self.log("train/loss", loss, on_step=False, on_epoch=True, prog_bar=True, sync_dist=True)
        named = {f"train/{name}": part for name, part in parts.items()}
        self.log_dict(named, on_step=False, on_epoch=True, sync_dist=True)
        return torch.as_tensor(loss)

    def target(self, frame: Tensor, mask: Tensor) -> Tensor:
        """Nx3xHxW and Nx1xHxW uint8 -> Nx1xHxW float32, 0..1: what is to be learnt.

        Of a picture without anybody, and far from a person, no teacher knows more than the mask.
        """
        alpha = mask.float() / 255
        somebody = mask.amax(dim=(1, 2, 3)) > 0
        if self.teacher is not None and somebody.any():
            said = self.teacher.alpha(frame[somebody])
            reach = round(self.recipe.data.teacher_reach * min(frame.shape[2:]))
            if reach:
                said = said.minimum(functional.max_pool2d(alpha[somebody], 2 * reach + 1, stride=1, padding=reach))
            alpha[somebody] = said
        return alpha

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """IoU at 0.5 of each picture, averaged over pictures, at training size."""
        frame, alpha = batch
        logits = self(frame)
        loss, _parts = self.loss(logits, alpha.float() / 255)
        person, truth = logits > 0, alpha > 127
        overlap = (person & truth).sum(dim=(1, 2, 3))
        union = (person | truth).sum(dim=(1, 2, 3))
        iou = torch.where(union > 0, overlap / union.clamp(min=1), 1.0).mean()
        self.log_dict({"val/loss": loss, "val/iou": iou}, on_epoch=True, prog_bar=True, batch_size=len(frame))

    def configure_optimizers(self) -> Any:
        """The optimiser; its rate follows a curve over all steps, unless a callback lowers it on a plateau."""
        optimiser = make_optimiser(
            filter(lambda weight: weight.requires_grad, self.network.parameters()), self.recipe.optimiser
        )
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        curve = rate_curve(self.recipe.optimiser, steps)
        if curve is None:
            return optimiser
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, curve)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The recipe travels with the weights: an export needs no other file."""
        checkpoint["recipe"] = plain(self.recipe)

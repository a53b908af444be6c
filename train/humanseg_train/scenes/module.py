"""The training step of a network of several classes."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import MulticlassConfusionMatrix

from humanseg.errors import SettingsError
from humanseg_train.module import MattingModule
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.cityscapes import IGNORE, class_names


class CrossEntropy(torch.nn.Module):
    """Weighted cross-entropy, mean over the pixels of which something is said; 0 if there is none."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self._weight = weight

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """NxCxHxW logits, NxHxW labels -> scalar."""
        total = functional.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="sum")
        return self._weight * total / (labels != IGNORE).sum().clamp(min=1)


class SceneModule(MattingModule):
    """A network that says which class each pixel is of; what is labelled 255 plays no part."""

    def __init__(self, recipe: Recipe, *, pretrained: bool = True) -> None:
        super().__init__(recipe, pretrained=pretrained)
        self._names = class_names(recipe.network.classes)
        self.confusion = MulticlassConfusionMatrix(len(self._names), ignore_index=IGNORE)

    def make_loss(self) -> torch.nn.Module:
        """Cross-entropy, the only loss of classes: anything else in the recipe is refused."""
        if set(self.recipe.loss) != {"cross_entropy"}:
            raise SettingsError(
                f"A network of several classes cannot be trained by {', '.join(self.recipe.loss)}.",
                "Write [loss] cross_entropy = 1.0, and nothing else.",
            )
        return CrossEntropy(self.recipe.loss["cross_entropy"])

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Scalar loss of (frame uint8, labels int64)."""
        frame, labels = batch
        loss: Tensor = self.loss(self(frame), labels)
        self.log("train/loss", loss, on_step=False, on_epoch=True, prog_bar=True, sync_dist=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Count what was taken for what, at training size."""
        frame, labels = batch
        logits = self(frame)
        loss = self.loss(logits, labels)
        self.confusion.update(logits.argmax(dim=1), labels)
        self.log("val/loss", loss, on_epoch=True, batch_size=len(frame))

    def on_validation_epoch_end(self) -> None:
        """Pixel accuracy, IoU of each class that is there, and their mean: `val/iou`."""
        figures = scene_figures(self.confusion.compute(), self._names)
        self.confusion.reset()
        self.log_dict({"val/iou": figures["mean_iou"], "val/accuracy": figures["pixel_accuracy"]}, prog_bar=True)
        self.log_dict({f"val/iou/{name}": iou for name, iou in figures["iou"].items()})


def scene_figures(confusion: Tensor, names: list[str]) -> dict[str, Any]:
    """Figures of a CxC confusion matrix (rows are the truth).

    Returns:
        `pixel_accuracy`, `mean_iou`, and `iou` of each class by name; a class that is neither in the truth nor in the
        prediction is left out, and out of the mean.
    """
    hits = confusion.diagonal().double()
    union = confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()
    there = union > 0
    iou = hits / union.clamp(min=1)
    return {
        "pixel_accuracy": float(hits.sum() / confusion.sum().clamp(min=1)),
        "mean_iou": float(iou[there].mean()) if there.any() else 0.0,
        "iou": {name: float(value) for name, value, present in zip(names, iou, there, strict=True) if present},
    }

"""A network from its settings."""

import difflib
import warnings
from pathlib import Path
from typing import Any

import torch

from humanseg.errors import HumansegError, SettingsError
from humanseg_train.checkpoints import load_recipe
from humanseg_train.networks.detail import DetailedNetwork
from humanseg_train.networks.download import without_retries
from humanseg_train.networks.from_model import load_model
from humanseg_train.networks.hard_swish import harden, soften
from humanseg_train.networks.repairs import repair
from humanseg_train.networks.rounding import round_convolutions
from humanseg_train.networks.subpixel import SubpixelNetwork
from humanseg_train.networks.warm_start import load_encoder, load_start, widen_input
from humanseg_train.recipe import Network

CLASSES = {
    "unet": "Unet",
    "unetplusplus": "UnetPlusPlus",
    "fpn": "FPN",
    "deeplabv3plus": "DeepLabV3Plus",
    "linknet": "Linknet",
    "pspnet": "PSPNet",
    "segformer": "Segformer",
}
"""Architectures by name, and their classes in segmentation-models-pytorch."""


def build_network(settings: Network, *, pretrained: bool = True) -> torch.nn.Module:
    """Nx3xHxW normalised frames -> NxCxHxW logits of `settings.classes` classes; H and W multiples of 32.

    With `settings.previous` the input is Nx4xHxW: its last channel is the alpha of the frame before, 0..1.

    Args:
        settings: which network.
        pretrained: False leaves every weight random, for weights that a checkpoint brings.

    Raises:
        SettingsError: the architecture, the encoder or its weights are unknown, or do not go together.
        HumansegError: weights have to be downloaded and cannot be, or a file of weights does not fit.
    """
    if settings.architecture not in CLASSES:
        raise _unknown("architecture", settings.architecture, list(CLASSES))
    _check_encoder(settings.encoder)
    source = settings.encoder_weights if pretrained and not settings.start else "none"
    if source == "imagenet":
        with without_retries():
            network = _construct(settings, imagenet=True)
    else:
        network = _construct(settings, imagenet=False)
    if source not in ("imagenet", "none"):
        load_encoder(network.get_submodule("encoder"), Path(source))
    repair(network)
    frames = 4 if settings.previous else 3
    if settings.previous:
        widen_input(network.get_submodule("encoder"))
    if settings.detail:
        network = DetailedNetwork(network, settings.detail, frames=frames)
    if settings.subpixel:
        network = SubpixelNetwork(network, settings.subpixel, frames=frames, classes=settings.classes)
    if settings.hard_swish:
        harden(network)
    if settings.int8:
        round_convolutions(network, frames)
    if settings.start and pretrained:
        if starts_from_checkpoint(settings):
            load_start(network, Path(settings.start))
            hard = load_recipe(Path(settings.start)).network.hard_swish
        else:
            hard = load_model(network, settings.start, frames)
        if hard and not settings.hard_swish:
            raise HumansegError(f"{settings.start} was trained with hard swish.", "Set network.hard_swish = true.")
        if settings.hard_swish and not hard:
            soften(network)
    return network


def starts_from_checkpoint(settings: Network) -> bool:
    """Whether `settings.start` is a checkpoint rather than an exported model."""
    return Path(settings.start).suffix == ".ckpt"


def _construct(settings: Network, *, imagenet: bool) -> torch.nn.Module:
    import segmentation_models_pytorch as smp

    more: dict[str, Any] = {"classes": settings.classes}
    if settings.decoder_channels:
        stages = [*settings.decoder_channels, *([settings.subpixel] if settings.subpixel else [])]
        more |= {"encoder_depth": len(stages), "decoder_channels": stages}
    weights: str | bool = True if settings.encoder.startswith("tu-") else "imagenet"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            network: torch.nn.Module = getattr(smp, CLASSES[settings.architecture])(
                settings.encoder, encoder_weights=weights if imagenet else None, **more
            )
        except (OSError, RuntimeError) as error:
            if not imagenet:
                raise
            raise HumansegError(
                f"The ImageNet weights of {settings.encoder} could not be downloaded: {error}",
                "Give a local file (network.encoder_weights = 'FILE.safetensors') or start from nothing ('none').",
            ) from error
        except (ValueError, KeyError, NotImplementedError) as error:
            raise SettingsError(
                f"{settings.architecture} cannot be built on the encoder {settings.encoder}: {error}",
                "Choose another encoder, such as resnet34 or efficientnet-b0, or encoder_weights = 'none'.",
            ) from error
    return network


def _check_encoder(name: str) -> None:
    import segmentation_models_pytorch as smp

    names = list(smp.encoders.get_encoder_names())
    if name.startswith("tu-"):
        import timm

        names += [f"tu-{model}" for model in timm.list_models()]
        if name.split(".")[0] in names:  # timm names a set of weights after a dot
            return
    if name not in names:
        raise _unknown("encoder", name, names)


def _unknown(kind: str, name: str, names: list[str]) -> SettingsError:
    near = difflib.get_close_matches(name, names, n=3)
    return SettingsError(f"There is no {kind} {name}.", f"Near it: {', '.join(near) or 'none'}.")

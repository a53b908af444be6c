"""A network from its settings."""

import warnings
from pathlib import Path

import torch

from humanseg.errors import HumansegError, SettingsError
from humanseg_train.networks.warm_start import load_encoder
from humanseg_train.recipe import Network


def build_network(settings: Network, *, pretrained: bool = True) -> torch.nn.Module:
    """Nx3xHxW normalised frames -> Nx1xHxW logits; H and W multiples of 32.

    Args:
        settings: which network.
        pretrained: False leaves every weight random, for weights that a checkpoint brings.

    Raises:
        SettingsError: the encoder or its weights are unknown.
        HumansegError: weights have to be downloaded and cannot be.
    """
    import segmentation_models_pytorch as smp

    names = smp.encoders.get_encoder_names()
    if settings.encoder not in names:
        import difflib

        near = difflib.get_close_matches(settings.encoder, names, n=3)
        raise SettingsError(f"There is no encoder {settings.encoder}.", f"Near it: {', '.join(near) or 'none'}.")
    source = settings.encoder_weights if pretrained else "none"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            network: torch.nn.Module = smp.Unet(
                settings.encoder,
                encoder_weights="imagenet" if source == "imagenet" else None,
                encoder_depth=len(settings.decoder_channels),
                decoder_channels=settings.decoder_channels,
            )
        except (OSError, RuntimeError) as error:
            raise HumansegError(
                f"The ImageNet weights of {settings.encoder} could not be downloaded: {error}",
                "Give a local file (network.encoder_weights = 'FILE.safetensors') or start from nothing ('none').",
            ) from error
    if source not in ("imagenet", "none"):
        load_encoder(network.get_submodule("encoder"), Path(source))
    return network

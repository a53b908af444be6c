"""Starting an encoder from a local file, also from a near relative's.

EfficientNet-Lite0 is EfficientNet-B0 without squeeze-and-excitation and with ReLU6, at the same widths: all of its
tensors fit. The gates it lacks start open (about 1 for every channel), so that they change nothing until they have
learnt something.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from humanseg.errors import HumansegError


def load_encoder(encoder: torch.nn.Module, path: Path) -> None:
    """Load a .safetensors file of encoder weights, in place.

    Raises:
        HumansegError: the file is missing, unreadable or belongs to another encoder.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise HumansegError(
            f"The encoder weights {path} cannot be read: {error}",
            "Give a .safetensors file, or 'imagenet' (downloaded), or 'none'.",
        ) from error
    own = encoder.state_dict()
    wrong = [name for name, tensor in tensors.items() if name not in own or own[name].shape != tensor.shape]
    missing = [name for name in own if name not in tensors and ".se." not in name]
    if wrong or missing:
        raise HumansegError(
            f"{path} holds weights of another encoder: {len(wrong)} tensors do not fit and {len(missing)} are missing, "
            f"such as {(wrong + missing)[0]}.",
            "Choose the encoder that the file was made for.",
        )
    encoder.load_state_dict({**own, **{name: tensor.to(own[name].dtype) for name, tensor in tensors.items()}})
    if not any(".se." in name for name in tensors):
        _open_gates(encoder)


def _open_gates(encoder: torch.nn.Module) -> None:
    """Squeeze-and-excitation gates that let everything pass: sigmoid(6) is 0.998."""
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            if ".se.conv_expand.bias" in name:
                parameter.fill_(6.0)
            elif ".se." in name and name.endswith("weight"):
                parameter.mul_(0.1)

"""Starting from weights of a local file, also from a near relative's.

EfficientNet-Lite0 is EfficientNet-B0 without squeeze-and-excitation and with ReLU6, at the same widths: all of its
tensors fit. The gates it lacks start open (about 1 for every channel), so that they change nothing until they have
learnt something.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from humanseg.errors import HumansegError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.networks.rounding import BOUNDS


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


def widen_input(encoder: torch.nn.Module) -> None:
    """Let the first convolution take one more channel, in place, with weights of zero: the output stays the same."""
    for parent in encoder.modules():
        for layer in parent.children():
            if isinstance(layer, torch.nn.Conv2d):
                with torch.no_grad():
                    layer.weight = torch.nn.Parameter(torch.cat([layer.weight, layer.weight[:, :1] * 0], dim=1))
                layer.in_channels += 1
                return


def load_start(network: torch.nn.Module, checkpoint: Path) -> None:
    """Load the weights of an earlier run of the same network, in place.

    A run without `previous`, `detail`, `subpixel` or `int8` may start one with them: what it lacks stays as built. One
    with `previous` may start one without.

    Raises:
        HumansegError: the file is no checkpoint, or of another network.
    """
    prefix = "network."
    tensors = {
        name.removeprefix(prefix): tensor
        for name, tensor in read_checkpoint(checkpoint)["state_dict"].items()
        if name.startswith(prefix)
    }
    own = network.state_dict()
    if any(name.startswith("subpixel.") for name in own):
        tensors = {name: tensor for name, tensor in tensors.items() if not _in_last_stage(name, own)}
    for name, tensor in tensors.items():
        if name in own and tensor.ndim == 4 and own[name].shape[1] == tensor.shape[1] + 1:
            tensors[name] = torch.cat([tensor, torch.zeros_like(tensor[:, :1])], dim=1)
        if name in own and tensor.ndim == 4 and own[name].shape[1] == tensor.shape[1] - 1:
            tensors[name] = tensor[:, :-1]  # the last input channel is the alpha of the frame before
    wrong = [name for name, tensor in tensors.items() if name not in own or own[name].shape != tensor.shape]
    built = {name for name in own if name.startswith(("detail.", "subpixel.")) or name.endswith(BOUNDS)}
    missing = [name for name in own if name not in tensors and name not in built]
    if wrong or missing:
        raise HumansegError(
            f"{checkpoint} is of another network: {len(wrong)} tensors do not fit and {len(missing)} are missing, "
            f"such as {(wrong + missing)[0]}.",
            "Choose the architecture and encoder of that checkpoint's recipe.",
        )
    network.load_state_dict({**own, **tensors})


def _in_last_stage(name: str, own: dict[str, Tensor]) -> bool:
    """Whether a tensor belongs to what `subpixel` stands in place of: the last block of the decoder, and the head."""
    blocks = {int(other.split(".")[2]) for other in own if other.startswith("decoder.blocks.")}
    return name.startswith((f"decoder.blocks.{max(blocks) + 1}.", "segmentation_head.", "detail."))


def _open_gates(encoder: torch.nn.Module) -> None:
    """Squeeze-and-excitation gates that let everything pass: sigmoid(6) is 0.998."""
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            if ".se.conv_expand.bias" in name:
                parameter.fill_(6.0)
            elif ".se." in name and name.endswith("weight"):
                parameter.mul_(0.1)

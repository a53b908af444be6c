"""A recipe: everything that decides what a training run does, as one file.

    name = "unet-efficientnet-b0"

    [data]
    root = "people"

Recipes are TOML (`recipes/*.toml`); each value can be overridden on the command line (`--optimiser.lr 0.001`). The
effective recipe is saved beside the checkpoints, and a run resumes only under the recipe it began with.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Data:
    """Which photographs, and how often each is drawn."""

    root: Path = Path("data")
    """Folder of the data set: `people.csv` with `images/` and `masks/`, or `Training_Images/` with `Ground_Truth/`."""

    rooms: Path | None = None
    """Folder of pictures without people: negatives, and backgrounds to composite people onto. None: not used."""

    webcam_weight: float = 1.0
    """How much more often a sample marked webcam_like is drawn than another."""

    room_share: float = 0.0
    """Share of samples whose person is put before a room, 0..1."""

    empty_share: float = 0.0
    """Share of samples that are a room without anybody, 0..1: they teach the network that nobody is an answer."""

    def __post_init__(self) -> None:
        """Refuse what cannot work together."""
        if self.webcam_weight <= 0:
            raise ValueError(f"webcam_weight is {self.webcam_weight}; it must be above 0.")
        if not 0 <= self.room_share + self.empty_share <= 1:
            raise ValueError("room_share and empty_share together must be within 0 and 1.")


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What happens to a photograph before the network sees it."""

    sizes: tuple[tuple[int, int], ...] = ((224, 224),)
    """(width, height) of the training pictures; each batch takes one of them at random. Multiples of 32."""

    min_crop: float = 0.4
    """Smallest share of the photograph's area that a crop keeps, 0..1."""

    flip: bool = True
    """Mirror half of the samples."""

    photometric: float = 1.0
    """Strength of exposure, colour, noise, blur and JPEG changes; 0 is off, 1 is what webcams do."""

    def __post_init__(self) -> None:
        """Sizes must fit the network's five halvings."""
        for width, height in self.sizes:
            if width % 32 or height % 32 or min(width, height) < 32:
                raise ValueError(f"the size {width}x{height} is not a multiple of 32 pixels on both sides.")


@dataclass(frozen=True, kw_only=True)
class Network:
    """Which network is trained."""

    architecture: Literal["unet"] = "unet"
    """Decoder, by its name in segmentation-models-pytorch."""

    encoder: str = "timm-efficientnet-b0"
    """Encoder, by its name in segmentation-models-pytorch."""

    encoder_weights: str = "imagenet"
    """Where the encoder starts: `imagenet` (downloaded), `none`, or the path of a .safetensors file of the encoder."""

    decoder_channels: tuple[int, ...] = (128, 64, 32, 24, 16)
    """Width of the five decoder stages, coarse to fine."""


@dataclass(frozen=True, kw_only=True)
class Optimiser:
    """How weights are changed."""

    name: Literal["adam", "adamw"] = "adamw"
    """Algorithm."""

    lr: float = 1e-3
    """Peak learning rate."""

    weight_decay: float = 1e-2
    """Decoupled for adamw, L2 for adam."""

    warmup: float = 0.05
    """Share of all steps over which the rate rises from 0 to `lr`; it then falls to 0 along a cosine."""

    clip: float = 1.0
    """Largest norm of a step's gradient; 0 is no limit."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long, how fast and on what."""

    epochs: int = 10
    """An epoch ends with validation and a checkpoint from which the run can be resumed exactly."""

    samples_per_epoch: int = 0
    """Samples drawn in an epoch; 0 is as many as there are in the train split."""

    batch: int = 16
    """Samples in a step."""

    ema: float = 0.0
    """Decay of the moving average of weights that is validated and exported; 0 is no average."""

    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Arithmetic of the forward and backward pass."""

    workers: int = 2
    """Processes that load and augment; 0 loads in the training process."""

    threads: int = 0
    """CPU threads of the training process; 0 leaves it to torch."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run."""

    name: str = "unet-efficientnet-b0"
    """Name of the model that comes out."""

    seed: int = 0
    """Decides the draw of samples, every augmentation, and weights that start at random."""

    data: Data = field(default_factory=Data)
    """Which photographs."""

    augment: Augment = field(default_factory=Augment)
    """What happens to them."""

    network: Network = field(default_factory=Network)
    """Which network."""

    loss: dict[str, float] = field(default_factory=lambda: {"bce": 1.0, "dice": 1.0})
    """Weight of each loss in the sum, by name: bce, dice, boundary."""

    optimiser: Optimiser = field(default_factory=Optimiser)
    """How weights are changed."""

    schedule: Schedule = field(default_factory=Schedule)
    """How long and how fast."""

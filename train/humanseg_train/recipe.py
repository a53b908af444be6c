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

Frozen = Literal["nothing", "norms", "encoder", "trunk"]
"""What of a network stays as it starts."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """Which photographs, and how often each is drawn."""

    root: Path = Path("data")
    """Folder of the data set, in any layout that `humanseg_train.data.samples` lists."""

    rooms: Path | None = None
    """Folder of pictures without people: negatives, and backgrounds to composite people onto. None: not used."""

    teacher: str = ""
    """Whose alpha is learnt in place of the masks of people: a model folder, the name of a packaged model, a
    checkpoint, or `start` for what `network.start` names. Empty: the masks."""

    teacher_reach: float = 0.0
    """How far from a person's mask the teacher is believed, in parts of the picture's shorter side; beyond it nobody
    is. 0: everywhere."""

    webcam_weight: float = 1.0
    """How much more often a sample marked webcam_like is drawn than another."""

    room_share: float = 0.0
    """Share of samples whose person is put before a room, 0..1."""

    empty_share: float = 0.0
    """Share of samples that are a room without anybody, 0..1: they teach the network that nobody is an answer."""

    hard_rooms: float = 1.0
    """How much more often a room is drawn in which the network of `network.start` sees somebody, than another."""

    def __post_init__(self) -> None:
        """Refuse what cannot work together."""
        if self.webcam_weight <= 0:
            raise ValueError(f"webcam_weight is {self.webcam_weight}; it must be above 0.")
        if not 0 <= self.teacher_reach <= 1:
            raise ValueError(f"teacher_reach is {self.teacher_reach}; it must be within 0 and 1.")
        if self.hard_rooms < 1:
            raise ValueError(f"hard_rooms is {self.hard_rooms}; it must be at least 1, which tells no rooms apart.")
        if not 0 <= self.room_share + self.empty_share <= 1:
            raise ValueError("room_share and empty_share together must be within 0 and 1.")


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What happens to a photograph before the network sees it."""

    sizes: tuple[tuple[int, int], ...] = ((224, 224),)
    """(width, height) of the training pictures; each batch takes one of them at random. Multiples of 32."""

    min_crop: float = 0.4
    """Smallest share of the photograph's area that a crop keeps, 0..1; at 1 the whole photograph is resized instead."""

    rotation: float = 8.0
    """Largest rotation in degrees, either way, of the samples that are turned; 0 is none."""

    shear: float = 3.0
    """Largest shear in degrees, either way, of the samples that are turned; 0 is none."""

    flip: bool = True
    """Mirror half of the samples."""

    clutter: float = 0.0
    """Share of rooms on whose walls framed pictures, discs and edges are drawn, 0..1."""

    photometric: float = 1.0
    """Strength of exposure, colour, noise, blur and JPEG changes; 0 is off, 1 is what webcams do."""

    def __post_init__(self) -> None:
        """Sizes must fit the network's five halvings; shares and angles have their ranges."""
        if not 0 < self.min_crop <= 1:
            raise ValueError(f"min_crop is {self.min_crop}; it must be above 0 and at most 1.")
        if not (0 <= self.rotation <= 180 and 0 <= self.shear < 90):
            raise ValueError("rotation must be within 0 and 180 degrees, shear within 0 and 90.")
        if not 0 <= self.clutter <= 1:
            raise ValueError(f"clutter is {self.clutter}; it must be within 0 and 1.")
        for width, height in self.sizes:
            if width % 32 or height % 32 or min(width, height) < 32:
                raise ValueError(f"the size {width}x{height} is not a multiple of 32 pixels on both sides.")


@dataclass(frozen=True, kw_only=True)
class Network:
    """Which network is trained."""

    architecture: Literal["unet", "unetplusplus", "fpn", "deeplabv3plus", "linknet", "pspnet", "segformer"] = "unet"
    """Decoder, by its name in segmentation-models-pytorch."""

    encoder: str = "timm-efficientnet-b0"
    """Encoder, by its name in segmentation-models-pytorch."""

    encoder_weights: str = "imagenet"
    """Where the encoder starts: `imagenet` (downloaded), `none`, or the path of a .safetensors file of the encoder."""

    decoder_channels: tuple[int, ...] = ()
    """Width of the decoder's stages, coarse to fine, for unet and unetplusplus; empty is the architecture's own."""

    previous: bool = False
    """Whether the network also sees the alpha of the frame before, trained from alphas that are moved and damaged."""

    detail: int = 0
    """Width of a skip from the frame itself to the head at full resolution, for unet and unetplusplus; 0 is none."""

    subpixel: int = 0
    """Width of a last stage that gives four pixels at once, in place of the decoder's own last one, for unet; 0 is
    none. `decoder_channels` then tells the stages before it."""

    int8: bool = False
    """Whether it is trained as 8-bit integers will compute it; its export then holds it in both precisions."""

    hard_swish: bool = False
    """Whether pictures pass hard swish in the place of SiLU, which spares CPUs a fifth of the time. Weights of `start`
    that were trained with SiLU are matched to it first (`networks.hard_swish`)."""

    classes: int = 1
    """1 learns the alpha of people; more learns that many classes of a data set with labels (Cityscapes: 19)."""

    start: str = ""
    """What the whole network starts from (fine-tuning): a checkpoint of `fit` (.ckpt), a model folder, or the name of a
    packaged model, such as `unet-efficientnet-b0`; empty: from the encoder's."""

    frozen: Frozen = "nothing"
    """What stays as it starts, for little data or time: what normalisation remembers, or with that the encoder; or all
    but the stage of `subpixel`."""

    share: float = 1.0
    """How far from `start` to the end of training the weights lie that are kept in the end, above 0 and at most 1: less
    gives back what was unlearnt on the way (`average`). Below 1 it needs `start` and something frozen."""

    def __post_init__(self) -> None:
        """Widths are for the decoders that are built of stages."""
        if self.classes < 1 or (self.classes > 1 and (self.previous or self.detail)):
            raise ValueError("classes is at least 1; with more than one there is neither previous nor detail.")
        if self.frozen != "nothing" and not self.start and self.encoder_weights == "none":
            raise ValueError("frozen needs network.start or encoder_weights: what is random must learn.")
        if not 0 < self.share <= 1 or (self.share < 1 and (self.frozen == "nothing" or not self.start)):
            raise ValueError(
                "share is above 0 and at most 1, and below 1 only with network.start and something frozen."
            )
        if self.detail < 0 or (self.detail and self.architecture not in ("unet", "unetplusplus")):
            raise ValueError("detail is a width of at least 0, and only for unet and unetplusplus.")
        if self.subpixel < 0 or (self.subpixel and (self.architecture != "unet" or self.detail)):
            raise ValueError("subpixel is a width of at least 0, and only for unet without detail.")
        if self.frozen == "trunk" and not (self.subpixel and self.start):
            raise ValueError("frozen trunk needs network.start and network.subpixel: only that stage learns.")
        if not self.decoder_channels:
            return
        if self.architecture not in ("unet", "unetplusplus"):
            raise ValueError(f"decoder_channels does not apply to {self.architecture}, only to unet and unetplusplus.")
        if not 3 <= len(self.decoder_channels) + bool(self.subpixel) <= 5 or min(self.decoder_channels) < 1:
            raise ValueError("decoder_channels takes three to five widths above 0; with subpixel it is one of them.")


@dataclass(frozen=True, kw_only=True)
class Optimiser:
    """How weights are changed."""

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    """Algorithm."""

    lr: float = 1e-3
    """Peak learning rate."""

    weight_decay: float = 1e-2
    """Decoupled for adamw, L2 for adam and sgd."""

    momentum: float = 0.9
    """Nesterov momentum of sgd, 0..1; the others have none to set."""

    schedule: Literal["cosine", "poly", "one-cycle", "plateau", "constant"] = "cosine"
    """How the rate falls: by a cosine or (1 - t)^0.9 to 0; up, then down; tenfold when val/iou stalls; never."""

    warmup: float = 0.05
    """Share of all steps over which the rate of cosine and poly first rises from 0 to `lr`."""

    plateau_patience: int = 3
    """Epochs without a better val/iou that plateau bears before it lowers the rate."""

    clip: float = 1.0
    """Largest norm of a step's gradient; 0 is no limit."""

    def __post_init__(self) -> None:
        """Rates and shares have their ranges."""
        if self.lr <= 0:
            raise ValueError(f"lr is {self.lr}; it must be above 0.")
        if not (0 <= self.warmup < 1 and 0 <= self.momentum < 1):
            raise ValueError("warmup and momentum must be at least 0 and below 1.")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long, how fast and on what."""

    epochs: int = 10
    """An epoch ends with validation and a checkpoint from which the run can be resumed exactly."""

    samples_per_epoch: int = 0
    """Samples drawn in an epoch; 0 is as many as there are in the train split."""

    batch: int = 16
    """Samples that pass through the network together, in all processes."""

    accumulate: int = 1
    """Batches whose gradients are added up before a step: a step then sees `batch` times as many samples."""

    patience: int = 0
    """Epochs in a row without a better val/iou after which the run stops; 0 never stops early."""

    minutes: float = 0.0
    """Time budget of one call: the run stops after the epoch in which it ran out and can be resumed; 0 is none."""

    ema: float = 0.0
    """Decay of the moving average of weights that is validated and exported; 0 is no average."""

    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Arithmetic of the forward and backward pass."""

    deterministic: bool = False
    """Use only arithmetic that gives the same numbers each time, where torch has it; it warns of what has not. On CPUs
    runs repeat without."""

    compile: bool = False
    """Fuse the network's layers by torch.compile: minutes at the start for each size, then a fifth to a third less time
    a step. It needs a C++ compiler."""

    workers: int = 2
    """Processes that load and augment; 0 loads in the training process."""

    threads: int = 0
    """CPU threads of the training process; 0 leaves it to torch."""

    devices: int = 1
    """Processes that train together on this machine, one a GPU if there are GPUs; torchrun's environment goes first."""

    nodes: int = 1
    """Machines that train together; the launcher's environment tells them of each other."""

    strategy: Literal["auto", "ddp", "fsdp"] = "auto"
    """How several processes share the work: each a whole network (ddp, auto), or a part of it (fsdp, GPUs only)."""

    def __post_init__(self) -> None:
        """Counts have their ranges."""
        if self.accumulate < 1 or self.patience < 0 or self.minutes < 0:
            raise ValueError("accumulate must be at least 1, patience and minutes at least 0.")
        if min(self.batch, self.epochs, self.devices, self.nodes) < 1:
            raise ValueError("batch, epochs, devices and nodes must be at least 1.")


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
    """Weight of each loss in the sum, by name: bce, dice, jaccard, focal, tversky, lovasz, boundary; or cross_entropy
    alone, for several classes."""

    optimiser: Optimiser = field(default_factory=Optimiser)
    """How weights are changed."""

    schedule: Schedule = field(default_factory=Schedule)
    """How long and how fast."""

    def __post_init__(self) -> None:
        """What one section asks of another."""
        if self.data.hard_rooms > 1 and (not self.network.start or self.network.previous or self.network.classes > 1):
            raise ValueError("hard_rooms needs network.start, three channels and one class.")
        if self.data.teacher and (self.network.previous or self.network.classes > 1):
            raise ValueError("teacher needs three channels and one class.")
        if self.data.teacher == "start" and not self.network.start:
            raise ValueError("The teacher start needs network.start.")
        if self.data.hard_rooms > 1 and not self.data.room_share + self.data.empty_share:
            raise ValueError("hard_rooms needs a room_share or an empty_share above 0.")

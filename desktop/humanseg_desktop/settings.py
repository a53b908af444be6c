"""The app's settings: what the file keeps, the presets hold and the controls show."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from humanseg_desktop.schema import Scale, Switch, check_scales

BackgroundKind = Literal["none", "blur", "colour", "picture"]
Fit = Literal["fill", "fit", "stretch"]
Theme = Literal["system", "light", "dark"]
View = Literal["result", "split", "matte"]


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the picture looks: what a preset holds."""

    background: BackgroundKind = "blur"
    """What stands behind you."""

    blur: Annotated[float, Scale(label="Blur", low=0, high=1, off=0)] = 0.5
    """How far the room is blurred. The person is left out of the blur, so nothing glows around you."""

    colour: str = "#2e7d6b"
    """The colour behind you, as #rrggbb."""

    picture: str = ""
    """The picture or looping video behind you: a name from the gallery, or the path of a file of your own."""

    fit: Fit = "fill"
    """How a picture of another shape is laid behind you: cropped to fill, whole with bars, or stretched."""

    light_wrap: Annotated[float, Scale(label="Light wrap", low=0, high=1, off=0)] = 0.0
    """Lets a little of the background's light fall around your outline, so that you sit in it rather than before it."""

    smoothing: Annotated[float, Scale(label="Smoothing", low=0, high=1, off=0)] = 0.8
    """Steadies the outline where nothing moves. It lets go where you move, so nothing trails behind."""

    look_ahead: Annotated[int, Scale(label="Look ahead", low=0, high=3, off=0, unit="frame")] = 0
    """Holds the picture back for this many frames, and leaves out what flickers in the outline meanwhile where nothing
    moves. Each frame is that much more delay: 33 ms at 30 frames a second."""

    threshold: Annotated[float, Scale(label="Threshold", low=0, high=0.95, off=0)] = 0.0
    """Hardens the outline: what is half transparent is decided one way or the other."""

    feather: Annotated[float, Scale(label="Feather", low=0, high=0.05, off=0)] = 0.0
    """Softens the outline, over a part of the picture's height."""

    shift: Annotated[float, Scale(label="Edge shift", low=-0.02, high=0.02, off=0)] = 0.0
    """Moves the outline outwards (more of you) or inwards (less of the old room), by a part of the picture's height."""

    refine: Annotated[bool, Switch(label="Fine edges")] = True
    """Draws the outline along the edges of the camera's picture: hair and fingers come out finer."""

    decontaminate: Annotated[bool, Switch(label="Clean outline")] = True
    """Takes the old room's colour out of your outline."""

    skip_still: Annotated[bool, Switch(label="Rest when nothing moves")] = False
    """Keeps the last outline while the picture stands still. Saves work for the processor."""

    carry: Annotated[bool, Switch(label="Network on every other frame")] = False
    """Moves your outline along with the picture in between, where that is sure to fit. Saves work for the processor."""

    def __post_init__(self) -> None:
        check_scales(self)
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.colour):
            raise ValueError(f"colour is {self.colour!r}; it must be like #2e7d6b.")


@dataclass(frozen=True, kw_only=True)
class Input:
    """Where the picture comes from and what computes the matte."""

    source: str = ""
    """A camera ("camera:0"), the path of a video, a network address, or "demo"; empty is the first camera there is."""

    mode: str = "auto"
    """The size and rate asked of the camera, like 1280x720@30; "auto" leaves it to the camera. What it really gives
    stands beside it."""

    model: str = ""
    """The network: a packaged one by name, or the path of a model folder; empty is the packaged default."""

    engine: str = "auto"
    """What runs the network. "auto" takes the fastest one that is installed and works here."""

    preset: Literal["light", "live", "balanced", "quality"] = "live"
    """How much of a frame the network gets to see: more takes longer, and follows outlines more closely."""

    def __post_init__(self) -> None:
        if self.mode != "auto" and not re.fullmatch(r"\d+x\d+@\d+", self.mode):
            raise ValueError(f'mode is {self.mode!r}; it must be "auto" or like 1280x720@30.')


@dataclass(frozen=True, kw_only=True)
class Window:
    """How the window was left."""

    theme: Theme = "system"
    """Light, dark, or as the system says."""

    view: View = "result"
    """What the preview shows."""

    mirror: bool = True
    """Your own preview is turned round like a mirror; what others see never is."""

    width: int = 1180
    """Pixels, independent of the screen's scale."""

    height: int = 720
    """Pixels, independent of the screen's scale."""

    advanced: bool = False
    """Whether the finer controls are unfolded."""

    toured: bool = False
    """Whether the first-run tour was seen."""

    folder: str = ""
    """Where recordings and snapshots go; empty is the system's folder for videos."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the app remembers."""

    look: Look = field(default_factory=Look)
    """How the picture looks."""

    input: Input = field(default_factory=Input)
    """Where it comes from."""

    window: Window = field(default_factory=Window)
    """How the window was left."""

    presets: dict[str, Look] = field(default_factory=dict)
    """Looks that were saved under a name."""

    lower_work: Annotated[bool, Switch(label="Lower the work when too slow")] = True
    """Where this machine cannot keep up, less is done to each frame: it rests when nothing moves, then detail goes
    down, then fine edges go. The readout says so. It goes up again when there is room; your settings stay as they are.
    """

    pictures: tuple[str, ...] = ()
    """The user's own backgrounds, newest first."""

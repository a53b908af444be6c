"""From the compositor and the options of a matter to the graph that does the whole frame on a GPU."""

from typing import TYPE_CHECKING

from humanseg.compositing import blur, foreground
from humanseg.compositing.backgrounds import ColourBackground
from humanseg.compositing.blur import BlurBackground
from humanseg.compositing.compositor import Compositor
from humanseg.compositing.image import ImageBackground
from humanseg.engines.graphs.foreground import Foreground
from humanseg.engines.graphs.matte import Refine, Steady
from humanseg.engines.graphs.whole_frame import Blur, FrameShape
from humanseg.matting import motion, refine, smoothing
from humanseg.matting.options import MattingOptions
from humanseg.matting.preprocess import network_size

if TYPE_CHECKING:
    from humanseg.models import ModelSpec

Size = tuple[int, int]

REFINE = Refine(
    radius=refine.RADIUS,
    ridge=refine.RIDGE,
    reach=refine.REACH,
    sure=refine.SURE,
    certain=refine.CERTAIN,
    free=refine.FREE,
    gain=refine.GAIN,
)
"""The numbers that `refine` works with."""


def frame_shape(
    model: "ModelSpec", compositor: Compositor, size: Size, options: MattingOptions | None = None
) -> FrameShape | None:
    """The graph that does what this model, compositor and options do on the CPU.

    Args:
        model: The model.
        compositor: What stands behind the person, and how the two are joined.
        size: (width, height) of the frames.
        options: What is made of the network's alpha; None is the defaults.

    Returns:
        None for what the graph does not know: a background that is made anew for each frame (but for the blurred room),
        light that wraps, another compositor, and alpha with a threshold, a shift, a feather or a look ahead.
    """
    options = options or MattingOptions()
    background = compositor.background
    if type(compositor) is not Compositor or compositor.light_wrap or options.look_ahead:
        return None
    known = (BlurBackground, ColourBackground, ImageBackground)
    if type(background) not in known or options.threshold or options.shift or options.feather:
        return None
    return FrameShape(
        size=size,
        network=network_size(size, model.pixels, model.multiple),
        blur=_blur(background.strength, size) if isinstance(background, BlurBackground) else None,
        refine=REFINE if options.refine else None,
        foreground=_foreground(size) if compositor.decontaminate else None,
        # A network that is shown its last alpha is shown it only where nothing moved, smoothing or not.
        steady=_steady(options.smoothing) if options.smoothing or model.previous else None,
    )


def _foreground(size: Size) -> Foreground:
    """The numbers that `estimate_foreground` works with."""
    scale = min(1.0, foreground.REDUCED / min(size))
    width, height = (max(1, round(side * scale)) for side in size)
    return Foreground(
        size=(width, height),
        nearest=foreground.NEAREST,
        wider=foreground.WIDER,
        faint=foreground.FAINT,
        squarings=foreground.SQUARINGS,
        least=foreground.LEAST,
    )


def _steady(strength: float) -> Steady:
    """The numbers that `Smoother` and `is_cut` work with."""
    return Steady(
        keep=smoothing.STRONGEST * strength,
        doubt=smoothing.DOUBT,
        belief=smoothing.BELIEF,
        noise=motion.MOTION_NOISE,
        limits=motion.MOTION_RANGE,
        cut_change=motion.CUT_CHANGE,
        cut_likeness=motion.CUT_LIKENESS,
    )


def _blur(strength: float, size: Size) -> Blur:
    """The numbers that `BlurBackground.render` works with."""
    reduced = blur.reduced(strength, size)
    return Blur(size=reduced.size, sigma=reduced.sigma, margin=reduced.margin, faint=blur.FAINT)

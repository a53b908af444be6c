"""Presets: how much of a frame the network gets to see, by name."""

import difflib
from dataclasses import replace

from humanseg.errors import ModelError
from humanseg.models import ModelSpec

PRESETS = {"light": 0.72, "live": 1.0, "balanced": 1.25, "quality": 1.6}
"""Times the model's own number of pixels: 320x192, 384x224, 448x256 and 480x288 of a 16:9 frame for the packaged model.

"light" is for machines on which the network alone takes too long.
"""


def with_preset(model: ModelSpec, preset: str) -> ModelSpec:
    """The model, seeing as many pixels as the preset says. Time and working memory grow in proportion.

    Raises:
        ModelError: there is no such preset.
    """
    if preset not in PRESETS:
        near = difflib.get_close_matches(preset, PRESETS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(PRESETS)}."
        raise ModelError(f"There is no preset {preset!r}.", hint)
    return replace(model, pixels=round(model.pixels * PRESETS[preset]))

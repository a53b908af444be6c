"""Makes docs/demo.webp: a frame of the demo clip, its alpha, and two composites, by the packaged model.

python assets/render/readme.py docs/demo.webp
"""

import sys
from pathlib import Path

import cv2
import numpy as np

import humanseg
from humanseg.sources.demo import DemoSource

FRAME, SIZE = 40, (1120, 630)


def main() -> None:
    """Write the picture to the path that the command line names."""
    frame = DemoSource().frame(FRAME).rgb
    height, width = frame.shape[:2]
    dusk = np.linspace((250, 190, 140), (60, 60, 110), height).round().astype(np.uint8)[:, None].repeat(width, axis=1)
    with humanseg.open_matter() as matter:
        alpha = matter.alpha(frame)
    grey = cv2.cvtColor((alpha * 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    blurred, before_dusk = (humanseg.composite(frame, alpha, background) for background in ("blur", dusk))
    grid = np.vstack([np.hstack([frame, grey]), np.hstack([blurred, before_dusk])])
    picture = cv2.resize(cv2.cvtColor(grid, cv2.COLOR_RGB2BGR), SIZE, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 88])[1]
    Path(sys.argv[1]).write_bytes(encoded.tobytes())


if __name__ == "__main__":
    main()

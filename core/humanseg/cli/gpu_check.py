"""The proof on a real GPU: build, capture, two hundred frames, and the CPU's pixels beside the GPU's."""

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from time import perf_counter

import numpy as np

from humanseg.cli.figures import spread_of
from humanseg.cli.findings import Finding
from humanseg.compositing import Compositor, parse_background
from humanseg.engines import UnavailableError, open_engine
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.errors import EngineError
from humanseg.matting import Matter
from humanseg.models import find_model
from humanseg.pipeline.whole_frame import frame_shape
from humanseg.sources.demo import DemoSource

FRAMES = 200
SIZES = ((1280, 720), (1920, 1080))
MOST_APART, SHARE = 2, 0.001
"""A pixel may be this far (of 255) from the CPU's, and this share of them farther."""


def prove(
    progress: Callable[[str, float], None], opener: Callable[..., FrameEngine] = FrameEngine
) -> Iterator[Finding]:
    """Run whole frames on the GPU, at 720p and 1080p with the room blurred.

    Args:
        progress: Called with what is being done and how much of it is, 0 to 1.
        opener: Makes the engine from model and shape.

    Yields:
        One finding for each size, or the reason why there is none.
    """
    model, compositor = find_model(), Compositor(parse_background("blur"))
    for size in SIZES:
        title = f"{size[0]}x{size[1]}"
        shape = frame_shape(model, compositor, size)
        if shape is None:
            raise EngineError("The blurred room cannot be made on the GPU.")
        frames = list(DemoSource(size=size, seconds=0.5))
        began = perf_counter()
        try:
            with opener(
                model, shape, progress=lambda share, title=title: progress(f"building {title}", share)
            ) as engine:
                ready_s = perf_counter() - began
                first = [engine.run(frame.rgb) for frame in frames]
                times = []
                for number, frame in enumerate(islice(cycle(frames), FRAMES)):
                    begun = perf_counter()
                    engine.run(frame.rgb)
                    times.append(perf_counter() - begun)
                    progress(f"running {title}", (number + 1) / FRAMES)
                launched = (
                    "one launch a frame" if engine.captured else "not captured: its steps are enqueued one by one"
                )
                device = engine.device
        except UnavailableError as error:
            yield Finding("GPU check", "bad", error.problem, error.hint)
            return
        except EngineError as error:
            yield Finding("GPU check", "bad", f"{title}: {error.problem}", error.hint or "Use an engine on the CPU.")
            continue
        # The GPU runs the network of full precision, and is to be held against nothing less.
        with Matter(model, open_engine("onnxruntime", model.full_precision)) as matter:
            wanted = [compositor.composite(frame, matter.matte(frame)).rgb for frame in frames]
        apart = np.abs(np.stack(first).astype(np.int16) - np.stack(wanted))
        share = float(np.mean(apart > MOST_APART))
        took = spread_of(times)
        text = (
            f"{title} on {device}: ready after {ready_s:.1f} s, {launched}, p50 {took.p50_ms:.2f} ms, p95 "
            f"{took.p95_ms:.2f} ms, {len(times) / sum(times):.0f} frames a second; "
            f"{share:.4%} of the pixels are more than {MOST_APART}/255 from the CPU's, the worst {int(apart.max())}"
        )
        if share <= SHARE:
            yield Finding("GPU check", "good", text)
        else:
            yield Finding("GPU check", "bad", text, "Use an engine on the CPU, and report this line.")

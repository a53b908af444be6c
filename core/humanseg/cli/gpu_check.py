"""The proof on a real GPU: build, capture, two hundred frames, and the CPU's pixels beside the GPU's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from time import perf_counter

import numpy as np

from humanseg.cli.figures import spread_of
from humanseg.cli.findings import Finding
from humanseg.compositing import Compositor, parse_background
from humanseg.engines import UnavailableError, open_engine
from humanseg.engines.tensorrt.frames import FrameEngine
from humanseg.errors import EngineError
from humanseg.frames import Colour, Frame, PlaneWeights
from humanseg.matting import Matter
from humanseg.models import find_model
from humanseg.pipeline.whole_frame import frame_shape
from humanseg.sinks.colour import FromRgb, plane_weights
from humanseg.sources.demo import DemoSource

FRAMES = 200
SIZES = ((1280, 720), (1920, 1080))
MOST_APART, SHARE = 2, 0.001
"""A pixel may be this far (of 255) from the CPU's, and this share of them farther."""


def prove(
    progress: Callable[[str, float], None], opener: Callable[..., FrameEngine] = FrameEngine
) -> Iterator[Finding]:
    """Run whole frames on the GPU, at 720p and 1080p with the room blurred, in RGB and in planes for encoders.

    Args:
        progress: Called with what is being done and how much of it is, 0 to 1.
        opener: Makes the engine from model and shape.

    Yields:
        One finding for each size and form, or the reason why there is none.
    """
    for size in SIZES:
        frames = list(DemoSource(size=size, seconds=0.5))
        weights = plane_weights(Colour(), size, "yuv420p")
        for title, planes in ((f"{size[0]}x{size[1]}", None), (f"{size[0]}x{size[1]} for files", weights)):
            try:
                yield _proven(title, frames, planes, progress, opener)
            except UnavailableError as error:
                yield Finding("GPU check", "bad", error.problem, error.hint)
                return
            except EngineError as error:
                hint = error.hint or "Use an engine on the CPU."
                yield Finding("GPU check", "bad", f"{title}: {error.problem}", hint)


def _proven(
    title: str,
    frames: Sequence[Frame],
    planes: PlaneWeights | None,
    progress: Callable[[str, float], None],
    opener: Callable[..., FrameEngine],
) -> Finding:
    model, compositor = find_model(), Compositor(parse_background("blur"))
    shape = frame_shape(model, compositor, frames[0].size)
    if shape is None:
        raise EngineError("The blurred room cannot be made on the GPU.")
    began = perf_counter()
    with opener(
        model, replace(shape, planes=planes), progress=lambda share: progress(f"building {title}", share)
    ) as engine:
        ready_s = perf_counter() - began
        first = [engine.run(frame.rgb) for frame in frames]
        times = []
        for number, frame in enumerate(islice(cycle(frames), FRAMES)):
            begun = perf_counter()
            engine.run(frame.rgb)
            times.append(perf_counter() - begun)
            progress(f"running {title}", (number + 1) / FRAMES)
        launched = "one launch a frame" if engine.captured else "not captured: its steps are enqueued one by one"
        device = engine.device
    # The GPU runs the network of full precision, and is to be held against nothing less.
    with Matter(model, open_engine("onnxruntime", model.full_precision)) as matter:
        wanted = [compositor.composite(frame, matter.matte(frame)).rgb for frame in frames]
    if planes is not None:
        convert = FromRgb(Colour(), frames[0].size, "yuv420p")
        wanted = [np.asarray(convert(rgb).to_ndarray(), np.uint8) for rgb in wanted]
    apart = np.abs(np.stack(first).astype(np.int16) - np.stack(wanted))
    share = float(np.mean(apart > MOST_APART))
    took = spread_of(times)
    text = (
        f"{title} on {device}: ready after {ready_s:.1f} s, {launched}, p50 {took.p50_ms:.2f} ms, p95 "
        f"{took.p95_ms:.2f} ms, {len(times) / sum(times):.0f} frames a second; "
        f"{share:.4%} of the pixels are more than {MOST_APART}/255 from the CPU's, the worst {int(apart.max())}"
    )
    if share <= SHARE:
        return Finding("GPU check", "good", text)
    return Finding("GPU check", "bad", text, "Use an engine on the CPU, and report this line.")

"""From a graph to a running session, by way of the cache: what is kept is used, what is broken is built once more."""

import hashlib
import logging
import platform
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from threading import Event

from humanseg.engines.plan_cache import FORMAT, PlanCache
from humanseg.engines.tensorrt.build import BuildCancelledError, BuildOptions, build_plan
from humanseg.engines.tensorrt.cuda import Cuda, Device
from humanseg.engines.tensorrt.library import Library
from humanseg.engines.tensorrt.session import Session
from humanseg.errors import EngineError

logger = logging.getLogger(__name__)


def plan_key(graph: bytes, library: Library, device: Device, options: BuildOptions) -> dict[str, str]:
    """Everything a plan depends on, in words. Sizes and precision are in the graph.

    The driver is left out: the libraries ask for the same or a newer one, and a plan that does not load is built again.
    """
    parts = {
        "format": FORMAT,
        "graph": hashlib.sha256(graph).hexdigest(),
        "library": f"{library.name} {library.version}",
        "gpu": device.name,
        "capability": device.capability,
        "processors": device.processors,
        "memory": device.memory,
        "system": f"{platform.system()} {platform.machine()}",
        **asdict(options),
    }
    return {name: str(part) for name, part in parts.items()}


def open_session(
    graph: bytes,
    library: Library,
    cuda: Cuda,
    cache: PlanCache,
    *,
    carried: Mapping[str, str] | None = None,
    resident: Collection[str] = (),
    progress: Callable[[float], None] | None = None,
    cancelled: Event | None = None,
) -> Session:
    """A session for a graph on this GPU.

    A kept plan that does not load is thrown away and built again, once: a fresh one that does not load either is an
    error. Two processes that want the same plan build it once, and the second loads it.

    Args:
        graph: A static, strongly typed ONNX file.
        library: Builds and runs.
        cuda: The runtime.
        cache: Where plans are kept.
        carried: See `Session`.
        resident: See `Session`.
        progress: See `build_plan`; not called for a kept plan.
        cancelled: Set it from any thread to give up.

    Raises:
        BuildCancelledError: `cancelled` was set.
        EngineError: the graph cannot be built, or its fresh plan does not run.
    """
    device = cuda.device()
    options = BuildOptions()
    key = plan_key(graph, library, device, options)
    with cache.held(key, cancelled):
        if cancelled is not None and cancelled.is_set():
            raise BuildCancelledError("The building of a GPU engine was given up.")
        kept = cache.load(key)
        if kept is not None:
            compiled = cache.load(key, "compiled")
            try:
                return Session(library, cuda, kept, carried=carried, resident=resident, compiled=compiled)
            except EngineError as error:
                logger.warning("A kept plan does not run and is built again: %s", error.problem)
                cache.discard(key)
        plan = build_plan(
            graph,
            library,
            capability=device.capability,
            options=options,
            progress=progress,
            cancelled=cancelled,
        )
        session = Session(library, cuda, plan, carried=carried, resident=resident)
        # Only now: a plan that does not run is not worth keeping.
        cache.store(key, plan)
        compiled = session.compiled()
        if compiled is not None:
            cache.store(key, compiled, "compiled")
        return session

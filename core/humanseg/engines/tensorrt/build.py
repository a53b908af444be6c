"""From an ONNX graph to a plan: what TensorRT calls a network compiled for one GPU."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from humanseg.engines.tensorrt.library import Library, target_name
from humanseg.engines.tensorrt.log import bridge, words
from humanseg.engines.tensorrt.monitor import Progress, monitor
from humanseg.errors import EngineError


class BuildCancelledError(EngineError):
    """A build was given up because somebody asked for it."""


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """How plans are built; part of what a cached plan is known by."""

    level: int = 3
    """The builder's optimisation level, 0 to 5."""

    workspace: int = 1 << 30
    """Bytes of GPU memory that one layer may use for itself."""

    auxiliary_streams: int = 0
    """Streams beside our own: none, since all of it is captured into one CUDA graph."""


def build_plan(
    graph: bytes,
    library: Library,
    *,
    capability: tuple[int, int] | None = None,
    options: BuildOptions | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Event | None = None,
) -> bytes:
    """Build a plan. It takes seconds with TensorRT for RTX and up to minutes with TensorRT, and frees Python's lock.

    Args:
        graph: A static, strongly typed ONNX file.
        library: As `import_library` gives it. TensorRT needs a GPU for this, TensorRT for RTX does not.
        capability: The GPU's compute capability, as (8, 9); None builds for all that TensorRT for RTX takes by default.
        options: How to build it.
        progress: Called with a growing share from 0 to 1, on the thread that builds or one of the library's.
        cancelled: Set it from any thread to give up.

    Raises:
        BuildCancelledError: `cancelled` was set.
        EngineError: the library refuses the graph, or failed to build it.
    """
    trt = library.module
    logger = bridge(trt)
    options = options or BuildOptions()
    with logger.collecting() as errors:
        builder = trt.Builder(logger)
        if builder is None:
            raise EngineError(f"{library.title} cannot build: {words(errors)}")
        network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = trt.OnnxParser(network, logger)
        parsed = parser.parse(graph)
        # An empty file parses well, to a network of nothing.
        if not parsed or not network.num_inputs or not network.num_outputs:
            reasons = [parser.get_error(index).desc() for index in range(parser.num_errors)] or errors
            raise EngineError(f"{library.title} cannot read the graph: {words(reasons or ['it holds no network'])}")
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace)
        config.builder_optimization_level = options.level
        # Its ten bits are too few for the guided filter, which subtracts squares; the network is float16 anyway.
        config.clear_flag(trt.BuilderFlag.TF32)
        config.max_aux_streams = options.auxiliary_streams
        if library.name == "tensorrt_rtx":
            # The builder then refuses what could not be captured into a CUDA graph.
            config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)
            if capability:
                config.num_compute_capabilities = 1
                config.set_compute_capability(getattr(trt.ComputeCapability, target_name(capability)), 0)
        shown = Progress(progress) if progress else None
        watcher = monitor(trt, shown, cancelled)  # a name of its own: it must outlive the build
        config.progress_monitor = watcher
        plan = builder.build_serialized_network(network, config)
        if cancelled is not None and cancelled.is_set():
            raise BuildCancelledError("The building of a GPU engine was given up.")
        if plan is None:
            raise EngineError(f"{library.title} cannot build the graph: {words(errors)}")
        if shown is not None:
            shown.complete()
        return bytes(plan)

"""TensorRT for RTX builds its engines without a GPU: whether a model would build, where it cannot be run."""

from humanseg.engines import UnavailableError
from humanseg.engines.graphs.network import typed_network
from humanseg.engines.tensorrt.build import build_plan
from humanseg.engines.tensorrt.library import import_library
from humanseg.errors import EngineError
from humanseg.matting.preprocess import network_size
from humanseg.models import ModelSpec
from humanseg_train.verdict import EngineCheck


def build_without_gpu(spec: ModelSpec) -> list[EngineCheck]:
    """Build a model for 16:9 frames with TensorRT for RTX, as a machine with a GPU would; empty where that is not."""
    try:
        library = import_library()
    except UnavailableError:
        return []
    if library.name != "tensorrt_rtx":  # TensorRT asks for a GPU
        return []
    width, height = network_size((1280, 720), spec.pixels, spec.multiple)
    shapes = {spec.input: (1, 3, height, width), **({spec.previous: (1, 1, height, width)} if spec.previous else {})}
    fault = ""
    try:
        graph = typed_network(spec.path.read_bytes(), shapes).SerializeToString(deterministic=True)
        build_plan(graph, library)
    except (EngineError, ValueError) as error:
        fault = error.problem if isinstance(error, EngineError) else f"cannot be made ready for TensorRT: {error}"
    return [EngineCheck(engine=f"tensorrt, {width}x{height}", device=library.title, built_only=True, fault=fault)]

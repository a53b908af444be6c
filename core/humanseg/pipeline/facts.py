"""What makes an output what it is, so that a run only goes on with what the very same job has begun."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import av

from humanseg.compositing.backgrounds import background_file
from humanseg.errors import SourceError
from humanseg.matting import Matter
from humanseg.pipeline.job import VideoJob
from humanseg.pipeline.record import file_identity
from humanseg.sources.pictures import is_pictures, pictures_of


def facts_of(job: VideoJob, matter: Matter) -> dict[str, Any]:
    """Everything but look and coding that makes an output what it is, as plain values.

    Raises:
        SourceError: the source or the background cannot be read.
    """
    try:
        source = [job.source] if job.source == "demo" else _identity(Path(job.source))
        behind = background_file(job.background)
        background = [job.background, file_identity(behind) if behind else None]
    except OSError as error:
        raise SourceError(f"{job.source} cannot be read: {error.strerror}.", "Check the path.") from error
    return {
        "source": source,
        "background": [*background, job.light_wrap, job.decontaminate],
        "model": [matter.model.sha256, matter.model.int8_sha256],
        "engine": matter.engine.name,
        "pixels": matter.model.pixels,
        "matting": repr(matter.options),
        "segments": [job.segments.length, job.segments.warm_up],
        "changes": repr(job.changes),
        "copies": job.copy_streams,
        "versions": [version("humanseg"), av.__version__],
    }


def _identity(source: Path) -> list[Any]:
    if is_pictures(source):
        return [[path.name, *file_identity(path)] for path in pictures_of(source)]
    return file_identity(source)

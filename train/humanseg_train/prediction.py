"""`humanseg-train predict`: what a model makes of pictures and videos, as files to look at."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from humanseg.errors import HumansegError, SettingsError
from humanseg.matting.matter import Matter
from humanseg.sinks.video_file import VideoFileSink
from humanseg.sources.names import VIDEO_ENDINGS
from humanseg.sources.video_file import VideoFileSource
from humanseg_train.data.pictures import read_rgb
from humanseg_train.data.samples import PICTURES
from humanseg_train.sheets import save_picture
from humanseg_train.torch_engine import open_any
from humanseg_train.views import VIEWS


def predict(
    model: str | Path | None,
    inputs: Sequence[Path],
    out: Path,
    *,
    views: Sequence[str] = ("alpha", "overlay", "side-by-side"),
    engine: str = "auto",
    overwrite: bool = False,
) -> list[Path]:
    """Matte pictures and videos; returns the files written.

    `NAME.*` becomes `out/NAME-VIEW.png` (alpha) or `.jpg`, a video `out/NAME-VIEW.mp4`; subfolders are kept.

    Args:
        model: model folder, packaged model, or a checkpoint (`.ckpt`, run in torch).
        inputs: pictures, videos, and folders of both (searched to their depth).
        out: folder to write.
        views: names from `VIEWS`.
        engine: which engine runs the network.
        overwrite: replace files that are there.

    Raises:
        HumansegError: a view is unknown, an input is missing or unreadable, two inputs would be written to one file, or
            a file is there already.
    """
    unknown = [view for view in views if view not in VIEWS]
    if unknown or not views:
        raise SettingsError(f"There is no view {', '.join(unknown) or 'named'}.", f"There are: {', '.join(VIEWS)}.")
    jobs = [(file, _targets(file, stem, out, views)) for file, stem in _files(inputs)]
    _refuse(jobs, overwrite=overwrite)
    written: list[Path] = []
    with open_any(model, engine) as matter:
        shown = track(jobs, description="predict", console=Console(stderr=True), transient=True)
        for file, targets in shown:
            next(iter(targets.values())).parent.mkdir(parents=True, exist_ok=True)
            (_video if _is_video(file) else _picture)(matter, file, targets)
            written += targets.values()
    return written


def _files(inputs: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Every file to matte, and the path below the output folder that its name is made from."""
    found = []
    for entry in inputs:
        if entry.is_dir():
            inside = [path for path in sorted(entry.rglob("*")) if path.suffix.lower() in PICTURES or _is_video(path)]
            if not inside:
                raise HumansegError(f"There is no picture and no video in {entry}.", "Give another folder.")
            found += [(path, path.relative_to(entry).with_suffix("")) for path in inside]
        elif entry.is_file():
            found.append((entry, Path(entry.stem)))
        else:
            raise HumansegError(f"There is no file {entry}.", "Check the path.")
    return found


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_ENDINGS


def _targets(file: Path, stem: Path, out: Path, views: Sequence[str]) -> dict[str, Path]:
    def ending(view: str) -> str:
        return ".mp4" if _is_video(file) else ".png" if view == "alpha" else ".jpg"

    return {view: out / stem.with_name(f"{stem.name}-{view}{ending(view)}") for view in views}


def _refuse(jobs: Sequence[tuple[Path, dict[str, Path]]], *, overwrite: bool) -> None:
    makers: dict[Path, Path] = {}
    for file, targets in jobs:
        for target in targets.values():
            if target in makers:
                raise HumansegError(f"{makers[target]} and {file} would both be {target}.", "Rename one of them.")
            if target.exists() and not overwrite:
                raise HumansegError(f"{target} already exists.", "Add --overwrite, or choose another folder.")
            makers[target] = file


def _picture(matter: Matter, file: Path, targets: dict[str, Path]) -> None:
    rgb = read_rgb(file)
    matter.reset()
    alpha = matter.alpha(rgb)
    for view, target in targets.items():
        save_picture(VIEWS[view](rgb, alpha)[..., 0] if view == "alpha" else VIEWS[view](rgb, alpha), target)


def _video(matter: Matter, file: Path, targets: dict[str, Path]) -> None:
    source = VideoFileSource(file)
    sinks = {view: VideoFileSink(target) for view, target in targets.items()}
    matter.reset()
    try:
        for view, sink in sinks.items():
            wide = 3 if view == "side-by-side" else 1
            sink.open(replace(source.info, width=wide * source.info.width))
        for frame in source:
            alpha = matter.alpha(frame.rgb)
            for view, sink in sinks.items():
                sink.write(replace(frame, rgb=VIEWS[view](frame.rgb, alpha)))
        for sink in sinks.values():
            sink.close()
    finally:
        source.close()
        for sink in sinks.values():
            sink.abandon()  # of what was closed there is nothing left to abandon

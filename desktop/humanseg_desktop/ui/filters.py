"""Which files the dialogs offer first."""

from collections.abc import Collection

from humanseg.sources.names import MOVING_ENDINGS, PICTURE_ENDINGS, VIDEO_ENDINGS


def _filter(name: str, endings: Collection[str]) -> str:
    """What Qt's dialogs call a filter."""
    return f"{name} ({' '.join(f'*{ending}' for ending in sorted(endings))});;All files (*)"


VIDEOS = _filter("Videos", VIDEO_ENDINGS)
"""What can be played and processed."""

BACKGROUNDS = _filter("Pictures and videos", PICTURE_ENDINGS | MOVING_ENDINGS)
"""What can stand behind the person."""

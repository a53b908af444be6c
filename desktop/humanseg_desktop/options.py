"""The command line of the app, without any Qt."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

if TYPE_CHECKING:
    from humanseg_desktop.settings import Settings


@dataclass(frozen=True, kw_only=True)
class App:
    """See yourself on another background, and be it in calls.

    For example: humanseg talk.mp4 --background blur
    """

    source: Annotated[str | None, Positional, arg(metavar="[SOURCE]", help_behavior_hint="(default: as last time)")] = (
        None
    )
    """A camera (camera:0), a video file, an address (rtsp://..., http://...), or the word demo (a built-in clip)."""

    background: Annotated[str | None, arg(metavar="BACKGROUND", help_behavior_hint="(default: as last time)")] = None
    """none, blur, blur:0.8 (strength 0 to 1), a colour such as "#00b140", or the path of a picture or video."""

    theme: Annotated[Literal["system", "light", "dark"] | None, arg(help_behavior_hint="(default: as last time)")] = (
        None
    )
    """Light or dark."""

    def over(self, settings: "Settings") -> "Settings":
        """The settings of last time with what the command line says laid over them.

        Raises:
            SettingsError: the background means nothing.
        """
        from humanseg_desktop.words import look_of

        look = settings.look if self.background is None else look_of(self.background, settings.look)
        source = settings.input.source if self.source is None else self.source
        chosen = settings.window.theme if self.theme is None else self.theme
        return replace(
            settings,
            look=look,
            input=replace(settings.input, source=source),
            window=replace(settings.window, theme=chosen),
        )

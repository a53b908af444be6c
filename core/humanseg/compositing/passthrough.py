"""No background at all: the frame as it came."""

from humanseg.frames import Frame, Matte


class Passthrough:
    """A compositor for those who want their room to be seen. Only a person's own choice may put it into a pipeline."""

    shows_room = True
    """A pipeline that watches over the room lets these composites pass."""

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """The frame itself."""
        return frame

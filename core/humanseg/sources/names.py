"""What the ending of a file's name says about what is in it."""

VIDEO_ENDINGS = frozenset(
    ".3gp .asf .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv".split()  # noqa: SIM905 one line instead of twenty
)
"""A file that ends so is a video, in small letters. One that is chosen as a video may end in any way."""

MOVING_ENDINGS = VIDEO_ENDINGS | {".gif"}
"""A background that ends so moves."""

PICTURE_ENDINGS = frozenset((".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
"""A file that ends so is a picture."""

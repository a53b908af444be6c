"""The classes of Cityscapes that are trained on, with the colours in which that data set shows them."""

CLASSES = {
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "building": (70, 70, 70),
    "wall": (102, 102, 156),
    "fence": (190, 153, 153),
    "pole": (153, 153, 153),
    "traffic light": (250, 170, 30),
    "traffic sign": (220, 220, 0),
    "vegetation": (107, 142, 35),
    "terrain": (152, 251, 152),
    "sky": (70, 130, 180),
    "person": (220, 20, 60),
    "rider": (255, 0, 0),
    "car": (0, 0, 142),
    "truck": (0, 0, 70),
    "bus": (0, 60, 100),
    "train": (0, 80, 100),
    "motorcycle": (0, 0, 230),
    "bicycle": (119, 11, 32),
}
"""RGB by name, in the order of the labels 0 to 18."""

PEOPLE = (11, 12)
"""Labels of persons and riders."""

IGNORE = 255
"""Label of what nothing is said of: it is neither trained on nor measured."""


def class_names(count: int) -> list[str]:
    """What to call the classes 0 to count - 1: Cityscapes' names if there are as many, else numbers."""
    return list(CLASSES) if count == len(CLASSES) else [f"class {label}" for label in range(count)]

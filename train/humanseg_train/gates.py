"""What keeps a model from taking the shipped one's place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """How far a figure of a new model may fall behind that of the shipped one."""

    figure: str
    sign: int
    """1: more is better; -1: less is."""
    slack: float
    """Differences up to this are chance."""
    limit: float | None = None
    """A model on this side of it passes, whatever the shipped one has."""


GATES = (
    Gate("webcam iou", 1, 0.002),
    Gate("webcam boundary_iou", 1, 0.003),
    Gate("webcam mae", -1, 0.001),
    Gate("all iou", 1, 0.003),
    Gate("motion iou", 1, 0.003),
    Gate("motion boundary_iou", 1, 0.005),
    Gate("motion dtssd", -1, 0.2),
    Gate("flicker", -1, 0.05, limit=0.5),
    Gate("cut iou", 1, 0.005),
    Gate("empty area", -1, 0.02, limit=0.1),
    Gate("room area", -1, 0.05, limit=0.1),
)


def behind(new: dict[str, float], shipped: dict[str, float]) -> list[str]:
    """Where a new model falls behind the shipped one, as sentences; none if it may take its place."""
    found = []
    for gate in GATES:
        mine, theirs = new[gate.figure], shipped[gate.figure]
        passes = gate.limit is not None and gate.sign * (mine - gate.limit) >= 0
        if not passes and not gate.sign * (mine - theirs) >= -gate.slack:  # NaN passes nothing
            found.append(f"{gate.figure} is {mine:.4f}; the shipped model has {theirs:.4f}.")
    return found

"""What a verification found, for people and for programs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class EngineCheck:
    """What one engine made of the model."""

    engine: str
    device: str = ""
    built_only: bool = False
    """It was compiled for this engine and not run, for lack of a GPU."""

    finite: bool = False
    """No alpha is NaN or infinite."""

    max_difference: float = 0.0
    """Largest difference of alpha from torch in any pixel."""

    max_mad: float = 0.0
    """Largest mean absolute difference of alpha from torch of any photograph."""

    iou_drop: float | None = None
    """By how much the mean IoU with the truth is below torch's; None where there is no truth."""

    fault: str = ""
    """Why it does not pass; empty if it does."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What all engines of this machine made of a model."""

    precision: str
    """`fp32` or `fp16`."""

    pictures: str
    """What was matted, for people to read."""

    checks: tuple[EngineCheck, ...]
    absent: dict[str, str]
    """Engines that are not at hand, and why."""

    loud: dict[str, float] | None = None
    """Of a 16-bit model: the nodes that stayed float32, with the magnitude that would have come near float16's end."""

    @property
    def faults(self) -> list[str]:
        """Why the model is refused; empty if it is accepted."""
        return [f"{check.engine}: {check.fault}" for check in self.checks if check.fault]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "accepted": not self.faults}

    def markdown(self) -> str:
        """A table for the card."""
        lines = [
            f"Compared with torch on {self.pictures}, {self.precision}. {self._said_of_loud()}".rstrip(),
            "",
            "| engine | device | largest difference | largest MAD | IoU drop | verdict |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for check in self.checks:
            if check.built_only:
                lines.append(f"| {check.engine} | {check.device} | - | - | - | {check.fault or 'builds; not run'} |")
                continue
            drop = "no truth" if check.iou_drop is None else f"{check.iou_drop:.4f}"
            figures = f"{check.max_difference:.1e} | {check.max_mad:.1e} | {drop}"
            lines.append(f"| {check.engine} | {check.device} | {figures} | {check.fault or 'accepted'} |")
        return "\n".join(lines)

    def _said_of_loud(self) -> str:
        if self.loud is None:
            return ""
        named = ", ".join(f"{name} ({peak:.0f})" for name, peak in self.loud.items())
        return f"Kept in float32 because their values grow too large: {named or 'nothing'}."


def write_verification(verification: Verification, folder: Path) -> None:
    """Keep the report beside the model as `verify.json`, and its table in `card.md` in place of an earlier one."""
    (folder / "verify.json").write_text(json.dumps(verification.as_dict(), indent=2) + "\n")
    card = folder / "card.md"
    parts = card.read_text().split("\n## ") if card.is_file() else [f"# {folder.name}"]
    kept = [part.rstrip() for part in parts if not part.startswith("Verified\n")]
    card.write_text("\n\n## ".join([*kept, f"Verified\n\n{verification.markdown()}"]) + "\n")

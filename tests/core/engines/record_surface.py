"""Records what an installed TensorRT offers of the names that humanseg uses: for when a new version is to be allowed.

    python tests/core/engines/record_surface.py tensorrt_rtx

adds the installed version to surface.json. Only names and parameters are recorded, as the library's own docstrings give
them. Versions already there came from the bindings of those versions in the same way.
"""

import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

SURFACE = Path(__file__).with_name("surface.json")


def parameters(signature: str) -> list[str]:
    """`f(self: A, x: int = 0) -> B` gives ["x=0"]; the parameter's name, and "=" with anything if it has a default."""
    inside = re.sub(r"<[^>]*>", "DEFAULT", signature[signature.index("(") + 1 : signature.rindex(")")])
    inside = re.sub(r"\[[^\]]*\]", "", inside)
    words = [part.strip() for part in inside.split(",") if part.strip()]
    return [word.split(":")[0].strip() + ("=" if "=" in word else "") for word in words if not word.startswith("self")]


def describe(module: Any, name: str) -> Any:
    """What a name is there: its overloads, "ro" or "rw" for a property, a number for an enum value, None if missing."""
    owner, _, attribute = name.rpartition(".")
    found: Any = module
    for part in owner.split("."):
        found = getattr(found, part, None)
    if found is None or attribute not in dir(found):
        return None
    member = getattr(found, attribute)
    if isinstance(member, property):
        return "rw" if member.fset else "ro"
    if hasattr(member, "value") and not callable(member):
        return int(member.value)
    text = member.__doc__ or ""
    if isinstance(member, type) or f"{attribute}(" not in text:
        return "present"
    return [parameters(line) for line in text.splitlines() if re.match(rf"(\d+\. )?{re.escape(attribute)}\(self", line)]


def main(library: str) -> None:
    module = import_module(library)
    surface = json.loads(SURFACE.read_text())
    version = f"{library} {module.__version__}"
    for name in surface["names"]:
        surface["names"][name][version] = describe(module, name)
    surface["versions"] = list(dict.fromkeys([*surface["versions"], version]))
    # One line for each name: that is how it is read and reviewed.
    lines = [f" {json.dumps(name)}: {json.dumps(found, sort_keys=True)}" for name, found in surface["names"].items()]
    SURFACE.write_text(
        f'{{"versions": {json.dumps(surface["versions"])},\n"names": {{\n' + ",\n".join(lines) + "\n}}\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

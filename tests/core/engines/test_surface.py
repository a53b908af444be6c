"""Every name of TensorRT that humanseg says exists, with these parameters, in every version that it allows.

surface.json was recorded from the bindings of those versions; record_surface.py adds a new one.
"""

import ast
import inspect
import json
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest

import humanseg.engines.tensorrt as package

SURFACE = json.loads(Path(__file__).with_name("surface.json").read_text())
NAMES, VERSIONS = SURFACE["names"], SURFACE["versions"]
PROPER = [version for version in VERSIONS if version.startswith("tensorrt ")]

VARIABLES = {
    "builder": "Builder",
    "network": "INetworkDefinition",
    "parser": "OnnxParser",
    "config": ("IBuilderConfig", "IRuntimeConfig"),
    "runtime": "Runtime",
    "engine": "ICudaEngine",
    "context": "IExecutionContext",
    "self._context": "IExecutionContext",
    "self._jit": "IRuntimeCache",
    "parser.get_error(index)": "ParserError",
}
"""What a variable of the package holds, by its name there."""

RTX_ONLY = {
    "BuilderFlag.REQUIRE_USER_ALLOCATION",
    "ICudaEngine.create_runtime_config",
    "IBuilderConfig.num_compute_capabilities",
    "IBuilderConfig.set_compute_capability",
    "IExecutionContext.is_stream_capturable",
    "IRuntimeConfig.create_runtime_cache",
    "IRuntimeConfig.set_runtime_cache",
    "IRuntimeCache.serialize",
    "IRuntimeCache.deserialize",
}
"""Said only where the library is TensorRT for RTX; test_session.py runs a library without them."""


def uses() -> Iterator[tuple[str, ast.AST, ast.Call | None]]:
    """Every name that is said: the name, where, and the call if it is called."""
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
        tree = ast.parse(path.read_text())
        calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or id(node) in inner:
                continue
            words = ast.unparse(node)
            for prefix in ("trt.", "module.", "self._library.module.", "library.module."):
                if words.startswith(prefix):
                    yield words.removeprefix(prefix), node, calls.get(id(node))
            owner = VARIABLES.get(ast.unparse(node.value))
            for name in (owner,) if isinstance(owner, str) else owner or ():
                if f"{name}.{node.attr}" in NAMES:
                    yield f"{name}.{node.attr}", node, calls.get(id(node))
                    break
            else:
                if owner and path.name in ("build.py", "session.py"):
                    yield f"{owner}.{node.attr}", node, calls.get(id(node))


def recorded(name: str) -> str:
    """The longest beginning of a dotted name that is in the records: members of an enum stand for themselves."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        beginning = ".".join(parts[:count])
        if beginning in NAMES or f"{beginning}.__init__" in NAMES:
            return beginning
    return ""


ALLOWED = {"__name__", "__version__", "Logger", "ILogger", "IProgressMonitor", "ComputeCapability", "ILogger.__init__"}


def test_every_name_that_is_said_is_in_every_version() -> None:
    said = list(uses())
    assert len({name for name, *_ in said}) > 30, "the search itself works"
    for name, node, _ in said:
        known = recorded(name)
        assert known or name in ALLOWED, f"{name} (line {node.lineno}) was never recorded"  # type: ignore[attr-defined]
        if known in NAMES:
            for version in VERSIONS if known not in RTX_ONLY else VERSIONS[len(PROPER) :]:
                assert NAMES[known][version] is not None, f"{version} has no {known}"


def test_every_call_fits_every_version() -> None:
    checked = 0
    for name, node, call in uses():
        known = recorded(name)
        known = known if known in NAMES else f"{known}.__init__"
        if call is None or known not in NAMES:
            continue
        for version in VERSIONS if known not in RTX_ONLY else VERSIONS[len(PROPER) :]:
            overloads = NAMES[known][version]
            if not isinstance(overloads, list):
                continue
            checked += 1
            own = name.endswith("__init__")  # called on the class, with self
            given, words = len(call.args) - own, {word.arg for word in call.keywords}
            fits = any(
                len([one for one in overload if not one.endswith("=")]) <= given + len(words) <= len(overload)
                and words <= {one.rstrip("=") for one in overload}
                for overload in overloads
            )
            assert fits, f"{version}: {ast.unparse(node)} takes {overloads}"
    assert checked > 60, "the search itself works"


def test_names_that_only_one_library_has_are_few_and_those_that_are_listed() -> None:
    missing = {name for name, found in NAMES.items() if any(found.get(version) is None for version in PROPER)}
    assert {name for name in missing if not name.startswith("ComputeCapability.")} == RTX_ONLY


def test_numbers_that_changed_are_never_written_as_numbers() -> None:
    flags = NAMES["NetworkDefinitionCreationFlag.STRONGLY_TYPED"]
    assert len(set(flags.values())) == 2, "why the symbol is used"
    builds = [node for name, node, _ in uses() if name == "NetworkDefinitionCreationFlag.STRONGLY_TYPED"]
    assert builds


def test_the_callbacks_take_what_they_are_called_with() -> None:
    from humanseg.engines.tensorrt.log import bridge
    from humanseg.engines.tensorrt.monitor import monitor

    trt = pytest.importorskip("tensorrt_rtx")
    for made, owner in ((bridge(trt), "ILogger"), (monitor(trt, None, None), "IProgressMonitor")):
        for name in [
            name for name in NAMES if name.startswith(f"{owner}.") and isinstance(NAMES[name][VERSIONS[0]], list)
        ]:
            if name.endswith("__init__"):
                continue
            taken = list(inspect.signature(getattr(made, name.split(".")[1])).parameters)
            for version in VERSIONS:
                assert [taken] == NAMES[name][version], f"{version}: {name}"


def test_the_records_are_of_the_library_that_is_installed() -> None:
    pytest.importorskip("tensorrt_rtx")
    version = f"tensorrt_rtx {metadata.version('tensorrt_rtx')}"
    if version not in VERSIONS:
        pytest.skip(f"{version} was not recorded: run record_surface.py tensorrt_rtx")
    module: Any = import_module("tensorrt_rtx")
    spec = Path(__file__).with_name("record_surface.py").read_text()
    recorder: dict[str, Any] = {"__name__": "recorder", "__file__": str(Path(__file__).with_name("record_surface.py"))}
    exec(compile(spec, "record_surface.py", "exec"), recorder)
    for name, found in NAMES.items():
        if name != "ILogger.Severity":
            assert recorder["describe"](module, name) == found[version], name


def test_the_fake_has_nothing_that_the_library_has_not(gpu: Any) -> None:
    classes = {"FakeContext": "IExecutionContext", "FakeEngine": "ICudaEngine", "FakeJit": "IRuntimeCache"}
    found = 0
    engine_class = type(gpu.trt._load(gpu.trt._build_for_test(gpu.SUM)))
    for fake in (engine_class, *engine_class.parts):
        for name, member in vars(fake).items():
            if name.startswith("_") or name == "parts":
                continue
            found += 1
            real = NAMES[f"{classes[fake.__name__]}.{name}"][VERSIONS[-1]]
            if isinstance(real, list):
                taken = [word for word in inspect.signature(member).parameters if word != "self"]
                assert any(taken == [one.rstrip("=") for one in overload] for overload in real), name
    assert found > 8

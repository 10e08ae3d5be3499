"""The house keeps its order: who may import whom, what the package shows, and how late it shows it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import probe

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "probe"
# The public functions, today's and those to come (RFC 7208 gives check_host its name).
PUBLIC = ("check", "explain", "compare", "diagnose", "sender", "message", "check_host")


def test_the_layer_contract_is_kept() -> None:
    words = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(cache_dir=None))"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 1 kept, 0 broken." in done.stdout


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_imports_from_the_package_itself(path: Path) -> None:
    """What is loaded lazily from the root is for users; inside the house it would be a circle."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert "probe" not in [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            if node.module == "probe":
                names = [alias.name for alias in node.names]
                assert [name for name in names if name in probe.__all__ or name in PUBLIC] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_no_module_carries_the_name_of_a_public_function(name: str) -> None:
    """Importing probe.<name> would put the module in the function's place."""
    assert not (PACKAGE / f"{name}.py").exists()
    assert not (PACKAGE / name).exists()


def run(code: str) -> object:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import json, sys, probe; print(json.dumps([m for m in sys.modules if m.startswith('probe.')]))"
    assert run(code) == []


@pytest.mark.parametrize("name", sorted(probe.__all__))
def test_a_public_name_is_loaded_when_it_is_asked_for(name: str) -> None:
    code = (
        f"import json, sys, probe; before = '{name}' in vars(probe); thing = probe.{name};"
        "print(json.dumps([before, callable(thing), thing.__name__, bool(thing.__doc__)]))"
    )
    assert run(code) == [False, True, name, True]


def test_the_lazy_names_are_the_typed_ones() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name: node.module
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = vars(probe)["_HOMES"]
    assert sorted(probe.__all__) == sorted(typed) == sorted(homes)
    assert {name: home for name, (home, _) in homes.items()} == typed


def test_a_name_that_is_not_there_is_said_so() -> None:
    with pytest.raises(AttributeError, match="module 'probe' has no attribute 'nonsense'"):
        _ = probe.nonsense
    code = "import json; from probe import *; print(json.dumps([callable(explain), callable(check)]))"
    assert run(code) == [True, True]

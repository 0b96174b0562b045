"""The house rules, read from the source: who may import whom, and how long things may grow."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ipdrecon", "metaanalysis", "digitised")
OURS = {"ipdrecon", "metaanalysis", "digitised", "cli"}
# Counting who is at risk, the curves and Cox models made of the counts, Rubin's rule and the routes to a hazard ratio are
# needed by both packages, and each formula stands once: in metaanalysis, which could be published alone. The numbers of
# `ipdrecon.survival` are made by these modules, and by no other of metaanalysis.
FORMULAE = ("metaanalysis.patients.risk_sets", "metaanalysis.patients.product_limit", "metaanalysis.patients.rubin", "metaanalysis.studies.routes", "metaanalysis.spreadsheet", "metaanalysis.errors")
LONGEST_FUNCTION = 60
LONGEST_MODULE = 450
# The nouns of every room stand in one file on purpose; a good third of it is docstrings.
ALLOWED_LENGTH = {"ipdrecon.model": 650}


def sources():
    """Every module of the project outside the tests, as ``{dotted name: path}``."""
    found = {"cli": ROOT / "cli.py"}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if not path.name.startswith("test_") and "tests" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


SOURCES = sources()
TREES = {name: ast.parse(path.read_text(encoding="utf-8"), str(path)) for name, path in SOURCES.items()}


def absolute(name, node):
    """Turn the module of a ``from … import`` into a dotted name, also where it is relative."""
    if not node.level:
        return node.module
    package = name if SOURCES[name].name == "__init__.py" else name.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def imports(name):
    """Dotted names a module imports, wherever in it."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = absolute(name, node)
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names if f"{module}.{alias.name}" in SOURCES}
    return found


def within(name, *packages):
    """Whether a dotted name is one of `packages` or lies below it."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def rooms(*packages):
    """Return the modules within `packages`."""
    return [name for name in SOURCES if within(name, *packages)]


def offences(modules, is_allowed):
    """Pairs of module and import that are not allowed."""
    return [f"{name} imports {other}" for name in modules for other in sorted(imports(name)) if not is_allowed(other)]


def ours(name):
    """Whether a dotted name belongs to the project."""
    return name.split(".")[0] in OURS


def functions(name):
    """Every function of a module, with its qualified name."""
    todo = [(name, TREES[name])]
    while todo:
        prefix, node = todo.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                todo.append((f"{prefix}.{child.name}", child))
                if not isinstance(child, ast.ClassDef):
                    yield f"{prefix}.{child.name}", child
            else:
                todo.append((prefix, child))


def body_lines(function):
    """Lines of a function without its docstring."""
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    skipped = docstring.end_lineno - docstring.lineno + 1 if docstring else 0
    return function.end_lineno - function.lineno + 1 - skipped


def test_metaanalysis_imports_nothing_of_ours():
    assert not offences(rooms("metaanalysis"), lambda other: not ours(other) or within(other, "metaanalysis"))


def test_model_imports_only_flags_errors_and_arrays():
    allowed = ("ipdrecon.flags", "ipdrecon.errors", "numpy", "pandas", "dataclasses", "math", "typing", "collections")
    assert not offences(["ipdrecon.model"], lambda other: within(other, *allowed))


def test_flags_and_errors_look_at_nobody():
    # how a message becomes one line stands once, in the package that could be published alone
    assert not offences(["ipdrecon.flags", "ipdrecon.errors"], lambda other: not ours(other) or within(other, "metaanalysis.errors"))
    assert not offences(["ipdrecon.bounded", "ipdrecon.named_size"], lambda other: not ours(other))


def test_figure_sees_only_itself_and_the_nouns():
    nouns = ("ipdrecon.figure", "ipdrecon.model", "ipdrecon.flags", "ipdrecon.errors", "ipdrecon.bounded", "ipdrecon.named_size")
    assert not offences(rooms("ipdrecon.figure"), lambda other: not ours(other) or within(other, *nouns))


def test_survival_sees_only_itself_and_the_nouns():
    nouns = ("ipdrecon.survival", "ipdrecon.model", "ipdrecon.flags", "ipdrecon.errors", "ipdrecon.bounded", "ipdrecon.named_size")
    assert not offences(rooms("ipdrecon.survival"), lambda other: not ours(other) or within(other, *nouns, *FORMULAE))


def test_audit_sees_only_itself_the_nouns_and_the_reader_of_reported_numbers():
    seen = ("ipdrecon.audit", "ipdrecon.survival.reported", "ipdrecon.model", "ipdrecon.flags", "ipdrecon.errors")
    assert not offences(rooms("ipdrecon.audit"), lambda other: not ours(other) or within(other, *seen))


def test_only_the_app_sees_both_sides():
    others = [name for name in SOURCES if not within(name, "ipdrecon.app", "ipdrecon.survival", "ipdrecon.errors", "metaanalysis", "digitised")]
    assert not offences(others, lambda other: not within(other, "metaanalysis"))


def test_nothing_looks_back_at_the_app():
    others = [name for name in SOURCES if name not in {"cli", "ipdrecon.__main__"} and not within(name, "ipdrecon.app")]
    assert not offences(others, lambda other: not within(other, "ipdrecon.app"))


def test_no_room_knows_the_commands():
    others = [name for name in SOURCES if name not in {"cli", "ipdrecon.__main__"}]
    assert not offences(others, lambda other: not within(other, "ipdrecon.app.commands"))
    outside = [name for name in SOURCES if not within(name, "ipdrecon.app")]
    assert not offences(outside, lambda other: not within(other, "typer", "rich"))


def test_the_server_holds_no_statistics_and_no_image_code():
    heavy = ("cv2", "rapidocr", "scipy", "lifelines", "metaanalysis.pooling")
    assert not offences(rooms("ipdrecon.app.workbench"), lambda other: not within(other, *heavy))


def test_data_import_nothing_of_ours():
    assert not offences(rooms("digitised"), lambda other: not ours(other))


def test_only_the_text_reader_imports_ocr():
    others = [name for name in SOURCES if name not in {"ipdrecon.figure.text", "ipdrecon.figure.recogniser"}]
    assert not offences([name for name in SOURCES if name != "ipdrecon.figure.text"], lambda other: other != "ipdrecon.figure.recogniser")
    assert not offences(others, lambda other: not within(other, "rapidocr", "onnxruntime", "pytesseract", "easyocr"))


def test_only_figure_and_plots_import_opencv():
    others = [name for name in SOURCES if not within(name, "ipdrecon.figure", "ipdrecon.app.plots")]
    assert not offences(others, lambda other: not within(other, "cv2"))


@pytest.mark.parametrize("name", SOURCES)
def test_no_bare_except(name):
    bare = [node.lineno for node in ast.walk(TREES[name]) if isinstance(node, ast.ExceptHandler) and node.type is None]
    assert not bare, f"bare except in {SOURCES[name]}, lines {bare}"


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "ipdrecon.app.commands"])
def test_no_print_outside_the_commands(name):
    calls = [
        node.lineno
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls, f"print in {SOURCES[name]}, lines {calls}"


@pytest.mark.parametrize("name", SOURCES)
def test_functions_are_short(name):
    long = {where: body_lines(node) for where, node in functions(name) if body_lines(node) > LONGEST_FUNCTION}
    assert not long, f"functions over {LONGEST_FUNCTION} lines: {long}"


@pytest.mark.parametrize("name", SOURCES)
def test_modules_are_short(name):
    n_lines = len(SOURCES[name].read_text(encoding="utf-8").splitlines())
    assert n_lines <= ALLOWED_LENGTH.get(name, LONGEST_MODULE), f"{SOURCES[name]} has {n_lines} lines; part it along its nouns"


@pytest.mark.parametrize("name", SOURCES)
def test_public_things_have_docstrings(name):
    nodes = [node for node in TREES[name].body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    bare = [node.name for node in nodes if not node.name.startswith("_") and not ast.get_docstring(node)]
    assert ast.get_docstring(TREES[name]), f"{SOURCES[name]} has no docstring"
    assert not bare, f"no docstring in {SOURCES[name]}: {bare}"


def test_a_file_is_read_up_to_a_limit_in_one_place():
    # metaanalysis, which could be published alone, has its own
    own = [name for name in rooms("ipdrecon") if name != "ipdrecon.bounded" and "stream.read(MOST_BYTES" in SOURCES[name].read_text(encoding="utf-8")]
    assert not own, f"{own} read a file by themselves; `ipdrecon.bounded.read_bounded` does"


def test_no_drawer_for_odds_and_ends():
    assert not [name for name in SOURCES if name.rpartition(".")[2] in {"utils", "helpers", "misc", "common"}]


def test_no_package_below_the_tests():
    assert not list((ROOT / "tests").rglob("__init__.py"))

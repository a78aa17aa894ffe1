"""The documents against the code: a path, a name or a word they mention must be there."""

import ast
import json
import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from cloud_app import settings
from cloud_app.domain.machines import State
from cloud_app.gateways.openstack.connect import CloudAccess
from cloud_app.i18n.catalog import CATALOGS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PATH = re.compile(r"(?:cloud_app|tests|tools|assets|docs|alembic|bench|\.ci)/[\w./-]*[\w/]")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.[a-z_]\w*)?")
NOT_OURS = frozenset({"cloud_app", "connect_retries", "on_submit", "SameSite", "CamelCase"})
"""Names of libraries and formats."""


def spans(document: Path) -> list[str]:
    """The code in the running text of a document: what stands between backticks."""
    text = re.sub(r"(?s)```.*?```", "", document.read_text("utf-8"))
    return re.findall(r"`([^`\n]+)`", text)


@cache
def names() -> frozenset[str]:
    """Every name that the code defines, methods and fields also with their class."""
    found: set[str] = set()
    for top in ("cloud_app", "tests", "tools"):
        for file in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                found |= _defined(node)
    return frozenset(found)


def _defined(node: ast.AST) -> set[str]:
    match node:
        case ast.ClassDef(name=name, body=body):
            inside = {one for line in body for one in _defined(line)}
            return {name, *inside, *(f"{name}.{one}" for one in inside)}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
            return {name}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.Assign(targets=targets):
            return {one.id for one in targets if isinstance(one, ast.Name)}
        case _:
            return set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_path_in_a_document_is_there(document: Path):
    mentioned = {
        match
        for span in spans(document)
        if PATH.fullmatch(span.rstrip("/"))
        for match in [span.rstrip("/")]
    }
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8"))

    missing = sorted(path for path in mentioned if not (ROOT / path).exists())
    broken = sorted(link for link in links if not (document.parent / link).exists())

    assert (missing, broken) == ([], [])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_function_and_class_in_a_document_is_defined(document: Path):
    """Checked is what looks like a name of ours: `Class.method`, `CamelCase`, `with_underscore`."""
    said = {span for span in spans(document) if NAME.fullmatch(span)}
    ours = {one for one in said if re.search(r"_[a-z]|[a-z][A-Z]|^[A-Z]\w*[a-z]\w*\.", one)}

    unknown = ours - names() - NOT_OURS

    assert [one for one in unknown if not (ROOT / f"{one.replace('.', '/')}.py").exists()] == []


def test_every_setting_is_in_the_table_and_no_other():
    source = ast.parse(Path(settings.__file__).read_text("utf-8"))
    read = {
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]{3,}(_[A-Z]+)*", str(node.value))
    } - {"INFO"}

    table = (ROOT / "docs" / "site.md").read_text("utf-8").split("## 3.")[1].split("## 4.")[0]
    documented = set(re.findall(r"(?m)^\| `MADANG_(\w+)`", table))

    assert documented == read


def test_every_choice_of_a_cloud_is_in_the_table_with_its_default():
    kept_apart = {"auth_url", "manager", "region", "ca_file"}  # from clouds.yaml
    choices = {field.name: field.default for field in fields(CloudAccess)}

    text = (ROOT / "docs" / "site.md").read_text("utf-8")
    documented = re.findall(r"(?m)^\| `([a-z_]+)` \| `([^`]+)` \|", text)

    assert {name: json.loads(said) for name, said in documented} == {
        name: list(default) if isinstance(default, tuple) else default
        for name, default in choices.items()
        if name not in kept_apart
    }


@pytest.mark.parametrize("state", State)
def test_every_state_is_explained_in_both_languages(state: State):
    lines = (ROOT / "docs" / "words.md").read_text("utf-8").splitlines()
    line = next(line for line in lines if line.startswith(f"| `{state.value}` |"))

    said = [cell.strip() for cell in line.split("|")]

    assert said[2:4] == [CATALOGS[locale][f"machines.state.{state}"] for locale in ("ko", "en")]


def test_every_test_that_the_security_table_names_is_there_and_every_rule_stands_once():
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/.]+\.py)::(\w+)`", text)
    rules = [
        rule
        for cells in re.findall(r"(?m)^\| ([\d., to]+) \| (?:yes|no need|not yet) \|", text)
        for rule in re.split(r", | to ", cells)
    ]

    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text("utf-8")
    ]

    assert len(named) > 50
    assert missing == []
    assert sorted(rules) == sorted(set(rules))

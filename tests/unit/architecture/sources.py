"""The project's files as the rules see them, and how a rule is declared."""

import ast
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
NOT_OURS = frozenset({".git", ".venv", ".web", "var", "node_modules", "__pycache__", "external"})
NOT_TEXT = frozenset({".woff2", ".png", ".jpg", ".ico", ".webp", ".gz", ".pyc", ".db", ".pdf"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Found(NamedTuple):
    """Something that breaks a rule: where, and the name of what it is in."""

    line: int
    name: str
    what: str


@dataclass(frozen=True, eq=False)
class Source:
    """One file. `path` is relative to the project and has forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """Everything in the tree; walked once for all rules."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """The identities of the strings that document something, attributes included."""
        return frozenset(
            id(line.value)
            for node in self.nodes
            if isinstance(node, ast.Module | ast.ClassDef | Function)
            for line in node.body
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        )

    @cached_property
    def functions(self) -> Sequence[tuple[str, Function]]:
        """Every function, with the names of what it is in."""
        return tuple(_functions(self.tree, ""))

    @cached_property
    def classes(self) -> Sequence[ast.ClassDef]:
        return tuple(node for node in self.nodes if isinstance(node, ast.ClassDef))

    def strings(self) -> Iterator[ast.Constant]:
        """Every text that is not documentation, the fixed parts of f-strings included."""
        for node in self.nodes:
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if id(node) not in self.docstrings:
                yield node

    def name_at(self, line: int) -> str:
        """The innermost function or class around a line; empty at the top."""
        around = [
            (node.lineno, name)
            for name, node in [*self.functions, *((c.name, c) for c in self.classes)]
            if node.lineno <= line <= (node.end_lineno or node.lineno)
        ]
        return max(around)[1] if around else ""

    def found(self, node: ast.AST, what: str) -> Found:
        line = getattr(node, "lineno", 1)
        return Found(line, self.name_at(line), what)


Check = Callable[[Source], Iterable[Found]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """A rule, where it holds, and a sample that breaks it, so that the check is checked too."""

    check: Check
    where: Sequence[str]
    bites: str
    fine: str
    excused: Mapping[str, str] = field(default_factory=dict[str, str])
    """`path::name` (or a whole path) to the reason why it may."""

    @property
    def name(self) -> str:
        return self.check.__name__

    @property
    def harm(self) -> str:
        return " ".join((self.check.__doc__ or "").split())

    def holds_in(self, path: str) -> bool:
        return any(fnmatch(path, where) for where in self.where)

    @cache  # noqa: B019 - there are as many rules as lines that declare one
    def findings(self, source: Source) -> Sequence[Found]:
        return tuple(self.check(source))

    def excuse(self, path: str, found: Found) -> str | None:
        """The key under which this is excused, if it is."""
        keys = (path, f"{path}::{found.name}")
        return next((key for key in keys if key in self.excused), None)

    def sample(self, text: str) -> Source:
        return Source(self.where[0].replace("*", "sample"), text)


RULES: list[Rule] = []


def rule(
    *where: str, bites: str, fine: str = "", excused: Mapping[str, str] | None = None
) -> Callable[[Check], Check]:
    """Declare a rule for the files that match `where`; `*` also crosses folders."""

    def declared(check: Check) -> Check:
        RULES.append(
            Rule(check=check, where=where, bites=bites, fine=fine, excused=dict(excused or {}))
        )
        return check

    return declared


@cache
def sources() -> Mapping[str, Source]:
    """Every text file of the project, by path."""
    found: dict[str, Source] = {}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in NOT_OURS and not name.endswith("_cache")
        )
        for name in sorted(files):
            file = Path(folder, name)
            if name in NOT_OURS or file.suffix in NOT_TEXT or file.is_symlink():
                continue
            path = file.relative_to(ROOT).as_posix()
            found[path] = Source(path, file.read_text("utf-8"))
    return found


def matching(*where: str) -> list[Source]:
    return [
        source
        for path, source in sources().items()
        if any(fnmatch(path, pattern) for pattern in where)
    ]


def called(node: ast.AST) -> str:
    """The last name of what is called or decorated with: `event` of `rx.event(…)`."""
    target = node.func if isinstance(node, ast.Call) else node
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def public(name: str) -> bool:
    return not name.startswith("_")


def dataclasses(source: Source) -> Iterator[ast.ClassDef]:
    for value in source.classes:
        if "dataclass" in [called(mark) for mark in value.decorator_list]:
            yield value


def field_of(node: ast.stmt) -> str:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def _functions(node: ast.AST, inside: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{inside}{child.name}", child
            yield from _functions(child, f"{inside}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{inside}{child.name}.")
        else:
            yield from _functions(child, inside)

"""Rules about borders: configuration, time, errors, values."""

import ast
import re
import sys
from collections.abc import Iterator

from .sources import Found, Source, called, rule

KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")


@rule(
    "cloud_app/*.py",
    bites="""
def size():
    return os.environ["SIZE"]
""",
    excused={"cloud_app/settings.py": "the one place where the environment is read"},
)
def only_settings_read_the_environment(source: Source) -> Iterator[Found]:
    """Configuration that is read in the middle of the code cannot be listed or checked."""
    for node in source.nodes:
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = ast.unparse(node)
        if name in ("os.environ", "os.getenv") or (
            name in ("environ", "getenv") and _from_os(source)
        ):
            yield source.found(node, f"reads {name}")


@rule(
    "cloud_app/*.py",
    "tools/*.py",
    "alembic/*.py",
    "tests/*.py",
    "bench/*.py",
    bites="""
def once():
    try:
        work()
    except Exception:
        log.exception("failed")
""",
    fine="""
def once():
    try:
        work()
    except BaseException:
        undo()
        raise
""",
    excused={
        "cloud_app/loops/runner.py::Runner.run": "the edge around one pass of a loop",
        "cloud_app/loops/jobs.py::Jobs._run": "the same edge, around one piece of its work",
        "cloud_app/web/edge.py::Edge._answer": "the outer edge of everything that answers HTTP",
        "tests/storm/inline.py::AtOnceQueue.put_nowait": "hands it on to whoever awaits the answer",
        "tests/storm/inline.py::AtOnce.submit": "likewise",
        "cloud_app/web/edge.py::Edge._talk": "the same edge, around each websocket",
    },
)
def errors_are_caught_by_name(source: Source) -> Iterator[Found]:
    """A broad `except` hides the failure that nobody foresaw; it must be named or pass on."""
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = {ast.unparse(node.type)} if node.type else {"everything"}
        if isinstance(node.type, ast.Tuple):
            caught = {ast.unparse(kind) for kind in node.type.elts}
        passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if caught & {"everything", "Exception", "BaseException"} and not passes_on:
            yield source.found(node, f"catches {', '.join(sorted(caught))}")


@rule(
    "cloud_app/*.py",
    bites="""
@rx.var(cache=False)
def total(self) -> int:
    return 1
""",
)
def computed_vars_are_cached(source: Source) -> Iterator[Found]:
    """`cache=False` recomputes and sends again on every event of every visitor."""
    for node in source.nodes:
        if isinstance(node, ast.keyword) and ast.unparse(node) == "cache=False":
            yield source.found(node, "cache=False")


@rule(
    "cloud_app/*.py",
    "alembic/*.py",
    bites="""
def show():
    print("here")
""",
    excused={
        "cloud_app/account.py": "a command: it tells the first password, once",
        "cloud_app/demo.py": "a command: its lines are the log-ins shown to the person",
        "cloud_app/site.py": "a command: it tells which cloud does not answer yet",
    },
)
def the_portal_logs_and_does_not_print(source: Source) -> Iterator[Found]:
    """A printed line has no fields, no request id and no reader."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield source.found(node, "print")


@rule(
    "cloud_app/domain/*.py",
    bites="""
from sqlmodel import SQLModel
from datetime import datetime
def age(machine):
    return datetime.now() - machine.created_at
""",
    fine="""
from datetime import datetime
from cloud_app.domain.errors import NotFound
def age(machine, now: datetime):
    return now - machine.created_at
""",
)
def the_domain_is_pure(source: Source) -> Iterator[Found]:
    """Rules that read a clock, a file or a library cannot be tested by table."""
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            for name in names:
                top = (name or "").split(".")[0]
                ours = (name or "").startswith("cloud_app.domain")
                if top not in sys.stdlib_module_names and not ours:
                    yield source.found(node, f"imports {name}")
        if isinstance(node, ast.Call) and called(node) in ("now", "utcnow", "today", "open"):
            yield source.found(node, f"calls {ast.unparse(node.func)}")


@rule(
    "cloud_app/services/*.py",
    "cloud_app/loops/*.py",
    "cloud_app/models/*.py",
    "cloud_app/state/*.py",
    "cloud_app/api/*.py",
    "cloud_app/gateways/*.py",
    bites="""
def due():
    return datetime.now(UTC)
""",
)
def clocks_are_passed_in(source: Source) -> Iterator[Found]:
    """Code that reads the clock itself cannot be tested without sleeping."""
    clocks = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time")
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node) in clocks:
            yield source.found(node, f"reads {ast.unparse(node)}")


@rule(
    "cloud_app/domain/*.py",
    "cloud_app/services/*.py",
    "cloud_app/gateways/protocols.py",
    bites="""
@dataclass
class Machine:
    name: str
""",
    fine="""
@dataclass(frozen=True, slots=True)
class Machine:
    name: str
""",
)
def values_are_frozen(source: Source) -> Iterator[Found]:
    """A value that crosses a border and can be changed is changed by somebody else."""
    for value in source.classes:
        for mark in value.decorator_list:
            if called(mark) == "dataclass" and "frozen=True" not in ast.unparse(mark):
                yield Found(value.lineno, value.name, "is not frozen")


@rule(
    "cloud_app/*.py",
    bites="""
from cloud_app.domain.errors import Conflict
def check(name):
    raise Conflict(f"There is already a {name}.")
""",
    fine="""
from cloud_app.domain.errors import Conflict
def check(name):
    raise Conflict("machines.name.taken", name=name)
""",
)
def refusals_carry_keys(source: Source) -> Iterator[Found]:
    """A sentence in an error has one language and one wording; a key has all of them."""
    kinds = {
        alias.asname or alias.name
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and node.module == "cloud_app.domain.errors"
        for alias in node.names
    }
    for node in source.nodes:
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
            continue
        if called(node.exc) in kinds and node.exc.args:
            for said in _texts(node.exc.args[0]):
                if not KEY.fullmatch(said):
                    yield source.found(node, f"says {said!r}")


def _from_os(source: Source) -> bool:
    """Whether `environ` is the process's, not a parameter of an ASGI or WSGI call."""
    return any(isinstance(node, ast.ImportFrom) and node.module == "os" for node in source.nodes)


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts an error is made with: its key, or the keys by field."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Dict(values=values):
            for value in values:
                yield from _texts(value)
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in parts)
        case _:
            return

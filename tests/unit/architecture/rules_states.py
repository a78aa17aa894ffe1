"""Rules about states: every public method of a state is a door, every var is in the browser."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from .sources import (
    Found,
    Function,
    Source,
    called,
    calls,
    matching,
    public,
    rule,
)

REFLEX = frozenset({"State", "ComponentState", "SharedState"})
MARKS = frozenset({"public", "member", "instructor", "staff"})
PLAIN_TYPES = frozenset({"str", "int", "float", "bool", "dict", "list", "None", "Any"})
"""`Any` is what a browser may have sent: it has to be looked at, nothing is built from it."""
DEEPEST = 2
OF_FORMS = frozenset({"Invalid", "QuotaExceeded"})
"""Refusals that a form says beside what caused them."""


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    @rx.event
    async def load(self): ...
""",
    fine="""
class PageState(rx.State):
    @rx.event(background=True)
    @member
    async def load(self): ...
    @rx.var
    def total(self) -> int: ...
    def _helper(self): ...
""",
)
def handlers_say_who_may_send_them(source: Source) -> Iterator[Found]:
    """Every public method of a state can be called from any browser, decorated or not."""
    for state, method in _state_methods(source):
        marks = [called(mark) for mark in method.decorator_list]
        if "var" in marks:
            continue
        if "event" not in marks or sum(mark in MARKS for mark in marks) != 1:
            yield Found(
                method.lineno,
                f"{state}.{method.name}",
                "needs rx.event and one of @public @member @instructor @staff",
            )
        elif marks[0] != "event":
            yield Found(method.lineno, f"{state}.{method.name}", "rx.event goes on top")


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    @rx.event
    @member
    async def save(self, spec: MachineSpec): ...
""",
    fine="""
class PageState(rx.State):
    @rx.event
    @member
    async def save(self, form: dict[str, str], page: int | None = None): ...
    @rx.event
    @member
    async def answered(self, answer: dict[str, Any]): ...
""",
)
def events_carry_plain_values(source: Source) -> Iterator[Found]:
    """Reflex builds an argument of a class type from the browser's JSON: mass assignment."""
    for state, method in _state_methods(source):
        if "event" not in [called(mark) for mark in method.decorator_list]:
            continue
        for argument in [*method.args.args[1:], *method.args.kwonlyargs]:
            names = _names_in(argument.annotation)
            if not names or not names <= PLAIN_TYPES:
                said = ast.unparse(argument.annotation) if argument.annotation else "nothing"
                yield Found(
                    method.lineno, f"{state}.{method.name}", f"{argument.arg} is said to be {said}"
                )


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    def f(self):
        return rx.redirect(self.after)
""",
    fine="""
def leave():
    return rx.redirect(f"{routes.MACHINES}?page=2")
""",
)
def redirects_stay_at_home(source: Source) -> Iterator[Found]:
    """A redirect to a value that came from outside sends people to somebody else's site."""
    for name, function in source.functions:
        local = {
            target.id: ast.unparse(node.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in calls(function):
            if ast.unparse(node.func) != "rx.redirect" or not node.args:
                continue
            goal = ast.unparse(node.args[0])
            if "routes." not in goal and "routes." not in local.get(goal, ""):
                yield Found(node.lineno, name, f"goes to {goal}")


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    @rx.event
    @member
    async def set_name(self, name: str): ...
""",
)
def states_have_no_setters(source: Source) -> Iterator[Found]:
    """Reflex's own `setvar` event calls any `set_<var>` it finds: a door nobody looks at."""
    for state, method in _state_methods(source):
        if method.name.startswith("set_"):
            yield Found(method.lineno, f"{state}.{method.name}", "name the intention")


@rule(
    "cloud_app/*.py",
    bites="""
class A(rx.State): ...
class B(A): ...
class PageState(B): ...
""",
    fine="""
class A(rx.State): ...
class PageState(A): ...
""",
)
def states_stand_side_by_side(source: Source) -> Iterator[Found]:
    """Each event of a state loads all its ancestors, and their names collide in silence."""
    bases = {**_bases(), **_bases_in(source)}

    def depth(name: str) -> int:
        if name not in bases or name in _mixins() or name in REFLEX:
            return 0
        return 1 + max((depth(base) for base in bases[name] - {name}), default=0)

    for state in states_in(source):
        if depth(state.name) > DEEPEST:
            yield Found(state.lineno, state.name, f"{depth(state.name)} classes deep")


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    @rx.var
    async def rows(self) -> list[str]:
        return await portal().machines.names()
""",
)
def computed_vars_only_derive(source: Source) -> Iterator[Found]:
    """A computed var that asks anything blocks the loop and goes stale without a sign."""
    for state, method in _state_methods(source):
        if "var" not in [called(mark) for mark in method.decorator_list]:
            continue
        said = ast.unparse(method)
        for word in ("await ", "portal(", "now(", "open(", "today("):
            if word in said:
                yield Found(method.lineno, f"{state}.{method.name}", f"uses {word.strip()}")


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    @rx.event(background=True)
    @member
    async def watch(self):
        while True:
            await wait()
""",
    fine="""
class PageState(rx.State):
    @rx.event(background=True, supersedes=True)
    @member
    async def watch(self):
        while True:
            await wait()
""",
)
def watchers_end_with_their_page(source: Source) -> Iterator[Found]:
    """A background event that loops survives its tab and piles up, unless it is superseded."""
    for state, method in _state_methods(source):
        events = [ast.unparse(mark) for mark in method.decorator_list if called(mark) == "event"]
        loops = any(isinstance(node, ast.While) for node in ast.walk(method))
        if loops and any("background=True" in e and "supersedes=True" not in e for e in events):
            yield Found(method.lineno, f"{state}.{method.name}", "loops without supersedes=True")


@rule(
    "cloud_app/state/*.py",
    bites="""
class PageState(rx.State):
    @rx.event
    @member
    async def stop(self, machine_id: str):
        try:
            await portal().machines.stop(machine_id)
        except Conflict:
            return rx.toast("no")
""",
    excused={
        "cloud_app/state/session.py::SessionState.load": "strangers are shown the way in",
        "cloud_app/state/machine.py::MachineState.load": "what is not there is a page, not a toast",
    },
)
def handlers_leave_errors_to_the_boundary(source: Source) -> Iterator[Found]:
    """A `try` in each handler is fifty wordings of one failure; only a form says its own."""
    for state, method in _state_methods(source):
        for node in ast.walk(method):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                if caught not in OF_FORMS:
                    yield Found(node.lineno, f"{state}.{method.name}", f"catches {caught}")


@cache
def _bases() -> dict[str, frozenset[str]]:
    return {
        name: bases
        for source in matching("cloud_app/*.py")
        for name, bases in _bases_in(source).items()
    }


@cache
def _mixins() -> frozenset[str]:
    return frozenset(
        value.name
        for source in matching("cloud_app/*.py")
        for value in source.classes
        if any(keyword.arg == "mixin" for keyword in value.keywords)
    )


def _bases_in(source: Source) -> dict[str, frozenset[str]]:
    return {value.name: frozenset(called(base) for base in value.bases) for value in source.classes}


def _is_state(value: ast.ClassDef, here: Mapping[str, frozenset[str]]) -> bool:
    todo, seen = [value.name], set[str]()
    bases = {**_bases(), **here}
    while todo:
        name = todo.pop()
        if name in REFLEX and name != value.name:
            return True
        if name not in seen:
            seen.add(name)
            todo.extend(bases.get(name, ()))
    return False


def states_in(source: Source) -> Iterator[ast.ClassDef]:
    enums, here = {"StrEnum", "Enum"}, _bases_in(source)
    for value in source.classes:
        if _is_state(value, here) and not enums & {called(base) for base in value.bases}:
            yield value


def _state_methods(source: Source) -> Iterator[tuple[str, Function]]:
    for state in states_in(source):
        for node in state.body:
            if isinstance(node, Function) and public(node.name):
                yield state.name, node


def _names_in(annotation: ast.expr | None) -> set[str]:
    nodes = ast.walk(annotation) if annotation else ()
    return {n.id for n in nodes if isinstance(n, ast.Name)} | (
        {"None"} if annotation and "None" in ast.unparse(annotation) else set()
    )

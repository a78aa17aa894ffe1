"""Rules about doors: every use case and every route knows who is asking, and asks."""

import ast
from collections.abc import Iterator

from .sources import (
    Found,
    Function,
    Source,
    called,
    calls,
    field_of,
    matching,
    public,
    rule,
)


@rule(
    "cloud_app/services/*.py",
    bites="""
class MachineService:
    db: Database
    async def delete(self, machine_id: str, actor: Actor) -> None:
        actor.require(Action.CHANGE)
""",
    fine="""
class MachineService:
    db: Database
    async def delete(self, actor: Actor, machine_id: str) -> None: ...
""",
    excused={
        "cloud_app/services/accounts.py::AccountService.sign_in": "a door: nobody is known yet",
        "cloud_app/services/accounts.py::AccountService.actor_for": "a door: finds the actor",
        "cloud_app/services/accounts.py::AccountService.sign_out": "a door: the token is the right",
        "cloud_app/services/accounts.py::AccountService.open_account": "a door: makes the actor",
    },
)
def use_cases_are_told_who_is_asking(source: Source) -> Iterator[Found]:
    """A use case without `actor` as its first argument can be reached without one."""
    for name, method in _use_cases(source):
        given = [argument.arg for argument in method.args.args]
        if given[:2] != ["self", "actor"]:
            yield Found(method.lineno, name, f"takes {given}, not (self, actor, …)")


@rule(
    "cloud_app/services/*.py",
    bites="""
class MachineService:
    db: Database
    async def delete(self, actor: Actor, machine_id: str) -> None:
        await self._remove(actor, machine_id)
    async def _remove(self, actor: Actor, machine_id: str) -> None:
        write_down(actor, machine_id)
""",
    fine="""
class MachineService:
    db: Database
    async def delete(self, actor: Actor, machine_id: str) -> None:
        await self._remove(actor, machine_id)
    async def _remove(self, actor: Actor, machine_id: str) -> None:
        actor.require(Action.CHANGE, machine_id)
""",
    excused={
        "cloud_app/services/accounts.py::AccountService.projects": "lists by the actor's own id",
        "cloud_app/services/repeats.py::Repeats.claim": "keys are kept under the actor's own id",
        "cloud_app/services/repeats.py::Repeats.give_up": "keys are kept under the actor's own id",
    },
)
def use_cases_ask_what_the_actor_may(source: Source) -> Iterator[Found]:
    """A use case that takes an actor and never asks lets everybody who is logged in do it."""
    for name, method in _use_cases(source):
        takes_actor = any(argument.arg == "actor" for argument in method.args.args)
        if takes_actor and not _asks(method, source, frozenset()):
            yield Found(method.lineno, name, "never asks actor.require or actor.may")


@rule(
    "cloud_app/api/*.py",
    bites="""
@router.get("/servers")
async def servers() -> Page: ...
""",
    fine="""
@router.get("/servers")
async def servers(actor: CurrentActor) -> Page: ...
""",
    excused={
        "cloud_app/api/logins.py::log_in": "a door",
        "cloud_app/api/forms.py::log_in": "a door",
        "cloud_app/api/forms.py::log_out": "ends the log-in whose cookie it is sent",
        "cloud_app/api/health.py::health": "says only that the process lives",
    },
)
def routes_know_who_is_asking(source: Source) -> Iterator[Found]:
    """A route without `CurrentActor` answers anybody in the world."""
    verbs = {"get", "post", "put", "patch", "delete", "websocket", "route"}
    for name, function in source.functions:
        mounted = any(
            isinstance(mark, ast.Call) and called(mark) in verbs for mark in function.decorator_list
        )
        known = {ast.unparse(a.annotation) for a in function.args.args if a.annotation}
        if mounted and "CurrentActor" not in known:
            yield Found(function.lineno, name, "takes no CurrentActor")


def _use_cases(source: Source) -> Iterator[tuple[str, Function]]:
    """The public coroutines of every class that has the database in its hands."""
    for service in source.classes:
        if not any(field_of(node) == "db" for node in service.body):
            continue
        for node in service.body:
            if isinstance(node, ast.AsyncFunctionDef) and public(node.name):
                if any(argument.arg == "session" for argument in node.args.args):
                    continue  # A part of a use case: whoever opened the transaction has asked.
                yield f"{service.name}.{node.name}", node


def _asks(function: Function, source: Source, seen: frozenset[str]) -> bool:
    """Whether `function`, or one it hands `actor` to, asks what the actor may do."""
    for call in calls(function):
        if ast.unparse(call.func) in ("actor.require", "actor.may"):
            return True
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        name = called(call)
        if name in seen or not any(isinstance(g, ast.Name) and g.id == "actor" for g in given):
            continue
        bodies = _bodies(source, name)
        if bodies and all(_asks(body, source, seen | {name}) for body in bodies):
            return True
    return False


def _bodies(source: Source, name: str) -> list[Function]:
    here = [function for _, function in source.functions if function.name == name]
    elsewhere = matching("cloud_app/services/*.py")
    return here or [f for other in elsewhere for _, f in other.functions if f.name == name]

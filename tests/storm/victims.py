"""Processes to be killed: forked from one that has imported the portal and opened nothing.

What runs in them is the real thing, `cloud_app.worker` and the use cases, with a clock
that is faster than ours, so that a life takes seconds.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from cloud_app import bootstrap, worker
from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import PortalError
from cloud_app.domain.machines import Command, Machine
from tests.make import a_portal, a_spec

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Scene:
    """What all processes of one seed share."""

    var: Path
    student: Actor
    began: float
    """Our time when it began."""
    rate: float = 1.0
    """Seconds that pass for the portal and its cloud while one passes for us."""
    pause: float = 0.03
    """Between two passes of the loop. Seconds are ours."""
    template: str = "ubuntu"

    def now(self) -> datetime:
        passed = timedelta(seconds=(time.time() - self.began) * self.rate)
        return datetime.fromtimestamp(self.began, UTC) + passed

    def portal(self) -> Portal:
        built = a_portal(self.var, self.now, LOG_LEVEL="CRITICAL")
        built.machine_loop.every = self.pause
        bootstrap.use(built)
        return built


def loops(scene: Scene) -> ForkServerProcess:
    """`python -m cloud_app.worker`."""
    return _started(_work, scene)


def door(scene: Scene, pipe: Connection, *, with_loops: bool) -> ForkServerProcess:
    """A process that people ask; the whole portal if it runs the loops too."""
    return _started(_serve, scene, pipe, with_loops)


def _started(target: Callable[..., None], *args: object) -> ForkServerProcess:
    process = FORKS.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def _work(scene: Scene) -> None:
    scene.portal()
    asyncio.run(worker.work())


def _serve(scene: Scene, pipe: Connection, with_loops: bool) -> None:
    asyncio.run(_answer(scene, pipe, with_loops))


async def _answer(scene: Scene, pipe: Connection, with_loops: bool) -> None:
    portal = scene.portal()
    working = [asyncio.create_task(portal.run(loops=True))] if with_loops else []
    while True:
        try:
            verb, given = await asyncio.to_thread(pipe.recv)
        except EOFError:
            break
        try:
            machine = await _ask(portal, scene, verb, given)
            pipe.send(("done", machine.id))
        except PortalError as error:
            pipe.send((error.key, ""))
    for task in working:
        task.cancel()


async def _ask(portal: Portal, scene: Scene, verb: str, given: Mapping[str, Any]) -> Machine:
    student, machines = scene.student, portal.machines
    name, machine_id = given.get("name", ""), given.get("id", "")
    asks: Mapping[str, Callable[[], Awaitable[Machine]]] = {
        "rename": lambda: machines.rename(student, machine_id, name),
        "give_back": lambda: machines.give_back(student, machine_id),
        "retry": lambda: machines.retry(student, machine_id),
        **{
            command.value: lambda command=command: machines.command(student, machine_id, command)
            for command in Command
        },
    }
    if verb in asks:
        return await asks[verb]()
    spec = a_spec(student, scene.now, name=name, template_key=scene.template)
    return (await machines.order(student, spec)).machine

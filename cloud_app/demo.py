"""The practice campus of a first start: people, and mini-PCs in different states.

    python -m cloud_app.demo

Idempotent. Prints one line per log-in.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlmodel import select

from cloud_app.bootstrap import Portal, build
from cloud_app.domain.actor import Actor, Role
from cloud_app.domain.machines import Access, Command, Machine, MachineSpec, State
from cloud_app.hub import project_topic
from cloud_app.models.accounts import AccountRecord, account_by_handle, actor_of
from cloud_app.models.machines import MachineRecord
from cloud_app.settings import Settings
from cloud_app.site import PRACTICE_SITE, Site, apply

PASSWORD = "madang-2026"
PEOPLE = (
    ("minji", "김민지", Role.STUDENT),
    ("junho", "이준호", Role.STUDENT),
    ("seoyeon", "박서연", Role.STUDENT),
    ("hanprof", "한지우 교수", Role.INSTRUCTOR),
    ("staff", "클라우드 운영실", Role.STAFF),
)
DEADLINE = 60.0
SPEED = 20.0
"""The demo's machines build this much faster, so that a first start need not wait."""


async def found(portal: Portal) -> None:
    """Make the campus, unless it is there already."""
    await apply(Site.read(PRACTICE_SITE), portal)
    async with portal.db.read() as session:
        known = (await session.exec(select(AccountRecord.handle))).all()
        machines = (await session.exec(select(MachineRecord.id).limit(1))).first()
    for handle, name, role in PEOPLE:
        if handle not in known:
            await portal.accounts.open_account(handle, name, PASSWORD, role=role)
    if machines is None:
        await _furnish(portal)


async def _furnish(portal: Portal) -> None:
    """Order some machines and let the loops bring them to their states."""
    loops = asyncio.create_task(portal.run(loops=True))
    try:
        async with asyncio.timeout(DEADLINE):
            minji, junho = await _actor(portal, "minji"), await _actor(portal, "junho")
            web = await _order(portal, minji, "내 홈페이지", "web", "light")
            old = await _order(portal, minji, "지난 과제", "ubuntu", "light")
            team = await _order(portal, junho, "팀 프로젝트", "ubuntu", "develop")
            for actor, machine in ((minji, web), (minji, old), (junho, team)):
                await _until(portal, actor, machine, State.READY)
            await portal.machines.command(minji, old.id, Command.STOP)
            await _until(portal, minji, old, State.STOPPED)
    finally:
        loops.cancel()
        await asyncio.gather(loops, return_exceptions=True)


async def _actor(portal: Portal, handle: str) -> Actor:
    async with portal.db.read() as session:
        account = await account_by_handle(session, handle)
        if account is None:
            raise LookupError(handle)
        return await actor_of(session, account)


async def _order(portal: Portal, actor: Actor, name: str, template: str, size: str) -> Machine:
    spec = MachineSpec(
        project_id=next(iter(actor.projects)),
        name=name,
        size_key=size,
        template_key=template,
        return_on=portal.orders.today() + timedelta(days=30),
        access=Access.GENERATED,
    )
    return (await portal.machines.order(actor, spec)).machine


async def _until(portal: Portal, actor: Actor, machine: Machine, state: State) -> None:
    topic = project_topic(machine.project_id)
    while True:
        version = portal.hub.version(topic)
        if (await portal.machines.one(actor, machine.id)).state is state:
            return
        await portal.hub.wait({topic: version}, timeout=DEADLINE)


async def _main() -> None:
    settings = Settings.from_env()
    if not settings.practice:
        return  # A real site invents nobody.
    campus = build(replace(settings, practice_speed=SPEED))
    await found(campus)
    await campus.db.close()
    for handle, name, _ in PEOPLE:
        print(f"{handle}\t{PASSWORD}\t{name}")


if __name__ == "__main__":
    asyncio.run(_main())

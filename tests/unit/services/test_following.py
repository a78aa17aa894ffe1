"""What open pages follow: each is asked who is looking, and nobody waits for a second read."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import event

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import NotFound
from cloud_app.hub import CLOUDS
from tests.make import Clock, a_spec, own_project

TABS = 200


class Asked:
    """How often the machines of a project were read."""

    def __init__(self, portal: Portal) -> None:
        self.times = 0
        event.listen(portal.db.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.times += "FROM machine" in statement and "INSERT" not in statement


async def order(portal: Portal, actor: Actor, clock: Clock, name: str) -> None:
    await portal.machines.order(actor, a_spec(actor, clock, name=name))


async def test_what_others_follow_is_not_shown_to_a_stranger(
    portal: Portal, student: Actor, other: Actor, clock: Clock
):
    await order(portal, student, clock, "web-1")
    project = own_project(student)
    await portal.following.machines(student, project)

    for ask in (portal.following.machines, portal.following.usage):
        with pytest.raises(NotFound):
            await ask(other, project)


async def test_a_right_that_was_lost_is_missed_at_once(
    portal: Portal, student: Actor, clock: Clock
):
    await order(portal, student, clock, "web-1")
    project = own_project(student)
    await portal.following.machines(student, project)

    with pytest.raises(NotFound):
        await portal.following.machines(replace(student, projects={}), project)


async def test_a_failed_read_is_not_kept(portal: Portal, student: Actor):
    project = own_project(student)
    seer = replace(student, projects={**student.projects, "nowhere": student.projects[project]})

    for _ in range(2):
        with pytest.raises(NotFound):
            await portal.following.usage(seer, "nowhere")

    assert (await portal.following.usage(seer, project)).used.machines == 0


async def test_two_hundred_tabs_read_once(portal: Portal, student: Actor, clock: Clock):
    await order(portal, student, clock, "web-1")
    asked, project = Asked(portal), own_project(student)

    answers = await asyncio.gather(
        *(portal.following.machines(student, project) for _ in range(TABS))
    )

    assert asked.times == 1
    assert {len(answer) for answer in answers} == {1}


async def test_ones_own_change_is_seen_at_the_next_look(
    portal: Portal, student: Actor, clock: Clock
):
    project = own_project(student)
    for number in range(3):
        await order(portal, student, clock, f"web-{number}")
        seen = await portal.following.machines(student, project)
        usage = await portal.following.usage(student, project)

        assert len(seen) == usage.used.machines == number + 1


async def test_news_of_a_cloud_count_as_a_change(portal: Portal, student: Actor):
    asked, project = Asked(portal), own_project(student)

    await portal.following.machines(student, project)
    portal.hub.publish(CLOUDS)
    await portal.following.machines(student, project)

    assert asked.times == 2

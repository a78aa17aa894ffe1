"""Projects, users and limits are made once, and secrets are checked."""

import asyncio
from dataclasses import replace

import pytest

from cloud_app.domain.errors import Conflict, Refused
from cloud_app.gateways.protocols import Cloud, Limits, Scope

from .proving import Proving, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

NOWHERE = "0" * 32
LIMITS = Limits(machines=3, vcpus=6, ram_mib=4096, addresses=2)


async def test_a_wrong_secret_is_refused(cloud: Cloud, home: Scope) -> None:
    with pytest.raises(Refused) as refusal:
        await cloud.compute.find_servers(replace(home, secret="wrong"), new_key())

    assert refusal.value.key == "error.credential_refused"


async def test_a_user_of_another_project_is_refused(
    cloud: Cloud, home: Scope, stranger: Scope
) -> None:
    mixed = replace(stranger, project_id=home.project_id)

    with pytest.raises(Refused) as refusal:
        await cloud.compute.find_servers(mixed, new_key())

    assert refusal.value.key == "error.credential_refused"


async def test_limits_of_a_project_that_is_not_there_are_refused(cloud: Cloud) -> None:
    with pytest.raises(Refused):
        await cloud.identity.set_limits(NOWHERE, LIMITS)


async def test_a_project_that_is_not_there_gets_no_user_until_it_is(
    cloud: Cloud, home: Scope, proving: Proving
) -> None:
    key = proving.project_key()

    with pytest.raises(Conflict):
        await cloud.identity.ensure_user(key, NOWHERE, "secret")
    user_id = await cloud.identity.ensure_user(key, home.project_id, "secret")
    scope = proving.keep(replace(home, user_id=user_id, secret="secret"))

    assert await cloud.compute.find_servers(scope, new_key()) == []


async def test_a_project_is_made_once_and_may_change_its_name(
    cloud: Cloud, proving: Proving
) -> None:
    key = proving.project_key()
    scope = await proving.home(key)

    assert await cloud.identity.ensure_project(key, "Another name") == scope.project_id
    assert await cloud.identity.ensure_project(key, "Another name") == scope.project_id


async def test_what_several_make_at_once_is_one_project_and_one_user(
    cloud: Cloud, proving: Proving
) -> None:
    key, three = proving.project_key(), range(3)
    ensure_project, ensure_user = cloud.identity.ensure_project, cloud.identity.ensure_user

    projects = await asyncio.gather(*(ensure_project(key, "Rush") for _ in three))
    users = await asyncio.gather(*(ensure_user(key, projects[0], "secret") for _ in three))
    scope = proving.keep(Scope(project_id=projects[0], user_id=users[0], secret="secret"))

    assert len(set(projects)) == 1
    assert len(set(users)) == 1
    assert await cloud.compute.find_servers(scope, new_key()) == []


async def test_a_user_that_is_there_already_gets_the_new_secret(
    cloud: Cloud, proving: Proving
) -> None:
    key = proving.project_key()
    old = await proving.home(key)

    user_id = await cloud.identity.ensure_user(key, old.project_id, "new secret")

    assert user_id == old.user_id
    assert await cloud.compute.find_servers(replace(old, secret="new secret"), new_key()) == []
    with pytest.raises(Refused):
        await cloud.compute.find_servers(old, new_key())


async def test_limits_may_be_set_again(cloud: Cloud, home: Scope) -> None:
    await cloud.identity.set_limits(home.project_id, LIMITS)
    await cloud.identity.set_limits(home.project_id, replace(LIMITS, machines=-1))

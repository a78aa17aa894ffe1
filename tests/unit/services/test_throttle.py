"""Guessing of passwords: slowed down, and nobody locked out."""

import asyncio

import pytest

from cloud_app.bootstrap import Portal
from cloud_app.domain.errors import TooMany, Unauthenticated
from tests.make import PASSWORD, Clock, wrong_try

pytestmark = pytest.mark.usefixtures("student")


async def test_wrong_tries_make_the_account_wait_longer_and_longer(portal: Portal, clock: Clock):
    waits: list[int] = []
    for number in range(40):
        try:
            await wrong_try(portal, address=f"198.51.100.{number}")
        except TooMany as error:
            waits.append(error.seconds)
            clock.advance(error.seconds)

    assert waits[:6] == [1, 2, 4, 8, 16, 32]
    assert max(waits) <= 300


async def test_a_hundred_tries_at_once_are_a_hundred_tries(portal: Portal):
    answers = await asyncio.gather(
        *(portal.accounts.sign_in("minji", "wrong", address="198.51.100.1") for _ in range(100)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Unauthenticated) for answer in answers) <= 6
    assert sum(isinstance(answer, TooMany) for answer in answers) >= 94


async def test_unknown_names_are_throttled_alike(portal: Portal):
    for _ in range(5):
        await wrong_try(portal, "nobody")

    with pytest.raises(TooMany):
        await wrong_try(portal, "nobody")


async def test_one_address_cannot_guess_at_everybody(portal: Portal):
    for number in range(60):
        await wrong_try(portal, f"person{number}", address="198.51.100.1")

    with pytest.raises(TooMany):
        await portal.accounts.sign_in("minji", PASSWORD, address="198.51.100.1")


async def test_a_stranger_cannot_lock_the_owner_out(portal: Portal, clock: Clock):
    await portal.accounts.sign_in("minji", PASSWORD, address="203.0.113.7")
    clock.advance(days=1)
    for number in range(100):
        with pytest.raises((Unauthenticated, TooMany)):
            await portal.accounts.sign_in("minji", "wrong", address=f"198.51.100.{number}")

    assert (await portal.accounts.sign_in("minji", PASSWORD, address="203.0.113.7")).token


async def test_a_delay_ends(portal: Portal, clock: Clock):
    for _ in range(5):
        await wrong_try(portal)
    with pytest.raises(TooMany) as early:
        await portal.accounts.sign_in("minji", PASSWORD, address="198.51.100.1")

    clock.advance(early.value.seconds)

    assert (await portal.accounts.sign_in("minji", PASSWORD, address="198.51.100.1")).token


async def test_the_right_password_forgets_wrong_tries(portal: Portal):
    for _ in range(4):
        await wrong_try(portal)
    await portal.accounts.sign_in("minji", PASSWORD, address="198.51.100.1")

    for _ in range(4):
        await wrong_try(portal)

"""A silent service is left alone, asked by one, and never before the time it named."""

from dataclasses import dataclass

import pytest

from cloud_app.domain.errors import NotFound, PortalError, Unavailable
from cloud_app.gateways.openstack.lines import LONGEST_PAUSE, LONGEST_REST, Line
from tests.unit.gateways.wire import Answer, Wire, api_on, cloud_on, token


@dataclass
class Ticks:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def silence(service: str = "network", seconds: float = 0) -> PortalError:
    error = Unavailable("error.cloud_silent", seconds=seconds)
    error.service = service
    return error


def ask(line: Line, error: PortalError | None = None, *, question: bool = True) -> None:
    with line.held(question=question):
        if error is not None:
            raise error


def fail(line: Line, error: PortalError | None = None) -> None:
    with pytest.raises(PortalError):
        ask(line, error or silence())


def is_asked(line: Line, *, question: bool = True) -> bool:
    try:
        ask(line, question=question)
    except Unavailable:
        return False
    return True


def test_a_silent_service_is_left_alone_longer_each_time_and_never_too_long() -> None:
    ticks = Ticks()
    line, told = Line("network", ticks), list[Unavailable]()
    for _ in range(12):
        fail(line)
        with pytest.raises(Unavailable) as error:
            ask(line)
        told.append(error.value)
        ticks.now += LONGEST_PAUSE * 1.3

    pauses = [each.seconds for each in told]
    assert {each.service for each in told} == {"network"}
    assert pauses[0] < pauses[2] < pauses[4]
    assert max(pauses) <= LONGEST_PAUSE * 1.2


def test_a_service_is_not_asked_before_the_time_it_named() -> None:
    ticks = Ticks()
    line = Line("network", ticks)
    fail(line, silence(seconds=30))

    ticks.now += 29.9
    early = is_asked(line)
    ticks.now += 0.2

    assert not early
    assert is_asked(line)


def test_a_service_cannot_have_itself_forgotten() -> None:
    ticks = Ticks()
    line = Line("network", ticks)
    fail(line, silence(seconds=1e9))

    ticks.now += LONGEST_REST + 0.1

    assert is_asked(line)


def test_after_a_silence_one_asks_and_nobody_changes_anything_until_it_answered() -> None:
    ticks = Ticks()
    line = Line("network", ticks)
    fail(line)
    ticks.now += 2

    assert not is_asked(line, question=False)
    with line.held(question=True):
        assert not is_asked(line)
    assert is_asked(line, question=False)


def test_a_question_that_fails_for_a_reason_of_its_own_frees_the_line() -> None:
    ticks = Ticks()
    line = Line("network", ticks)
    fail(line)
    ticks.now += 2

    fail(line, silence("identity"))

    assert is_asked(line)


def test_a_refusal_and_an_error_of_one_request_are_answers() -> None:
    line = Line("network", Ticks())
    for error in (NotFound(), Unavailable(detail="500")):
        error.service = "network"
        fail(line, error)

    assert is_asked(line, question=False)


def test_a_service_that_asks_for_a_rest_gets_no_request_of_anybody() -> None:
    wire = Wire(lambda *_: (429, "slow down"))
    wire.headers["Retry-After"] = "20"
    api = api_on(wire)
    told: list[Unavailable] = []
    for _ in range(5):
        with pytest.raises(Unavailable) as error:
            api.get("/things/a", "thing")
        told.append(error.value)

    assert {each.key for each in told} == {"error.cloud_asks_to_wait"}
    assert len(wire.asked) == 1
    assert all(18 < each.seconds <= 20 for each in told)


async def test_one_silent_service_leaves_the_others_alone() -> None:
    def reply(_: str, url: str, __: object) -> Answer:
        if url.endswith("/auth/tokens"):
            return 201, {"token": token()}
        return (503, "away") if "/network" in url else (200, {"servers": []})

    wire = Wire(reply)
    wire.headers["X-Subject-Token"] = "t"
    cloud = cloud_on(wire)
    for _ in range(3):
        with pytest.raises(Unavailable) as error:
            await cloud.network.ports()
        assert error.value.service == "network"

    assert (await cloud.compute.servers(None)).complete
    assert sum("/network" in url for _, url, _ in wire.asked) == 1


async def test_keystones_silence_is_not_blamed_on_whom_it_was_asked_for() -> None:
    wire = Wire(lambda *_: (503, "away"))
    cloud = cloud_on(wire)

    for question in (cloud.compute.servers(None), cloud.network.ports()):
        with pytest.raises(Unavailable) as error:
            await question
        assert error.value.service == "identity"

    assert len(wire.asked) == 1

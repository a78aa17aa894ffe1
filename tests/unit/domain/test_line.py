"""Whose machine is built next."""

from datetime import UTC, datetime, timedelta

from cloud_app.domain.line import Line, Place, Waiting, in_turn

START = datetime(2026, 11, 21, tzinfo=UTC)


def ordered(*projects: str) -> list[Waiting]:
    """One machine each, a second apart; named for the project and its own number."""
    return [
        Waiting(machine_id=f"{project}{number}", project_id=project, since=START + number * SECOND)
        for number, project in enumerate(projects)
    ]


SECOND = timedelta(seconds=1)


def ids(waiting: list[Waiting], **building: int) -> list[str]:
    return [one.machine_id for one in in_turn(waiting, building)]


def test_one_project_alone_goes_by_age():
    assert ids(list(reversed(ordered("a", "a", "a")))) == ["a0", "a1", "a2"]


def test_whoever_orders_many_does_not_hold_up_whoever_orders_one():
    assert ids(ordered("a", "a", "a", "a", "b", "c")) == ["a0", "b4", "c5", "a1", "a2", "a3"]


def test_what_is_being_built_counts_as_a_turn():
    assert ids(ordered("a", "a", "b"), a=2) == ["b2", "a0", "a1"]


def test_nobody_waits_while_there_are_free_places():
    line = Line(waiting=ordered("a", "a"), building=0, usual=None)

    assert line.begun_next(10) == ["a0", "a1"]
    assert line.places(10) == {}


def test_more_being_built_than_allowed_begins_nothing():
    line = Line(waiting=ordered("a"), building=12, usual=None)

    assert line.begun_next(10) == []
    assert line.places(10) == {"a": {"a0": Place(ahead=0, wait=None)}}


def test_the_wait_follows_from_how_long_builds_took():
    line = Line(waiting=ordered("a", "b", "c"), building=1, usual=timedelta(minutes=2))

    places = line.places(2)

    assert line.begun_next(2) == ["a0"]
    assert places["b"]["b1"] == Place(ahead=0, wait=timedelta(minutes=1))
    assert places["c"]["c2"] == Place(ahead=1, wait=timedelta(minutes=2))

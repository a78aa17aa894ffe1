"""Times in words that move by themselves; the exact campus time is always one hover away."""

import reflex as rx

from cloud_app.state.locale import VISITOR, LocaleState, Text, t, word


class _Visitor(rx.Component):
    library = VISITOR


class _When(_Visitor):
    tag = "When"
    at: rx.Var[str]
    just_now: rx.Var[str]
    pattern: rx.Var[str]


class _Day(_Visitor):
    tag = "Day"
    on: rx.Var[str]
    bare: rx.Var[bool]


class _Elapsed(_Visitor):
    tag = "Elapsed"
    since: rx.Var[str]
    until: rx.Var[str]
    pattern: rx.Var[str]


class _CampusClock(_Visitor):
    tag = "CampusClock"
    now: rx.Var[str]
    zone: rx.Var[str]


class _PageTitle(_Visitor):
    tag = "PageTitle"
    text: rx.Var[str]


def when(at: Text) -> rx.Component:
    """How long ago something was."""
    return _When.create(at=at, just_now=t("time.now"))


def as_of(at: Text, how: str = "fresh") -> rx.Component:
    """How fresh the page is, or what stands beside it."""
    return _When.create(at=at, just_now=t("time.now"), pattern=t("time.as_of"), class_name=how)


def silent_since(at: Text, service: Text) -> rx.Component:
    """Since when a cloud has not answered, and what of it."""
    return _When.create(
        at=at,
        just_now=t("time.now"),
        pattern=word("time.silent", service),
        class_name="fresh silent",
    )


def day(on: Text) -> rx.Component:
    """A campus date that ends something, with the days to go."""
    return _Day.create(on=on)


def bare_day(on: Text) -> rx.Component:
    """A campus date alone."""
    return _Day.create(on=on, bare=True)


def elapsed(since: Text, until: Text = "", pattern: str = "machine.elapsed") -> rx.Component:
    """How long something has lasted, or lasted."""
    return _Elapsed.create(since=since, until=until, pattern=t(pattern))


def campus_clock() -> rx.Component:
    """Has times on this page follow the campus's clock, not the visitor's."""
    return _CampusClock.create(now=LocaleState.now, zone=LocaleState.zone)


def page_title(text: Text) -> rx.Component:
    return _PageTitle.create(text=text)

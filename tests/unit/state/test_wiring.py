"""The real app: nothing is left open by forgetting a mark or an installation."""

import inspect

from reflex_base.registry import RegistrationContext

from cloud_app import cloud_app
from cloud_app.api import forms
from cloud_app.services.accounts import AccountService
from cloud_app.state.guard import Guard, access_to
from cloud_app.state.tabs import Doors


def test_every_event_of_ours_says_who_may_send_it():
    ours = [
        name
        for name, registered in cloud_app.app._registration_context.event_handlers.items()
        if not name.endswith(".setvar") and registered.states[0].__module__.startswith("cloud_app")
    ]
    assert ours

    unmarked = [name for name in ours if access_to(name) is None]

    assert unmarked == []


def test_nobody_may_send_setvar():
    names = [n for n in RegistrationContext.get().event_handlers if n.endswith(".setvar")]

    assert {access_to(name) for name in names} == {None}


def test_the_guard_comes_first_and_the_doorkeeper_is_there():
    assert isinstance(cloud_app.app._middlewares[0], Guard)
    assert isinstance(cloud_app.app.event_namespace, Doors)


def test_the_doors_without_an_actor_are_known_by_name():
    doors = {
        name
        for name, method in inspect.getmembers(AccountService, inspect.isfunction)
        if not name.startswith("_") and "actor" not in inspect.signature(method).parameters
    }

    assert doors == {"sign_in", "actor_for", "sign_out", "open_account"}


def test_forms_are_not_part_of_the_described_api():
    assert not forms.router.include_in_schema

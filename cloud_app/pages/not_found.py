"""Nothing lives at this address."""

import reflex as rx

from cloud_app import routes
from cloud_app.components.button import link_button
from cloud_app.components.shell import open_page
from cloud_app.components.table import empty
from cloud_app.components.tokens import PRIMARY


@open_page("404", title="not_found.title")
def not_found() -> rx.Component:
    return rx.el.main(
        empty(
            "nowhere",
            "not_found.title",
            "not_found.words",
            link_button("not_found.home", routes.HOME, kind=PRIMARY),
            alone=True,
        ),
        class_name="alone",
    )

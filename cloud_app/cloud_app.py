"""The app: pages listed, HTTP doors mounted, guard set, loops started."""

import reflex as rx

from cloud_app import pages
from cloud_app.api.app import api
from cloud_app.state.guard import Guard

app = rx.App(api_transformer=api)
app.add_middleware(Guard(), 0)

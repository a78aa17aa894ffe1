"""Every page of the portal. Importing them lists them; the app is made with `shell.LOOK`."""

from cloud_app.pages import login, machine, machines, not_found, order, overview

__all__ = ["login", "machine", "machines", "not_found", "order", "overview"]

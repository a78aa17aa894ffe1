"""Every page of the portal. Importing them lists them; the app is made with `shell.LOOK`."""

from cloud_app.pages import login, machines, not_found

__all__ = ["login", "machines", "not_found"]

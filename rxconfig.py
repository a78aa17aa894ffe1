"""Reflex's settings, taken from ours. Read by the build, the server and `reflex` by hand."""

import os
import sys
from pathlib import Path

# Before reflex is imported: Node comes from the wheel in the same environment.
_BIN = str(Path(sys.executable).parent)
if _BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = _BIN + os.pathsep + os.environ.get("PATH", "")
os.environ.setdefault("REFLEX_USE_NPM", "1")
os.environ.setdefault("REFLEX_CHECK_LATEST_VERSION", "false")

import reflex as rx  # noqa: E402
from reflex.constants import StateManagerMode  # noqa: E402

from cloud_app.settings import DEFAULT_PORT, Settings  # noqa: E402

HALF_A_DAY_SECONDS = 12 * 60 * 60
"""An idle tab keeps its filters and page over a lecture, a meal and a meeting."""

_settings = Settings.from_env()
_port = int(os.environ.get("MADANG_PORT") or DEFAULT_PORT)

config = rx.Config(
    app_name="cloud_app",
    frontend_port=_port,
    backend_port=_port,
    cors_allowed_origins=list(_settings.public_urls),
    redis_url=_settings.redis_url or None,
    state_manager_mode=(StateManagerMode.REDIS if _settings.redis_url else StateManagerMode.MEMORY),
    redis_token_expiration=HALF_A_DAY_SECONDS,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
)

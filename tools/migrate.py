"""Bring the database to the newest schema: `python -m tools.migrate`, run inside `.venv`."""

import os

from alembic import command
from alembic.config import Config

from tools import places


def main() -> None:
    """Run every migration that the database does not have yet."""
    os.umask(places.OWN_FILES)
    command.upgrade(Config(str(places.ROOT / "alembic.ini")), "head")


if __name__ == "__main__":
    main()

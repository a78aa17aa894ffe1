"""Opens an account from the shell: the first ones of a new site.

    python -m cloud_app.account HANDLE NAME [student|instructor|staff]

Prints a first password, once.
"""

import asyncio
import secrets
import sys

from cloud_app.bootstrap import portal
from cloud_app.domain.actor import Role
from cloud_app.domain.errors import Conflict, Invalid

USAGE = "usage: account HANDLE NAME [student|instructor|staff]"


async def open_one(handle: str, name: str, role: Role) -> str:
    """Open the account with a project of its own; return its first password."""
    password = secrets.token_urlsafe(12)
    await portal().accounts.open_account(handle, name, password, role=role)
    await portal().db.close()
    return password


def main(argv: list[str]) -> None:
    """Open one account, or say in one sentence why not."""
    roles = [role.value for role in Role]
    if len(argv) not in (2, 3) or (len(argv) == 3 and argv[2] not in roles):
        sys.exit(USAGE)
    role = Role(argv[2]) if len(argv) == 3 else Role.STUDENT
    try:
        print(asyncio.run(open_one(argv[0], argv[1], role)))  # noqa: T201 - asked for
    except Conflict:
        sys.exit(f"{argv[0]} is taken.")
    except Invalid as error:
        sys.exit(f"This does not work: {', '.join(error.fields)}.")


if __name__ == "__main__":
    main(sys.argv[1:])

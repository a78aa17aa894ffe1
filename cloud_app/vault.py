"""Secrets at rest: encrypted with a key that is not in the database.

The key file holds one key per line, newest first; old ones still decrypt, so a
key is changed by putting a new line on top.
"""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class WrongKey(Exception):
    """The secret was encrypted with a key that is not in the key file."""


class Vault:
    def __init__(self, keys: list[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def open(cls, file: Path) -> "Vault":
        """Read the key file; make one, readable by its owner only, at the first start."""
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(f".{os.getpid()}")
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as out:
                out.write(Fernet.generate_key() + b"\n")
            try:
                # A link fails when another process was first; a rename would not.
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return cls(file.read_bytes().split())

    def lock(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def unlock(self, locked: str) -> str:
        """Return the secret; raises WrongKey."""
        try:
            return self._fernet.decrypt(locked.encode()).decode()
        except InvalidToken as error:
            raise WrongKey() from error


def new_secret() -> str:
    return secrets.token_urlsafe(32)

"""What travels to a guest for its first boot, and what people may put into it.

Only public keys and password hashes travel. The portal's own part comes first
and is completed by the owner's: lists are joined, other values of ours stay.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Protocol, cast

import yaml
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)
from passlib.handlers.sha2_crypt import sha512_crypt

from cloud_app.domain.errors import Invalid

CLOUD_INIT_LIMIT = 16 * 1024
"""Characters. Nova takes 64 KiB of base64 in all."""
ROUNDS = 100_000
LEAST_RSA_BITS = 2048
SCRIPT = "/var/lib/madang/first-boot"


class _Scheme(Protocol):
    def hash(self, secret: str) -> str: ...


_SCHEME = cast(_Scheme, sha512_crypt.using(rounds=ROUNDS))


def new_key(comment: str) -> tuple[str, str]:
    """Make an Ed25519 key: (private in OpenSSH's form, public line)."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode(), f"{public.decode()} {comment}"


def checked_public_key(text: str) -> str:
    """Return the key on one line; raises Invalid for anything that sshd would not take."""
    line = " ".join(text.split())
    try:
        key = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid({"public_key": "machines.public_key.invalid"}) from error
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise Invalid({"public_key": "machines.public_key.invalid"})
    return line


async def hash_password(password: str) -> str:
    """The hash that a Linux guest checks log-ins against; slow on purpose, so in a thread."""
    return await asyncio.to_thread(_SCHEME.hash, password)


def checked_cloud_init(text: str) -> str:
    """Return the owner's cloud-init as given; raises Invalid when a guest could not read it."""
    if not text.strip():
        return ""
    if len(text) > CLOUD_INIT_LIMIT:
        raise Invalid({"cloud_init": "machines.cloud_init.too_long"})
    if not text.startswith("#!"):
        _read(text)
    return text


def _read(text: str) -> dict[str, Any]:
    if not text.startswith("#cloud-config"):
        raise Invalid({"cloud_init": "machines.cloud_init.no_header"})
    try:
        content: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid({"cloud_init": "machines.cloud_init.invalid"}) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise Invalid({"cloud_init": "machines.cloud_init.invalid"})
    parts = cast(dict[object, Any], content)
    if not all(isinstance(name, str) for name in parts):
        raise Invalid({"cloud_init": "machines.cloud_init.invalid"})
    return cast(dict[str, Any], parts)


def host_name(name: str, key: str) -> str:
    """A name the guest may carry: the machine's own where it fits, else one made of its id."""
    plain = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:40].strip("-")
    return plain or f"pc-{key[:8]}"


def user_data(
    *, hostname: str, login_user: str, public_key: str, password_hash: str, cloud_init: str
) -> str:
    """The whole cloud-config of a machine. `cloud_init` must have been checked."""
    user: dict[str, Any] = {
        "name": login_user,
        "gecos": "Madang",
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "lock_passwd": not password_hash,
    }
    if public_key:
        user["ssh_authorized_keys"] = [public_key]
    if password_hash:
        user["passwd"] = password_hash
    ours: dict[str, Any] = {
        "hostname": hostname,
        "preserve_hostname": False,
        "ssh_pwauth": bool(password_hash),
        "disable_root": True,
        "users": [user],
        "write_files": [
            {
                "path": "/etc/madang",
                "content": f"hostname={hostname}\n",
                "permissions": "0644",
            }
        ],
    }
    theirs = _script(cloud_init) if cloud_init.startswith("#!") else {}
    if cloud_init and not theirs:
        theirs = _read(cloud_init)
    merged = yaml.safe_dump(_merge(ours, theirs), sort_keys=False, allow_unicode=True)
    return f"#cloud-config\n{merged}"


def _script(text: str) -> dict[str, Any]:
    file = {"path": SCRIPT, "content": text, "permissions": "0700"}
    return {"write_files": [file], "runcmd": [[SCRIPT]]}


def _merge(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**theirs, **ours}
    for name, mine in ours.items():
        other = theirs.get(name)
        if isinstance(mine, list) and isinstance(other, list):
            merged[name] = [*cast(list[Any], mine), *cast(list[Any], other)]
    return merged

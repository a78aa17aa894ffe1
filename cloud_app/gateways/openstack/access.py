"""A cloud row's access, as it is kept: everything but the secret, and the secret apart."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import yaml

from cloud_app.gateways.openstack.connect import ApplicationCredential, CloudAccess, Password


class WrongAccess(Exception):
    """One sentence on why a cloud cannot be reached the way it is described."""


def access_of(kept: Mapping[str, Any], secret: str) -> CloudAccess:
    """Put access and secret together again; raises WrongAccess for what no cloud can have."""
    known = {one.name for one in fields(CloudAccess)} | {"application_credential_id"}
    if strange := sorted(set(kept) - known):
        raise WrongAccess(f"A cloud has no choice named {', '.join(strange)}.")
    choices: dict[str, Any] = {
        name: tuple(cast(list[str], value)) if isinstance(value, list) else value
        for name, value in kept.items()
        if name not in ("manager", "application_credential_id")
    }
    if kept.get("external_network") == "":
        choices["external_network"] = None
    if "application_credential_id" in kept:
        credential = str(kept["application_credential_id"])
        return CloudAccess(manager=ApplicationCredential(id=credential, secret=secret), **choices)
    return CloudAccess(manager=Password(password=secret, **kept["manager"]), **choices)


SHIPPED = frozenset({"", "admin", "password", "secret", "changeme", "nomoresecret", "openstack"})
"""Passwords that installers and their manuals come with."""


def read_clouds_yaml(file: Path, name: str) -> tuple[dict[str, Any], str]:
    """Take one cloud out of the field's usual file: (access without the secret, secret)."""
    try:
        cloud = yaml.safe_load(file.read_text("utf-8"))["clouds"][name]
        auth = cloud["auth"]
        access: dict[str, Any] = {"auth_url": auth["auth_url"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise WrongAccess(f"{file}: no cloud {name!r} can be read there ({error}).") from error
    for kept, given in (("region", "region_name"), ("ca_file", "cacert")):
        if cloud.get(given):
            access[kept] = cloud[given]
    if "application_credential_id" in auth:
        access["application_credential_id"] = auth["application_credential_id"]
        secret = str(auth.get("application_credential_secret", ""))
    else:
        access["manager"] = {
            "username": auth.get("username", ""),
            "project_name": auth.get("project_name", ""),
            "user_domain": auth.get("user_domain_name", "Default"),
            "project_domain": auth.get("project_domain_name", "Default"),
        }
        secret = str(auth.get("password", ""))
    if secret.lower() in SHIPPED:
        raise WrongAccess(f"{file}: the password of {name!r} is one that installers come with.")
    return access, secret

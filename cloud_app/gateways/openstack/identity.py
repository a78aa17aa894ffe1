"""Projects, users and quotas, made and set as the manager.

Keystone refuses two projects or users of one name in a domain, so the key in the
name is all it takes to make each of them once.
"""

from dataclasses import dataclass
from time import sleep

from cloud_app.domain.errors import Conflict, NotFound, Refused
from cloud_app.gateways.openstack.connect import Sessions
from cloud_app.gateways.openstack.errors import nothing_missing
from cloud_app.gateways.openstack.rest import Api, Json
from cloud_app.gateways.protocols import Limits
from cloud_app.gateways.threads import Threads

TAG = "madang"
"""Marks the portal's projects for whoever looks at Keystone without it."""

SPARE_PORTS = 10
"""Besides one a machine: the router's and DHCP's, and those of servers being replaced."""

SECURITY_GROUPS = 40
SECURITY_GROUP_RULES = 400
"""Room for one group per set of open ports that templates ask for."""

SECOND_OF_A_CHANGE = 1.1
"""Keystone dates a password change by whole seconds and refuses every token of that second,
also those issued after it (seen on keystone 30.0.0)."""


@dataclass(frozen=True, slots=True)
class OpenStackIdentity:
    sessions: Sessions
    threads: Threads

    async def ensure_project(self, key: str, name: str) -> str:
        def call() -> str:
            body = {
                "name": self.sessions.access.prefix + key,
                "description": name,
                "domain_id": self._domain(),
                "tags": [TAG],
            }
            api = self.sessions.manager("identity")
            found = _ensured(api, "project", body)
            if found["description"] != name:
                api.patch(f"/projects/{found['id']}", {"project": {"description": name}})
            return str(found["id"])

        return await self.threads.run(call)

    async def has_project(self, project_id: str) -> bool:
        def call() -> bool:
            try:
                self.sessions.manager("identity").get(f"/projects/{project_id}", "project")
            except NotFound:
                return False
            return True

        return await self.threads.run(call)

    async def ensure_user(self, key: str, project_id: str, secret: str) -> str:
        def call() -> str:
            api = self.sessions.manager("identity")
            body = {
                "name": self.sessions.access.prefix + key,
                "domain_id": self._domain(),
                "default_project_id": project_id,
            }
            known = _named(api, "user", body)
            user_id = str((known or _ensured(api, "user", body | {"password": secret}))["id"])
            with nothing_missing():
                if known is not None:
                    api.patch(f"/users/{user_id}", {"user": {"password": secret, "enabled": True}})
                    sleep(SECOND_OF_A_CHANGE)
                api.put(f"/projects/{project_id}/users/{user_id}/roles/{self._member_role(api)}")
            return user_id

        return await self.threads.run(call)

    async def set_limits(self, project_id: str, limits: Limits) -> None:
        def call() -> None:
            nova: Json = {
                "instances": limits.machines,
                "cores": limits.vcpus,
                "ram": limits.ram_mib,
                "force": True,  # also below what is used: nothing stops, nothing new starts
            }
            ports = limits.machines if limits.machines < 0 else limits.machines + SPARE_PORTS
            neutron: Json = {
                "floatingip": limits.addresses,
                "port": ports,
                "security_group": SECURITY_GROUPS,
                "security_group_rule": SECURITY_GROUP_RULES,
                "force": True,
            }
            manager = self.sessions.manager
            with nothing_missing():
                manager("compute").put(f"/os-quota-sets/{project_id}", {"quota_set": nova})
                manager("network").put(f"/quotas/{project_id}", {"quota": neutron})

        await self.threads.run(call)

    def _domain(self) -> str:
        """Projects and users stand in the domain that the manager's own project is in."""
        domain_id = self.sessions.manager_token().project_domain_id
        if domain_id is None:
            raise Refused("error.cloud_misconfigured", detail="the manager is in no project")
        return domain_id

    def _member_role(self, api: Api) -> str:
        wanted = self.sessions.access.member_role
        for role in api.all("/roles", "roles", name=wanted):
            return str(role["id"])
        raise Refused("error.cloud_misconfigured", detail=f"no role {wanted}")


def _ensured(api: Api, noun: str, body: Json) -> Json:
    """Find the project or user of that name in that domain, or make it."""
    found = _named(api, noun, body)
    if found is not None:
        return found
    try:
        return api.post(f"/{noun}s", {noun: body}, noun)
    except Conflict:
        found = _named(api, noun, body)  # somebody was faster
        if found is None:
            raise
        return found


def _named(api: Api, noun: str, body: Json) -> Json | None:
    same = api.all(f"/{noun}s", f"{noun}s", name=body["name"], domain_id=body["domain_id"])
    return next(iter(same), None)

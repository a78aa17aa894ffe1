"""What the practice cloud is made of: hosts, flavors, images, and how long things take.

The numbers are those of a small real site. `speed` divides every duration, so
that a test or a demo need not wait, and is applied when something is ordered:
what is under way keeps the pace it was started with.
"""

from dataclasses import dataclass, field

from cloud_app.gateways.protocols import Flavor, Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One hypervisor; its room after overcommitting is what servers are placed into."""

    name: str
    vcpus: int
    ram_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestImage:
    """An image together with how its guest behaves once it runs."""

    image: Image
    system: str
    """What the boot log calls the operating system."""
    kernel: str
    ports: tuple[int, ...] = (22,)
    """TCP ports something in the guest listens on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that things take at speed 1."""

    build: float = 6.0
    boot: float = 5.0
    """From ACTIVE until SSH answers."""
    stop: float = 2.0
    start: float = 2.0
    restart: float = 4.0
    delete: float = 2.0
    deleted_visible: float = 3600.0
    """How long a deleted server is still told to who asks for changes."""


def _flavor(name: str, vcpus: int, ram_gib: int, disk_gib: int) -> Flavor:
    return Flavor(
        id=f"practice.{name}",
        name=f"practice.{name}",
        vcpus=vcpus,
        ram_mib=ram_gib * 1024,
        disk_gib=disk_gib,
    )


def _image(
    name: str,
    system: str,
    user: str,
    *,
    kernel: str = "6.8.0-49-generic",
    ports: tuple[int, ...] = (22,),
    disk: int = 10,
    ram: int = 512,
    usable: bool = True,
) -> GuestImage:
    return GuestImage(
        image=Image(
            id=f"practice-{name}",
            name=name,
            usable=usable,
            min_disk_gib=disk,
            min_ram_mib=ram,
            login_user=user,
        ),
        system=system,
        kernel=kernel,
        ports=ports,
    )


FLAVORS = (
    _flavor("light", 1, 1, 10),
    _flavor("small", 1, 2, 20),
    _flavor("medium", 2, 4, 40),
    _flavor("large", 4, 8, 80),
)

IMAGES = (
    _image("ubuntu-24.04", "Ubuntu 24.04.1 LTS", "ubuntu"),
    _image("debian-13", "Debian GNU/Linux 13 (trixie)", "debian", kernel="6.12.6-amd64", disk=5),
    _image("rocky-10", "Rocky Linux 10.0", "rocky", kernel="6.12.0-55.el10", ram=1024),
    _image("python-lab", "Ubuntu 24.04.1 LTS", "ubuntu", ports=(22, 8888), disk=20, ram=2048),
    _image(
        "web", "Debian GNU/Linux 13 (trixie)", "debian", kernel="6.12.6-amd64", ports=(22, 80, 443)
    ),
    _image("ubuntu-20.04", "Ubuntu 20.04.6 LTS", "ubuntu", usable=False),
)
"""The last one is deactivated, as every real site has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything about the practice cloud that its owner may choose."""

    speed: float = 1.0
    hosts: tuple[Host, ...] = (
        Host(name="practice-1", vcpus=16, ram_mib=65536),
        Host(name="practice-2", vcpus=16, ram_mib=65536),
    )
    vcpu_overcommit: float = 4.0
    ram_overcommit: float = 1.0
    address_pool: int = 64
    """How many external addresses there are; at most 240 of 203.0.113.0/24."""
    flavors: tuple[Flavor, ...] = FLAVORS
    images: tuple[GuestImage, ...] = IMAGES
    pace: Pace = field(default_factory=Pace)

    def seconds(self, at_speed_one: float) -> float:
        return at_speed_one / self.speed

    def flavor(self, flavor_id: str) -> Flavor | None:
        return next((one for one in self.flavors if one.id == flavor_id), None)

    def guest(self, image_id: str) -> GuestImage | None:
        return next((one for one in self.images if one.image.id == image_id), None)

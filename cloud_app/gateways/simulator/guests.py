"""What the guests of the practice cloud do once they run."""

from cloud_app.gateways.simulator.life import life
from cloud_app.gateways.simulator.servers import bound
from cloud_app.gateways.simulator.store import Tx


def answers(tx: Tx, address: str, port: int) -> bool:
    """Whether a TCP connection from the campus would be accepted.

    It takes an external address bound to a port, a group that lets it in, a
    server on that port that has booted, and something in it that listens.
    """
    row = tx.one(
        "SELECT port.* FROM address JOIN port ON port.id = address.port_id"
        " WHERE address.address = ?",
        address,
    )
    if row is None or str(port) not in row["open_ports"].split():
        return False
    server = tx.one("SELECT * FROM server WHERE id = ?", bound(tx).get(row["id"]))
    if server is None or not life(server, tx.now).booted:
        return False
    guest = tx.site.guest(server["image_id"])
    return guest is not None and port in guest.ports

"""PostgreSQL and Redis as programs of one test session, each in a folder of its own.

A keeper stops the server and removes its folder as soon as the keeper's standard
input closes: at the end, and also when the tests are killed.
"""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.running import until
from tools import servers

START_SECONDS = 30
KEEPER = """
end=$1 folder=$2
shift 2
"$@" > "$folder/log" 2>&1 &
server=$!
cat > /dev/null
kill -s "$end" "$server" 2> /dev/null
wait "$server"
rm -rf "$folder"
"""
CARELESS = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    *("listen_addresses=", "max_connections=300", "shared_buffers=64MB", "max_wal_size=96MB"),
)
"""What a power cut would take does not matter here, and nobody but us may come in."""


@contextmanager
def postgres() -> Generator[Path]:
    """Run PostgreSQL; gives the folder of its socket, where everybody is `postgres`."""
    programs, _ = servers.ensure()
    folder = _folder("postgres")
    account = _plain_account()
    if account is not None:
        shutil.chown(folder, account)
    data = folder / "data"
    first = [programs / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust"]
    first += ["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
    subprocess.run(first, check=True, user=account, cwd="/", stdout=subprocess.DEVNULL)
    given = [word for setting in CARELESS for word in ("-c", setting)]
    serve = [programs / "postgres", "-D", data, "-k", folder, *given]
    with _kept(folder, serve, end="QUIT", user=account):
        _wait_for([programs / "pg_isready", "--quiet", "--host", folder])
        yield folder


@contextmanager
def redis(folder: Path | None = None) -> Generator[str]:
    """Run Redis, which keeps nothing; gives its address, the same again for the same folder."""
    _, program = servers.ensure()
    folder = folder or redis_folder()
    folder.mkdir(exist_ok=True)
    socket = folder / "socket"
    command = [program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
    with _kept(folder, command, end="TERM"):
        _wait_for(["test", "-S", socket])
        yield f"unix://{socket}"


def redis_folder() -> Path:
    return _folder("redis")


def _wait_for(command: Sequence[str | Path]) -> None:
    def asked() -> bool:
        return subprocess.call(command) == 0

    async def there() -> bool:
        return await asyncio.to_thread(asked)

    asyncio.run(until(there, START_SECONDS, every=0.05, what=str(command)))


def _folder(name: str) -> Path:
    """A short path, as a socket needs; in memory where there is such a folder: six times faster."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"madang-{name}-", dir=memory if memory.is_dir() else None))


def _plain_account() -> str | None:
    """PostgreSQL refuses to run as root."""
    return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None


@contextmanager
def _kept(
    folder: Path, command: Sequence[str | Path], *, end: str, user: str | None = None
) -> Generator[None]:
    """Run a server until the end of the block; the signal `end` stops it at once."""
    keeper = subprocess.Popen(
        ["sh", "-c", KEEPER, "keeper", end, folder, *command],
        stdin=subprocess.PIPE,
        user=user,
        cwd="/",
        start_new_session=True,
    )
    try:
        yield
    finally:
        keeper.communicate()

"""`./madang` says in one sentence what is wrong, repairs what it left half-made, builds when it
must, and leaves nothing behind. Refusals run the real command in a copy of the launcher."""

import ast
import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest

from tools import build, locks, places
from tools.steps import Failed

ROOT = Path(__file__).parents[2]
NO_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_INDEX": "1"}
READY = "from tools import packages as p; print(p.is_ready(p.RUNTIME))"
OLD = (
    "import sys; sys.version_info = (3, 6, 15); sys.argv = ['madang', 'up'];"
    " exec({source!r}, {scope})"
)


def a_copy(folder: Path) -> Path:
    """Return a launcher of its own, with nothing to install."""
    root = folder / "copy"
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "madang", root / "madang")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements.lock"):
        (root / name).touch()
    return root


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return a_copy(tmp_path)


def call(root: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *argv],
        cwd=root,
        env=known | {"PYTHONUTF8": "1"} | env,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def is_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> bool:
    said = done.stdout + done.stderr
    return (
        done.returncode != 0
        and len(said.strip().splitlines()) == 1
        and "Traceback" not in said
        and all(word in said for word in words)
    )


def test_an_old_python_is_told_which_one_is_needed(tmp_path: Path) -> None:
    source = (ROOT / "madang").read_text("utf-8")
    scope = {"__name__": "__main__", "__file__": str(ROOT / "madang")}

    done = call(ROOT, "-c", OLD.format(source=source, scope=scope), PATH=str(tmp_path))

    assert is_one_sentence(done, "Python 3.11", "this one is 3.6", "필요합니다")


def test_the_command_itself_can_be_read_by_an_old_python() -> None:
    source = (ROOT / "madang").read_text("utf-8")

    ast.parse(source, feature_version=(3, 4))
    assert "coding: utf-8" in source.splitlines()[1], "Python 2 reads no Korean without it"


def test_a_taken_port_is_refused_before_anything_is_installed(copy: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = call(copy, "madang", "up", "--port", str(port))

    assert is_one_sentence(done, str(port), "--port")
    assert not (copy / ".venv").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(copy: Path, port: str) -> None:
    done = call(copy, "madang", "up", f"--port={port}")

    assert is_one_sentence(done, "not a port")


def test_a_folder_that_cannot_be_written_is_named(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    var = tmp_path / "file" / "var"

    done = call(copy, "madang", "up", MADANG_VAR=str(var))

    assert is_one_sentence(done, str(var), "cannot be written")


def test_a_running_portal_is_named_with_its_pid(copy: Path, tmp_path: Path) -> None:
    lock = locks.take(tmp_path / "var" / locks.PORTAL, port=8042)
    assert lock is not None

    with lock:
        done = call(copy, "madang", "up", MADANG_VAR=str(tmp_path / "var"))

    assert is_one_sentence(done, f"pid {os.getpid()}", "8042")


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose first install was killed, after the next one."""
    root = a_copy(tmp_path_factory.mktemp("half-made"))
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").write_text("half of a file")
    (root / ".venv" / "madang-unfinished").touch()
    code = "from tools import packages; packages.ensure()"
    assert call(root, "-c", code, **NO_INDEX).returncode == 0
    return root


def test_an_environment_killed_in_the_middle_is_made_anew(repaired: Path) -> None:
    assert call(repaired, "-c", READY).stdout == "True\n"
    assert not (repaired / ".venv" / "madang-unfinished").exists()


def test_changed_requirements_are_noticed(repaired: Path) -> None:
    before = (repaired / "requirements.lock").read_text()

    (repaired / "requirements.lock").write_text("something==2\n")

    assert call(repaired, "-c", READY).stdout == "False\n"
    (repaired / "requirements.lock").write_text(before)


def test_a_missing_package_index_is_not_a_traceback(repaired: Path) -> None:
    (repaired / "requirements-dev.txt").write_text("madang-has-no-such-package==1\n")

    done = call(repaired, "madang", "check", PIP_INDEX_URL=NO_INDEX["PIP_INDEX_URL"])

    assert done.returncode == 1
    assert "package index cannot be reached" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("pages/login.py", "services/machines.py", "settings.py"):
        file = tmp_path / "cloud_app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")
    monkeypatch.setattr(places, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("cloud_app/pages/login.py", True),
        ("cloud_app/settings.py", True),
        ("cloud_app/a_new_layer/rows.py", True),
        ("assets/logo.svg", True),
        ("rxconfig.py", True),
        ("cloud_app/services/machines.py", False),
        ("cloud_app/pages/__pycache__/login.pyc", False),
        ("assets/external/link.js", False),
        ("README.md", False),
    ],
)
def test_only_what_the_browser_can_see_asks_for_a_build(
    sources: Path, changed: str, matters: bool
) -> None:
    before = build.stamp()

    (sources / changed).parent.mkdir(parents=True, exist_ok=True)
    (sources / changed).write_text("x = 2\n")

    assert (build.stamp() != before) is matters


def test_a_build_asks_the_address_it_was_loaded_from(tmp_path: Path) -> None:
    script = tmp_path / "assets" / "reflex-env.js"
    script.parent.mkdir()
    script.write_text(
        "var e={PING:`http://portal.invalid/ping`,EVENT:`ws://portal.invalid/_event`}"
    )
    script.with_name("reflex-env.js.gz").write_bytes(b"old")

    build.free_from_address(tmp_path)

    assert script.read_text() == (
        "var e={PING:location.origin+`/ping`,EVENT:location.origin.replace(/^http/,`ws`)+`/_event`}"
    )
    packed = script.with_name("reflex-env.js.gz").read_bytes()
    assert gzip.decompress(packed).decode() == script.read_text()


def test_a_full_disk_is_told_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("npm ERR! ENOSPC: no space left on device, write\n")

    assert "disk is full" in str(Failed("build", log).refusal())


def test_a_lock_is_free_again_when_its_holder_ends(tmp_path: Path) -> None:
    path = tmp_path / "portal.lock"
    lock = locks.take(path, port=1)
    assert lock is not None
    assert locks.take(path) is None

    lock.close()

    assert locks.holder(path) is None


@pytest.fixture
def started(tmp_path: Path) -> Generator[tuple["subprocess.Popen[str]", int]]:
    """`./madang up` on data of its own; needs a frontend built from these very sources."""
    if not (places.WEB / build.stamp()).is_dir():
        pytest.skip("the frontend is not built; ./madang test builds it first")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, ROOT / "madang", "up", "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"MADANG_VAR": str(tmp_path / "var"), "PYTHONUTF8": "1"},
    ) as process:
        yield process, port
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_tells_its_address_and_stops_without_a_trace(
    started: tuple["subprocess.Popen[str]", int], tmp_path: Path, number: int
) -> None:
    process, port = started
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    assert f"http://127.0.0.1:{port}" in said
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping") as answer:
        assert answer.status == 200

    process.send_signal(number)

    assert process.wait(20) == 0
    assert locks.holder(tmp_path / "var" / locks.PORTAL) is None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0

"""What can be known before anything is installed: folder, disk, port, running portal."""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from tools import places
from tools.words import Refusal

NEEDED_BYTES = 1_500_000_000
SPARE_BYTES = 50_000_000


def check_system() -> None:
    """Refuse where the tools below cannot work at all."""
    if sys.platform == "win32":
        raise Refusal(
            "On Windows please run Madang inside WSL.", "Windows에서는 WSL 안에서 실행하세요."
        )


def check_folders(*folders: Path) -> None:
    """Refuse folders that we cannot write to, and a disk with too little room."""
    for folder in (places.ROOT, *folders):
        _check_writable(folder)
    needed = SPARE_BYTES if places.PYTHON.exists() else NEEDED_BYTES
    free = shutil.disk_usage(places.ROOT).free
    if free < needed:
        raise Refusal(
            f"Too little room on the disk: {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed.",
            "디스크 공간이 부족합니다.",
        )


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Refusal(
            f"The folder {folder} cannot be written to ({error.strerror}).",
            "이 폴더에 쓸 수 없습니다. 권한을 확인하세요.",
        ) from error


def chosen_port(given: str | None) -> int:
    """Return the port from the command line, else from MADANG_PORT, else 8000."""
    text = given or os.environ.get("MADANG_PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Refusal(
            f"{text!r} is not a port; choose a number from 1 to 65535.",
            "포트는 1부터 65535 사이의 숫자여야 합니다.",
        )
    return int(text)


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody else listens on, or that we may not open."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refusal(
                f"Port {port} cannot be used ({error.strerror}); choose another with"
                f" ./madang up --port {port + 1 if port < 65535 else 8000}.",
                f"포트 {port}을(를) 쓸 수 없습니다. --port로 다른 번호를 고르세요.",
            ) from error

"""Steps with their seconds on the screen, and programs run in a group that can be ended whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.locks import handed_on
from tools.words import Refusal, say

TICK_SECONDS = 0.1
PATIENCE_SECONDS = 10.0
FULL = ("No space left on device", "ENOSPC", "Disk quota exceeded", "EDQUOT")
UNREACHABLE = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "NewConnectionError",
    "ConnectTimeoutError",
    "Failed to fetch",
    "error sending request",
    "dns error",
    "Network is unreachable",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
)


class Failed(Exception):
    """A program ended badly; its words are in the log."""

    def __init__(self, title: str, log: Path) -> None:
        super().__init__(title)
        self.title = title
        self.log = log

    def says(self, marks: Sequence[str]) -> bool:
        """Tell whether the end of the log contains one of these marks."""
        text = self.log.read_text("utf-8", "replace")[-20_000:] if self.log.exists() else ""
        return any(mark in text for mark in marks)

    def known(self) -> Refusal | None:
        """Return the sentence for a cause that the log gives away."""
        if self.says(FULL):
            return disk_full()
        if self.says(UNREACHABLE):
            return Refusal(
                "The package index cannot be reached; the first start needs the network once,"
                f" later ones do not (details: {self.log}).",
                "패키지 저장소에 연결할 수 없습니다. 첫 실행에는 네트워크가 필요합니다.",
            )
        return None

    def refusal(self) -> Refusal:
        """Return what the person can do about it."""
        return self.known() or Refusal(
            f"This step failed: {self.title}; the reason is at the end of {self.log}.",
            "이 단계가 실패했습니다. 자세한 이유는 위 로그 파일의 끝에 있습니다.",
        )


def disk_full() -> Refusal:
    """Return the sentence for a full disk."""
    return Refusal(
        "The disk is full; the first start needs about 1.5 GB.",
        "디스크가 가득 찼습니다. 첫 실행에는 약 1.5GB가 필요합니다.",
    )


@contextmanager
def step(title: str) -> Generator[None]:
    """Show one line: the step, and how long it took."""
    started = time.monotonic()
    say(f"  {title} … ", end="")
    try:
        yield
    except BaseException:
        say()
        raise
    if sys.stdout.isatty():
        say("\r", end="")
        say(f"  {title} … ", end="")
    say(f"{time.monotonic() - started:.1f} s")


def run(
    title: str,
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a program into its log; raise Failed when it does not end well."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as out:
        out.write(f"\n$ {' '.join(map(str, argv))}\n")
        out.flush()
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            process_group=0,
            pass_fds=handed_on,
        )
        code = wait(process, title)
    if code != 0:
        raise Failed(title, log)


def wait(process: "subprocess.Popen[bytes]", title: str) -> int:
    """Wait with the seconds ticking; end the whole group when we are told to stop."""
    started = time.monotonic()
    live = sys.stdout.isatty()
    try:
        while True:
            try:
                return process.wait(TICK_SECONDS)
            except subprocess.TimeoutExpired:
                if live:
                    say(f"\r  {title} … {time.monotonic() - started:.0f} s ", end="")
    except BaseException:
        end(process)
        raise


def end(process: "subprocess.Popen[bytes]", patience_seconds: float = PATIENCE_SECONDS) -> int:
    """End a program and everything it started."""
    _tell(process, signal.SIGTERM)
    try:
        code = process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        _tell(process, signal.SIGKILL)
        code = process.wait()
    _tell(process, signal.SIGKILL)
    return code


def _tell(process: "subprocess.Popen[bytes]", number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)

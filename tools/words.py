"""How the launcher speaks: one sentence in two languages, never a traceback."""

import sys


class Refusal(Exception):
    """Something the person at the terminal has to know or do first."""

    def __init__(self, english: str, korean: str) -> None:
        super().__init__(f"{english} / {korean}")


class Stopped(BaseException):
    """SIGINT or SIGTERM arrived. Not an Exception, so that nothing swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def say(text: str = "", *, end: str = "\n") -> None:
    """Print at once, also into a pipe, and survive a terminal without Korean letters."""
    try:
        print(text, end=end, flush=True)
    except UnicodeEncodeError:
        coding = sys.stdout.encoding or "ascii"
        print(text.encode(coding, "replace").decode(coding), end=end, flush=True)

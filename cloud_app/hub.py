"""Tells open pages that something changed, without asking the database per tab.

A topic ("project:…", "clouds") has a number that only grows. It is raised in
the transaction that changes the rows and published after the commit, so a page
that reads the number before the rows can never miss a change. A call ("there is
work") has no number: whoever hears it does something at once.

One hub speaks for one process. What it says is passed on to the others by a
`Relay`, where there is one; a word that gets lost on the way costs the seconds
until the page or the loop looks by itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CLOUDS = "clouds"
"""Topic of what is known about the clouds themselves: silence, offers."""
WORK = "work"
"""Call: something was ordered or asked of a machine."""
LOG_IN_ENDED = "log-in ended"
"""Call: whatever rests on the log-in with this hash must close."""

LINE = "line"
"""Topic of who is built next: every place moves when a build ends."""


def project_topic(project_id: str) -> str:
    return f"project:{project_id}"


@dataclass(frozen=True, slots=True)
class Word:
    """What one hub says to the others: a topic's number, or a call about somebody."""

    topic: str = ""
    version: int | None = None
    call: str = ""
    subject: str = ""


class Hub:
    """The numbers of all topics, in this process."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._waiters: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._ears: dict[str, list[Callable[[str], None]]] = defaultdict(list)
        self.pass_on: Callable[[Word], None] = lambda _: None
        """What carries words to other processes; nothing does in a portal that is alone."""

    def version(self, topic: str) -> int:
        """The last number published for `topic`; 0 before the first."""
        return self._versions.get(topic, 0)

    def publish(self, topic: str, version: int | None = None) -> None:
        """Say everywhere that `topic` now stands at `version` (or one more than before)."""
        self._raise(topic, version)
        self.pass_on(Word(topic=topic, version=version))

    def call(self, name: str, subject: str = "") -> None:
        """Have everybody who hears this call, in whatever process, do their part."""
        self._ring(name, subject)
        self.pass_on(Word(call=name, subject=subject))

    def hear(self, name: str, work: Callable[[str], None]) -> None:
        """Do `work` with the subject of each call of this name, from now on."""
        self._ears[name].append(work)

    def take_in(self, word: Word) -> None:
        """Believe what the hub of another process said."""
        if word.call:
            self._ring(word.call, word.subject)
        else:
            self._raise(word.topic, word.version)

    def look_again(self) -> None:
        """Wake everybody who waits: words from other processes may have been lost."""
        self._raise(CLOUDS, None)  # also what was read a moment ago counts as old
        for bells in self._waiters.values():
            for bell in bells:
                bell.set()
        self._ring(WORK, "")

    async def wait(
        self,
        topics: Mapping[str, int],
        timeout: float,  # noqa: ASYNC109 - running out is an answer here, not an error
    ) -> Mapping[str, int]:
        """Return the numbers once one differs from what was given, or after `timeout` seconds."""
        bell = asyncio.Event()
        for topic in topics:
            self._waiters[topic].add(bell)
        try:
            if all(self.version(topic) == seen for topic, seen in topics.items()):
                async with asyncio.timeout(timeout):
                    await bell.wait()
        except TimeoutError:
            pass
        finally:
            for topic in topics:
                self._waiters[topic].discard(bell)
                if not self._waiters[topic]:
                    del self._waiters[topic]
        return {topic: self.version(topic) for topic in topics}

    def _raise(self, topic: str, version: int | None) -> None:
        now = self.version(topic)
        new = now + 1 if version is None else version
        if new <= now:
            return
        self._versions[topic] = new
        for waiter in self._waiters.get(topic, ()):
            waiter.set()

    def _ring(self, name: str, subject: str) -> None:
        for work in self._ears[name]:
            work(subject)

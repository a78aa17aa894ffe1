"""Tells open pages that something changed, without asking the database per tab.

A topic ("project:…", "clouds") has a number that only grows. It is raised in
the transaction that changes the rows and published after the commit, so a page
that reads the number before the rows can never miss a change.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

CLOUDS = "clouds"
"""Topic of what is known about the clouds themselves: silence, offers."""

LINE = "line"
"""Topic of who is built next: every place moves when a build ends."""


def project_topic(project_id: str) -> str:
    return f"project:{project_id}"


class Hub:
    """The numbers of all topics, in this process."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._waiters: dict[str, set[asyncio.Event]] = defaultdict(set)

    def version(self, topic: str) -> int:
        """The last number published for `topic`; 0 before the first."""
        return self._versions.get(topic, 0)

    def publish(self, topic: str, version: int | None = None) -> None:
        """Say that `topic` now stands at `version` (or one more than before)."""
        now = self.version(topic)
        new = now + 1 if version is None else version
        if new <= now:
            return
        self._versions[topic] = new
        for waiter in self._waiters.get(topic, ()):
            waiter.set()

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

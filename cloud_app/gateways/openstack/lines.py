"""Whether a service is worth asking right now: one line per service of a cloud.

A service that does not answer is left alone for a while that doubles each time, and
is then asked one question by one caller; everybody else is told at once that it is
silent. So nobody waits in vain for what is known to be away, a service that comes
back is not run down by all who waited, and it is not asked before the time that it
named itself (Retry-After).
"""

import random
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from cloud_app.domain.errors import PortalError, Unavailable

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Seconds; shorter than a look at rest, so that two looks after the end everything is known."""
MOST_GIVEN = 2000
LONGEST_REST = 60.0
"""Seconds for which a cloud may ask to be left alone."""


class Line:
    """One service; shared by all threads that ask it."""

    def __init__(self, service: str, clock: Callable[[], float] = monotonic) -> None:
        self.service = service
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._until = 0.0
        self._why = ""
        self._asked = False
        self._given: OrderedDict[str, None] = OrderedDict()

    def refuse_repeated(self, request_id: str | None) -> None:
        """Raise Unavailable for an answer that was given before.

        Each answer of OpenStack carries an id of its own; one that comes again was
        kept by something in between and tells how things once were.
        """
        if request_id is None:
            return
        with self._lock:
            known = request_id in self._given
            self._given[request_id] = None
            if len(self._given) > MOST_GIVEN:
                self._given.popitem(last=False)
        if known:
            stale = Unavailable("error.cloud_stale", detail=f"{request_id} was answered before")
            stale.service = self.service
            raise stale

    @contextmanager
    def held(self, *, question: bool) -> Generator[None]:
        """Around one request; raises Unavailable instead when it is not worth sending.

        While a service is silent only questions are sent: what should change
        something waits until one of them was answered.
        """
        probe = self._admit(question)
        try:
            yield
            self._hear(None)
        except PortalError as error:
            if error.service == self.service:  # not Keystone's, asked for a token on the way
                self._hear(error)
            raise
        finally:
            if probe:
                self._asked = False

    def _admit(self, question: bool) -> bool:
        with self._lock:
            if not self._failures:
                return False
            rest = self._until - self._clock()
            if rest > 0 or self._asked or not question:
                silence = Unavailable(
                    self._why, detail=f"{self.service} is silent: not asked", seconds=max(rest, 1)
                )
                silence.service = self.service
                raise silence
            self._asked = True
            return True

    def _hear(self, error: PortalError | None) -> None:
        with self._lock:
            if not isinstance(error, Unavailable) or not _is_away(error):
                self._failures = 0
                return
            self._failures += 1
            pause = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
            pause *= random.uniform(0.8, 1.2)  # noqa: S311 - jitter
            pause = max(pause, min(error.seconds, LONGEST_REST))
            self._until, self._why = self._clock() + pause, error.key


def _is_away(error: Unavailable) -> bool:
    return error.key == "error.cloud_silent" or error.seconds > 0


class Lines:
    """The lines to all services of one cloud."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lines: dict[str, Line] = {}

    def to(self, service: str) -> Line:
        with self._lock:
            return self._lines.setdefault(service, Line(service))

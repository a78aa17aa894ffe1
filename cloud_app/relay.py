"""Carries what one process's hub says to the hubs of the others, through Redis.

Nothing rests on it: while Redis is away, pages and loops look by themselves, as
they always do, only later. What this process has to say meanwhile is kept, the
newest word per topic; once Redis is back everybody is told to look again.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cloud_app.hub import Hub, Word

log = logging.getLogger(__name__)
CHANNEL = "madang:hub"
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
PATIENCE = 5.0
"""Seconds after which a Redis that does not answer counts as gone."""
MOST_KEPT = 10_000


class Relay:
    """This process's line to the others. `run` it for as long as the process lives."""

    def __init__(self, url: str, hub: Hub) -> None:
        self._url = url
        self._hub = hub
        self._me = secrets.token_hex(8)
        self._unsaid: dict[tuple[str, str, str], Word] = {}
        self._bell = asyncio.Event()
        hub.pass_on = self._keep

    async def run(self) -> None:
        """Speak and listen until cancelled; come back by itself after Redis was away."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._connected()
            except (RedisError, OSError) as error:
                if time.monotonic() - began > 2 * PATIENCE:
                    pause = FIRST_PAUSE
                if pause == FIRST_PAUSE:
                    # Once per loss, however long it lasts.
                    log.warning("relay lost", extra={"why": repr(error)})
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _connected(self) -> None:
        async with self._line() as (redis, heard):
            log.info("relay connected")
            self._hub.look_again()
            await self._speak_and_listen(redis, heard)

    def _keep(self, word: Word) -> None:
        key = (word.topic, word.call, word.subject)
        if key in self._unsaid or len(self._unsaid) < MOST_KEPT:
            self._unsaid[key] = word
            self._bell.set()

    @asynccontextmanager
    async def _line(self) -> AsyncGenerator[tuple[Redis, PubSub]]:
        # Never mended behind our back: what was said meanwhile would be missed unnoticed.
        async with (
            Redis.from_url(
                self._url,
                retry=Retry(NoBackoff(), 0),
                socket_connect_timeout=PATIENCE,
                socket_timeout=PATIENCE,
                health_check_interval=PATIENCE,
            ) as redis,
            redis.pubsub(ignore_subscribe_messages=True) as heard,
        ):
            await heard.subscribe(CHANNEL)
            yield redis, heard

    async def _speak_and_listen(self, redis: Redis, heard: PubSub) -> None:
        parts = [asyncio.create_task(self._speak(redis)), asyncio.create_task(self._listen(heard))]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _speak(self, redis: Redis) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._unsaid:
                key = next(iter(self._unsaid))
                word = self._unsaid[key]
                await redis.publish(CHANNEL, json.dumps({"by": self._me, **asdict(word)}))
                if self._unsaid.get(key) is word:
                    del self._unsaid[key]

    async def _listen(self, heard: PubSub) -> None:
        while True:
            message = await heard.get_message(timeout=PATIENCE / 2)
            if message is not None:
                self._take(message["data"])

    def _take(self, text: Any) -> None:
        try:
            said = json.loads(text)
            if said.pop("by") == self._me:
                return
            word = Word(**said)
        except (ValueError, KeyError, TypeError):
            log.debug("relay heard what it does not know")  # a portal of another version
            return
        self._hub.take_in(word)

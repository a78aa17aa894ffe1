"""Everything on one thread, so that a storm told again by hypothesis goes exactly the same way.

SQLite and the practice cloud answer within the event loop instead of from threads
of their own: what runs first is then decided by the loop's queue alone.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar, cast

import aiosqlite
from sqlalchemy import event

from cloud_app.db import Database

T = TypeVar("T")


class AtOnceQueue:
    """Where a connection puts its work, instead of a queue that a thread empties."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = item
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the answer
            if future:
                future.set_exception(error)
        else:
            if future:
                future.set_result(result)


class Inline(aiosqlite.Connection):
    """A connection without a thread."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._tx = cast(Any, AtOnceQueue())

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()


def without_threads(db: Database) -> None:
    """Have every connection of this database answer at once."""

    def inline(_dialect: object, _record: object, _args: object, given: dict[str, Any]) -> None:
        given["async_creator_fn"] = _connect

    event.listen(db.engine.sync_engine, "do_connect", inline)


def _connect(database: str, **options: Any) -> Inline:
    return Inline(partial(sqlite3.connect, database, **options))


class AtOnce(ThreadPoolExecutor):
    """Does what `asyncio.to_thread` hands over before it returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the answer
            done.set_exception(error)
        return done


def a_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(AtOnce(max_workers=1))
    return loop

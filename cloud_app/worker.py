"""The loops as a process of their own, for sites where the web processes run without them.

python -m cloud_app.worker
"""

import asyncio
import signal

from cloud_app.bootstrap import portal
from cloud_app.logs import setup


async def work() -> None:
    """Run the loops until SIGTERM or SIGINT."""
    setup(portal().settings.log_level)
    loops = asyncio.create_task(portal().run(loops=True))
    running = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(sign, loops.cancel)
    await asyncio.wait([loops])
    await portal().db.close()


if __name__ == "__main__":
    asyncio.run(work())

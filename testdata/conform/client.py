"""An echo client with Python's websockets, for a fuzzing server: client.py URL AGENT CASES"""

import asyncio
import logging
import sys

from websockets.asyncio.client import connect

logging.disable(logging.CRITICAL)
url, agent, cases = sys.argv[1:]


async def one(n):
    async with connect(f"{url}/runCase?case={n}&agent={agent}", max_size=16 << 20, ping_interval=None, proxy=None) as ws:
        async for message in ws:
            await ws.send(message)


async def main():
    for n in range(1, int(cases) + 1):
        try:
            await asyncio.wait_for(one(n), 60)
        except Exception:  # how it ends is for the suite to judge
            pass


asyncio.run(main())

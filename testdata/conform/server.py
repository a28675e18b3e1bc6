"""An echo server with Python's websockets, which compresses if it's asked to."""

import asyncio
import logging

import websockets
from websockets.asyncio.server import serve

logging.disable(logging.CRITICAL)


async def echo(ws):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    async with serve(echo, "127.0.0.1", 0, max_size=16 << 20, ping_interval=None) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())

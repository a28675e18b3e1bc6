"""An echo server with Python's websockets."""
import asyncio, websockets


async def echo(ws, path=None):
    try:
        async for m in ws:
            if m == "close me":
                await ws.close(4000, "as you wish")
                return
            await ws.send(m)
    except websockets.ConnectionClosed:
        pass


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["chat"], max_size=None) as s:
        print("port", s.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass

"""Python's websockets against cmd/echo: client.py ws://host:port"""
import asyncio, os, sys, websockets


async def main(url):
    async with websockets.connect(url, subprotocols=["v9", "chat"], max_size=None) as ws:
        assert ws.subprotocol == "chat", ws.subprotocol
        assert await ws.recv() == "Welcome to Awesome Chat"
        for m in ["hello", "", "Привет, мир 😀", b"", b"\xff\x00\x80", os.urandom(1 << 20)]:
            await ws.send(m)
            assert await ws.recv() == m, m[:20]
        await ws.send(["frag", "ments ", "€"])
        assert await ws.recv() == "fragments €"
        await asyncio.wait_for(await ws.ping(), 10)
        await ws.close(4321, "bye")
        assert ws.close_code == 4321, ws.close_code
    async with websockets.connect(url + "/echo") as ws:
        await ws.close()
    try:
        await websockets.connect(url, origin="http://evil.example")
        raise AssertionError("a foreign origin was accepted")
    except websockets.InvalidStatusCode as e:
        assert e.status_code == 403
    print("all passed")


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 60))

"""Peers with permessage-deflate that Python has, in either role:

    deflate.py client PEER ws://host:port/echo [OPTIONS]
    deflate.py server PEER [OPTIONS]              prints its port

PEER is aiohttp, autobahn, soup, tornado or websockets. OPTIONS are what it asks for, as
JSON: "server" and "client" are the windows in bits, "no" is that there be no takeover.
soup and tornado ask for nothing in particular."""
import asyncio, json, random, sys


def messages():
    """Some that are alike, some longer than any window, and some random bytes."""
    r = random.Random(1)
    for n in (0, 1, 31, 32, 125, 126, 1000, 1000, 5000, 70000, 64, 200000, 64):
        line = '{"id": %d, "text": "ни рыба, ни мясо"}' % r.randrange(100)
        yield (line * (n // len(line) + 1))[:n]
        yield line.encode()[: n // 2] + r.randbytes(n // 2)


async def exchange(send, receive):
    for m in messages():
        await send(m)
        got = await receive()
        assert got == m, "%d of %s: got %d of %s" % (len(m), type(m), len(got), type(got))


async def websockets_client(url, o):
    from websockets.asyncio.client import connect
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
    deflate = ClientPerMessageDeflateFactory(o.get("no", False), o.get("no", False), o.get("server"), o.get("client", True))
    options = {"extensions": [deflate], "compression": None} if o else {}
    async with connect(url, max_size=None, **options) as ws:
        await exchange(ws.send, ws.recv)
        return ws.response.headers.get("Sec-WebSocket-Extensions")


async def websockets_server(o):
    from websockets.asyncio.server import serve
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

    async def echo(ws):
        async for m in ws:
            await ws.send(m)

    deflate = ServerPerMessageDeflateFactory(o.get("no", False), o.get("no", False), o.get("server"), o.get("client"))
    options = {"extensions": [deflate], "compression": None} if o else {}
    s = await serve(echo, "127.0.0.1", 0, max_size=None, **options)
    return s.sockets[0].getsockname()[1]


async def aiohttp_client(url, o):
    import aiohttp
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url, compress=o.get("server", 15), max_msg_size=0) as ws:
            async def send(m):
                await (ws.send_str(m) if isinstance(m, str) else ws.send_bytes(m))

            async def receive():
                return (await ws.receive()).data

            await exchange(send, receive)
            return ws._response.headers.get("Sec-WebSocket-Extensions")


async def aiohttp_server(o):
    from aiohttp import WSMsgType, web

    async def echo(request):
        ws = web.WebSocketResponse(compress=True, max_msg_size=0)
        await ws.prepare(request)
        async for m in ws:
            await (ws.send_str(m.data) if m.type == WSMsgType.TEXT else ws.send_bytes(m.data))
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner.addresses[0][1]


async def tornado_client(url, o):
    from tornado.websocket import websocket_connect
    ws = await websocket_connect(url, compression_options={}, max_message_size=1 << 24)

    async def send(m):
        await ws.write_message(m, binary=isinstance(m, bytes))

    await exchange(send, ws.read_message)
    ws.close()
    return ws.headers.get("Sec-WebSocket-Extensions")


async def tornado_server(o):
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        def get_compression_options(self):
            return {}

        async def on_message(self, m):
            await self.write_message(m, binary=isinstance(m, bytes))

    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(Application([("/", Echo)], websocket_max_message_size=1 << 24)).add_sockets(sockets)
    return sockets[0].getsockname()[1]


async def autobahn_client(url, o):
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponse, PerMessageDeflateResponseAccept
    from urllib.parse import urlsplit
    opened, received = asyncio.Future(), asyncio.Queue()

    class Client(WebSocketClientProtocol):
        def onConnect(self, response):
            self.extensions = response.headers.get("sec-websocket-extensions")

        def onOpen(self):
            opened.set_result(self)

        def onMessage(self, payload, isBinary):
            received.put_nowait(payload if isBinary else payload.decode())

        def onClose(self, wasClean, code, reason):
            received.put_nowait("closed: %s %s" % (code, reason))
            if not opened.done():
                opened.set_exception(OSError(reason))

    f = WebSocketClientFactory(url)
    offer = PerMessageDeflateOffer(request_no_context_takeover=o.get("no", False), request_max_window_bits=o.get("server", 0))
    f.setProtocolOptions(
        perMessageCompressionOffers=[offer],
        perMessageCompressionAccept=lambda r: PerMessageDeflateResponseAccept(r) if isinstance(r, PerMessageDeflateResponse) else None)
    f.protocol = Client
    to = urlsplit(url)
    await asyncio.get_running_loop().create_connection(f, to.hostname, to.port)
    ws = await opened

    async def send(m):
        ws.sendMessage(m if isinstance(m, bytes) else m.encode(), isinstance(m, bytes))

    await exchange(send, received.get)
    ws.sendClose(1000)
    return ws.extensions


async def autobahn_server(o):
    from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

    class Echo(WebSocketServerProtocol):
        def onMessage(self, payload, isBinary):
            self.sendMessage(payload, isBinary)

    def accept(offers):
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                window = min(o.get("server", 15), offer.request_max_window_bits or 15)
                return PerMessageDeflateOfferAccept(offer, o.get("no", False), o.get("client", 0), window_bits=window)

    f = WebSocketServerFactory()
    f.setProtocolOptions(perMessageCompressionAccept=accept)
    f.protocol = Echo
    s = await asyncio.get_running_loop().create_server(f, "127.0.0.1", 0)
    return s.sockets[0].getsockname()[1]


def soup():
    import gi
    gi.require_version("Soup", "3.0")
    from gi.repository import Gio, GLib, Soup
    return Gio, GLib, Soup


def soup_client(url):
    Gio, GLib, Soup = soup()
    loop, todo, connections = GLib.MainLoop(), list(messages()), []

    def send(ws):
        if not todo:
            return ws.close(Soup.WebsocketCloseCode.NORMAL, None)
        m = todo[0]
        kind = Soup.WebsocketDataType.TEXT if isinstance(m, str) else Soup.WebsocketDataType.BINARY
        ws.send_message(kind, GLib.Bytes.new(m if isinstance(m, bytes) else m.encode()))

    def message(ws, kind, data):
        m, got = todo[0], data.get_data() or b""
        if got != (m if isinstance(m, bytes) else m.encode()):
            print("%d of %s: got %d" % (len(m), type(m), len(got)))
            return loop.quit()
        todo.pop(0)
        send(ws)

    def connected(session, result):
        ws = session.websocket_connect_finish(result)
        connections.append(ws)  # or it's collected
        ws.props.max_incoming_payload_size = 0
        ws.connect("message", message)
        ws.connect("closed", lambda ws: loop.quit())
        ws.connect("error", lambda ws, e: print(e))
        send(ws)

    request = Soup.Message.new("GET", url)
    session = Soup.Session()
    session.add_feature_by_type(Soup.WebsocketExtensionManager)
    session.websocket_connect_async(request, None, None, GLib.PRIORITY_DEFAULT, None, connected)
    GLib.timeout_add_seconds(60, loop.quit)
    loop.run()
    assert not todo, "%d messages are left" % len(todo)
    return request.get_response_headers().get_one("Sec-WebSocket-Extensions")


def soup_server():
    Gio, GLib, Soup = soup()
    server, connections = Soup.Server(), []

    def connected(server, message, path, ws):
        connections.append(ws)
        ws.props.max_incoming_payload_size = 0
        ws.connect("message", lambda ws, kind, data: ws.send_message(kind, data))
        ws.connect("closed", connections.remove)

    server.add_websocket_handler(None, None, None, connected)
    server.listen_local(0, Soup.ServerListenOptions.IPV4_ONLY)
    print("port", server.get_uris()[0].get_port(), flush=True)
    GLib.MainLoop().run()


async def serve(peer, options):
    print("port", await globals()[peer + "_server"](options), flush=True)
    await asyncio.Future()


role, peer, *args = sys.argv[1:]
options = json.loads(args[-1]) if args and args[-1].startswith("{") else {}
try:
    if role == "client" and peer == "soup":
        print("all passed:", soup_client(args[0]))
    elif role == "client":
        print("all passed:", asyncio.run(asyncio.wait_for(globals()[peer + "_client"](args[0], options), 60)))
    elif peer == "soup":
        soup_server()
    else:
        asyncio.run(serve(peer, options))
except KeyboardInterrupt:
    pass

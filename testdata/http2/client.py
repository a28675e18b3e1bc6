"""A socket by Python's h2 and one that is cut. It prints what is wrong."""
import socket, ssl, sys
import h2.connection, h2.config, h2.events

host, port = sys.argv[1].rsplit(":", 1)
context = ssl._create_unverified_context()
context.set_alpn_protocols(["h2"])
sock = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname="example.com")
sock.settimeout(30)
conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
conn.initiate_connection()
sock.sendall(conn.data_to_send())
events = []


def until(kind, stream=None):
    """The next event of a kind; data is acknowledged."""
    while True:
        for e in events:
            if isinstance(e, kind) and getattr(e, "stream_id", None) == stream:
                events.remove(e)
                return e
        p = sock.recv(65536)
        if not p:
            raise EOFError(kind)
        for e in conn.receive_data(p):
            if isinstance(e, h2.events.DataReceived):
                conn.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
            events.append(e)
        sock.sendall(conn.data_to_send())


def open(**more):
    stream = conn.get_next_available_stream_id()
    headers = {":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":path": "/echo",
               ":authority": sys.argv[1], "sec-websocket-version": "13", **more}
    conn.send_headers(stream, list(headers.items()))
    sock.sendall(conn.data_to_send())
    status = dict(until(h2.events.ResponseReceived, stream).headers)[b":status"]
    if status != b"200":
        print("opened with", status)
    return stream


until(h2.events.RemoteSettingsChanged)
if conn.remote_settings.get(8) != 1:
    print("extended CONNECT is not announced")
a, b = open(), open()
conn.send_data(a, b"\x81\x85\0\0\0\0hel")  # cut in two, with others' between
conn.send_data(b, b"\x82\x81\0\0\0\0x")
conn.send_data(a, b"lo")
sock.sendall(conn.data_to_send())
for stream, want in (a, b"\x81\x05hello"), (b, b"\x82\x01x"):
    got = b""
    while len(got) < len(want):
        got += until(h2.events.DataReceived, stream).data
    if got != want:
        print("stream", stream, "received", got)
conn.reset_stream(b, 8)  # CANCEL, which is how a TCP connection that is cut looks here
conn.send_data(a, b"\x88\x82\0\0\0\0\x03\xe8")
sock.sendall(conn.data_to_send())
got = until(h2.events.DataReceived, a).data
if got != b"\x88\x02\x03\xe8":
    print("closed with", got)
until(h2.events.StreamEnded, a)

// Qt's WebSocket against cmd/echo: qml client.qml -- ws://host:port
import QtQuick
import QtWebSockets
import "../qml/lines.js" as Lines

Item {
    id: test

    // What is to come next, and what is still to be sent; a number is the size of a
    // binary message.
    property var expected: "Welcome to Awesome Chat"
    property var waiting: ["hello", "", "Привет, мир 😀", "x".repeat(524288), "x".repeat(524289),
        "я".repeat(524287), "z" + "я😀".repeat(200000), // Qt cuts these inside of a character
        1, 3, 125, 126, 65535, 65536, 524289, 1 << 20]

    function bytes(n) {
        const b = new Uint8Array(n)
        for (let i = 0; i < n; i++)
            b[i] = i * 7 + (i >> 8)
        return b.buffer
    }

    function same(a, b) {
        if (typeof a === "string" || typeof b === "string")
            return a === b
        const x = new Uint8Array(a), y = new Uint8Array(b)
        for (let i = 0; i < x.length; i++) {
            if (x[i] !== y[i])
                return false
        }
        return x.length === y.length
    }

    function show(data) {
        return typeof data === "string" ? data.slice(0, 100) : Lines.hex(data)
    }

    function received(data) {
        if (!same(data, expected)) {
            console.log(`got ${show(data)}; want ${show(expected)}`)
            Qt.exit(1)
            return
        }
        if (waiting.length === 0) {
            console.log("subprotocol " + socket.negotiatedSubprotocol)
            socket.active = false
            return
        }
        expected = waiting.shift()
        if (typeof expected === "number") {
            expected = bytes(expected)
            socket.sendBinaryMessage(expected)
        } else {
            socket.sendTextMessage(expected)
        }
    }

    WebSocket {
        id: socket
        active: true
        requestedSubprotocols: ["v9", "chat"]
        url: Lines.own()[0]
        onBinaryMessageReceived: message => test.received(message)
        onTextMessageReceived: message => test.received(message)
        onStatusChanged: {
            if (socket.status === WebSocket.Error)
                console.log("error " + socket.errorString)
            if (socket.status === WebSocket.Closed) {
                console.log("closed")
                Qt.quit()
            }
        }
    }
}

// The tutorial's echo server, in QML: qml Server.qml -- [port]
//
// Text comes back as text, binary as binary. It listens on 127.0.0.1 only.
import QtQuick
import QtWebSockets
import "lines.js" as Lines

Item {
    id: root

    property alias port: server.port
    property alias subprotocols: server.supportedSubprotocols
    property string greeting: "Welcome to Awesome Chat"
    // What to do, instead of an echo, with the client that sends a message.
    property var commands: ({})

    function welcome(client) {
        console.log("client connected")
        client.statusChanged.connect(() => {
            if (client.status === WebSocket.Closed)
                console.log("client disconnected")
        })
        client.textMessageReceived.connect(message => {
            console.log("Message: " + Lines.printable(message))
            if (commands.hasOwnProperty(message))
                commands[message](client)
            else
                client.sendTextMessage(message)
        })
        client.binaryMessageReceived.connect(message => {
            console.log(`Message: ${message.byteLength} bytes of binary`)
            client.sendBinaryMessage(message)
        })
        if (greeting !== "")
            client.sendTextMessage(greeting)
    }

    WebSocketServer {
        id: server
        // Set later, port 0 would have it stop to listen.
        listen: true
        port: Lines.own().length > 0 ? Number(Lines.own()[0]) : 3000
        supportedSubprotocols: ["chat"]
        onClientConnected: webSocket => root.welcome(webSocket)
    }

    Component.onCompleted: {
        if (server.errorString !== "") {
            console.log("socket error " + server.errorString)
            Qt.callLater(Qt.exit, 1)
            return
        }
        console.log("listening on port " + server.port)
    }
}

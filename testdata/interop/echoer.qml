// A client that connects to one URL after another, and sends back what it gets:
// qml echoer.qml -- url...
import QtQuick
import QtWebSockets
import "../qml/lines.js" as Lines

Item {
    id: test

    property var urls: Lines.own()

    function next() {
        if (urls.length === 0) {
            console.log("done")
            return
        }
        socket.active = false
        socket.url = urls.shift()
        socket.active = true
    }

    WebSocket {
        id: socket
        onBinaryMessageReceived: message => socket.sendBinaryMessage(message)
        onTextMessageReceived: message => {
            if (message === "close me")
                socket.active = false
            else if (message === "quit")
                Qt.quit()
            else
                socket.sendTextMessage(message)
        }
        onStatusChanged: {
            if (socket.status === WebSocket.Error)
                console.log("error " + socket.errorString)
            if (socket.status === WebSocket.Closed)
                Qt.callLater(test.next) // not while the old connection goes
        }
    }

    Component.onCompleted: next()
}

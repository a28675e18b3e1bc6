// The tutorial's chat window without its faults: qml Client.qml -- [url [message...]]
//
// The messages are sent as if they were typed, the first after the greeting, each
// other one after the answer to the one before.
import QtQuick
import QtWebSockets
import "lines.js" as Lines

Rectangle {
    id: window

    readonly property int maxLines: 1000
    property var messages: []
    property int tries: 0
    property bool told: false // that the connection is gone
    property real since: 0 // when it opened

    width: 480
    height: 360
    color: "black"

    // show adds a line to the window and prints it.
    function show(prefix, message) {
        const follow = list.atYEnd
        lines.append({ prefix: prefix, message: Lines.shorten(message), time: Qt.formatTime(new Date(), "hh:mm") })
        if (lines.count > maxLines)
            lines.remove(0)
        if (follow || prefix === ">")
            Qt.callLater(list.positionViewAtEnd)
        console.log(Lines.printable(prefix + " " + Lines.shorten(message)))
    }

    // send reports whether it could. What could not be sent is not lost: it stays
    // in the input.
    function send(text) {
        if (socket.status !== WebSocket.Open) {
            show("#", "not sent, the socket is not open")
            return false
        }
        socket.sendTextMessage(text)
        show(">", text)
        return true
    }

    // reconnect tries again after a while. A connection that lasted makes the waits
    // short again.
    function reconnect() {
        if (retry.running)
            return
        if (since > 0 && Date.now() - since > 10000)
            tries = 0
        since = 0
        retry.interval = Math.min(500 * 2 ** tries++, 30000)
        retry.start()
    }

    WebSocket {
        id: socket

        onTextMessageReceived: message => {
            window.show("<", message)
            if (window.messages.length > 0) {
                input.text = window.messages.shift()
                input.accepted()
            }
        }
        onBinaryMessageReceived: message => window.show("<", Lines.hex(message))
        onStatusChanged: {
            switch (socket.status) {
            case WebSocket.Open:
                retry.stop()
                window.told = false
                window.since = Date.now()
                window.show("#", "socket open")
                break
            case WebSocket.Closed:
            case WebSocket.Error:
                // An outage is told once, however many tries it takes.
                if (!window.told)
                    window.show("#", socket.status === WebSocket.Closed ? "socket closed" : "socket error " + errorString)
                window.reconnect()
            }
        }
    }

    Timer {
        id: retry
        onTriggered: {
            window.told = true
            socket.active = false
            socket.active = true
        }
    }

    ListModel { id: lines }

    ListView {
        id: list
        anchors { left: parent.left; right: parent.right; top: parent.top; bottom: frame.top; margins: 8 }
        clip: true
        model: lines
        delegate: Row {
            required property string prefix
            required property string message
            required property string time
            width: list.width
            spacing: 8
            Text {
                color: prefix === ">" ? "#7ab8ff" : prefix === "<" ? "#7ad48c" : "#a0a8b0"
                font.pixelSize: 14
                text: prefix
                width: 12
            }
            Text {
                color: prefix === "#" ? "#a0a8b0" : "white"
                font.pixelSize: 14
                text: message
                textFormat: Text.PlainText // a message is never markup
                width: parent.width - 12 - 40 - 16
                wrapMode: Text.Wrap
            }
            Text {
                color: "#a0a8b0"
                font.pixelSize: 12
                horizontalAlignment: Text.AlignRight
                text: time
                width: 40
            }
        }
    }

    Rectangle {
        id: frame
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom; margins: 8 }
        height: 32
        border.color: input.activeFocus ? "#7ab8ff" : "#454c54"
        color: "black"

        TextInput {
            id: input
            anchors { fill: parent; margins: 8 }
            clip: true
            color: "white"
            focus: true
            font.pixelSize: 14
            onAccepted: {
                if (window.send(text))
                    clear()
            }
        }

        Text {
            anchors.fill: input
            color: "#a0a8b0"
            font.pixelSize: 14
            text: socket.status === WebSocket.Open ? "Message"
                : socket.status === WebSocket.Connecting ? "connecting"
                : socket.status === WebSocket.Closing ? "closing" : "closed, trying again"
            visible: input.text === ""
        }
    }

    Component.onCompleted: {
        const own = Lines.own()
        socket.url = own[0] || "ws://localhost:3000"
        messages = own.slice(1)
        socket.active = true
    }
}

// The QML server, which also does what a test tells it to.
import QtQuick
import "../qml"

Server {
    port: 0
    greeting: ""
    subprotocols: ["v2", "chat"]
    commands: ({
        "close me": client => { client.active = false },
        "quit": () => Qt.quit(),
    })
}

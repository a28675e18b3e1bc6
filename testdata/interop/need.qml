// Ends at once, if all that the others import is there.
import QtQuick
import QtWebSockets

Item {
    Component.onCompleted: Qt.callLater(Qt.quit)
}

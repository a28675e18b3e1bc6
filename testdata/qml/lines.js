// What both programs print and show.
.pragma library

const maxText = 10000
const maxHex = 64

// own returns the program's own arguments.
function own() {
    const all = Qt.application.arguments
    return all.includes("--") ? all.slice(all.indexOf("--") + 1) : []
}

// printable keeps a message from controlling the terminal or faking a line.
function printable(text) {
    return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
        c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"))
}

function shorten(text) {
    return text.length <= maxText ? text
        : text.slice(0, maxText).replace(/[\ud800-\udbff]$/, "") + `… (${text.length} characters)`
}

// hex shows what is binary by its length and its first bytes.
function hex(data) {
    const head = Array.from(new Uint8Array(data, 0, Math.min(data.byteLength, maxHex)))
    return `(${data.byteLength} bytes) ${head.map(b => b.toString(16).padStart(2, "0")).join("")}`
        + (data.byteLength > maxHex ? "…" : "")
}

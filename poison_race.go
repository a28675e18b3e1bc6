//go:build race || poison

package websocket

// poison overwrites buffers as they go back to their pool, so that a test that
// looks at one too late fails instead of passing by luck.
const poison = true

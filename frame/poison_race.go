//go:build race || poison

package frame

// poison says that buffers are overwritten when they go back to their pool, so that a
// test that uses a slice for too long fails instead of passing by luck. It is on with
// -race and with -tags poison.
const poison = true

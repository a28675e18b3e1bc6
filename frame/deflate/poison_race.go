//go:build race || poison

package deflate

// poison says that memory is overwritten when it goes back to its pool, so that a test that
// uses it for too long fails instead of passing by luck. It is on with -race and with -tags
// poison.
const poison = true

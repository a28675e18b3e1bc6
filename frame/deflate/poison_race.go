//go:build race || poison

package deflate

// poison overwrites memory as it goes back to its pool, so that a test that
// looks at it too late fails instead of passing by luck.
const poison = true

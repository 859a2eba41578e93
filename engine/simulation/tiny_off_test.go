//go:build !tiny

package simulation

// tiny tells that this build has small limits everywhere, so that the rare is common.
const tiny = false

//go:build tiny

package simulation

const tiny = true

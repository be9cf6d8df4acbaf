//go:build !race

package flagstay

const raceDetector = false

//go:build race

package targets_test

const raceDetector = true

//go:build !amd64 || noasm

package kernel

// units lists what this machine can compute with, the best one last.
func units() []*unit { return []*unit{&plainUnit} }

// pause lets a moment pass in a loop that waits.
func pause() {
	for range 50 {
	}
}

package kernel

import "fmt"

// A Device runs Programs. Its methods may be called from any goroutine; an Executor is used by one goroutine at a time.
type Device interface {
	// Name is short and for people: "CPU · AVX-512 · 2 threads".
	Name() string
	// Threads is the number of workers that a step runs on.
	Threads() int
	// Prepare checks the program and provides its memory. Everything that can be decided before the first step is decided
	// here, so that Run allocates nothing.
	Prepare(*Program) (Executor, error)
	// Close ends the workers. Executors are closed before.
	Close() error
}

// An Executor is a Program made ready on a Device, with its memory.
type Executor interface {
	// Buffer gives access to an Input, Parameter, Gradient, History or Kept buffer from outside.
	Buffer(ID) HostAccess
	// Run does one step and returns when it is complete.
	Run(Step) error
	// Close gives the memory back.
	Close() error
}

// HostAccess copies between a buffer on a device and the host's memory. The memory itself is never handed out.
type HostAccess interface {
	// Upload fills the first len(src) elements.
	Upload(src []float32) error
	// Download reads the first len(dst) elements.
	Download(dst []float32) error
	// Len is the number of elements.
	Len() int
}

// CheckUpload checks whether n elements can be uploaded into a buffer of length elements.
func CheckUpload(n, length int) error {
	if n > length {
		return fmt.Errorf("kernel: upload of %d elements into a buffer of %d", n, length)
	}
	return nil
}

// CheckDownload checks whether n elements can be downloaded from a buffer of length elements.
func CheckDownload(n, length int) error {
	if n > length {
		return fmt.Errorf("kernel: download of %d elements from a buffer of %d", n, length)
	}
	return nil
}

// Keep reports whether dropout keeps an element. It is a pure function of where the element is (Step.Seed, Step.Iteration, the
// layer's stream, index of the sample in the accumulated batch, index of the element in the sample), so that no device, number of
// threads or order of work changes it. A share of ratio is dropped.
func Keep(seed uint64, iteration, stream, sample, element int, ratio float32) bool {
	x := mix(KeepKey(seed, iteration, stream) ^ uint64(sample)<<40 ^ uint64(element))
	return float32(x>>40)*(1.0/(1<<24)) >= ratio
}

// KeepKey returns the part of Keep that is the same for all elements of a step, for devices that work out the rest themselves.
func KeepKey(seed uint64, iteration, stream int) uint64 {
	return mix(seed ^ mix(uint64(iteration)<<20^uint64(stream)))
}

// mix returns the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

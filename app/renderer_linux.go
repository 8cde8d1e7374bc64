package app

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// spreadRenderer puts the threads of Mesa's software renderer on a core each. Where there is no graphics card they draw every frame, and while a
// network trains the system often leaves them all on one core for the length of a frame, with the training that ought to give way to them on the
// others. With a graphics card there are no such threads, and nothing happens; nor does it where the system does not allow it. Call it after the window's
// first showing, which starts them.
func spreadRenderer() {
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil {
		return
	}
	var cores []int
	for i := 0; len(cores) < allowed.Count(); i++ {
		if allowed.IsSet(i) {
			cores = append(cores, i)
		}
	}
	names, _ := filepath.Glob("/proc/self/task/*/comm")
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil {
			continue // a thread that has ended since
		}
		number, ok := strings.CutPrefix(strings.TrimSpace(string(comm)), "llvmpipe-")
		if !ok {
			continue
		}
		i, err := strconv.Atoi(number)
		thread, err2 := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil || err2 != nil || i < 0 {
			continue
		}
		var one unix.CPUSet
		one.Set(cores[i%len(cores)])
		_ = unix.SchedSetaffinity(thread, &one)
	}
}

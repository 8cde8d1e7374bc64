// Package machine tells what the machine has that the engine runs on.
package machine

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Memory returns the size of the memory in bytes where the system tells it in /proc, else 0.
func Memory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "MemTotal:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				return kib << 10
			}
		}
	}
	return 0
}

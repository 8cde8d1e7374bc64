package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// childrenRSS returns the most memory that the processes that this one started, as that of a graphics processor, have had, in kilobytes.
func childrenRSS() (sum int64) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for _, pid := range strings.Fields(string(children)) {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%s/status", pid))
			_, most, _ := strings.Cut(string(status), "VmHWM:")
			if f := strings.Fields(most); len(f) > 0 {
				kilobytes, _ := strconv.ParseInt(f[0], 10, 64)
				sum += kilobytes
			}
		}
	}
	return sum
}

package machine

import (
	"runtime"
	"testing"
)

func TestMemory(t *testing.T) {
	got := Memory()
	if runtime.GOOS != "linux" {
		if got != 0 {
			t.Errorf("%v bytes where the system does not tell", got)
		}
		return
	}
	if got < 1<<26 || got > 1<<50 {
		t.Errorf("%v bytes", got)
	}
}

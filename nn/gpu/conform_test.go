//go:build cgo

package gpu

import (
	"testing"

	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/kernel/kerneltest"
)

func open(t testing.TB) kernel.Device {
	t.Helper()
	d, err := Open(true)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConform(t *testing.T) {
	kerneltest.Conform(t, func() kernel.Device { return open(t) })
}

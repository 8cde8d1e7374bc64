//go:build !cgo

package gpu

import "github.com/convscope/convscope/nn/kernel"

// Adapter tells that there is none that this program could use.
func Adapter() string { return "" }

// Open tells that this program was built without what speaks to graphics processors.
func Open(bool) (kernel.Device, error) { return nil, NoAdapter() }

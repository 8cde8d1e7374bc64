//go:build !cgo

package gpu

import "github.com/convscope/convscope/nn/kernel"

// Open tells that this program was built without what speaks to graphics processors.
func Open(bool) (kernel.Device, error) { return nil, NoAdapter() }

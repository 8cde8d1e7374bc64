//go:build !linux

package disk

import "errors"

// exchange returns that the system cannot.
func exchange(_, _ string) error { return errors.ErrUnsupported }

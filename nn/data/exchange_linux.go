package data

import "golang.org/x/sys/unix"

// exchange swaps two folders at one stroke where the file system can, else one after the other.
func exchange(new, old string) error {
	if unix.Renameat2(unix.AT_FDCWD, new, unix.AT_FDCWD, old, unix.RENAME_EXCHANGE) == nil {
		return nil
	}
	return exchangeByRename(new, old)
}

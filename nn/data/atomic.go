package data

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// WriteFileAtomic writes a file so that its path holds, whatever happens, either what it held before or all that write wrote.
func WriteFileAtomic(path string, write func(io.Writer) error) error {
	return writeFault(disk.WriteFile(path, write), path)
}

// writeFault puts into words what the system says of a file that was to be written, readFault of one that was to be read.
// Faults pass as they are.
func writeFault(err error, path string) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return asFault(err, fault.New("folder.readonly", "%s cannot be written: there is no permission to. Choose another folder or change its permissions.", path))
	}
	return fileFault(err, path)
}

func readFault(err error, path string) error {
	if errors.Is(err, fs.ErrPermission) {
		return asFault(err, fault.New("file.permission", "%s cannot be read: there is no permission to. Change its permissions.", path))
	}
	return fileFault(err, path)
}

func fileFault(err error, path string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return asFault(err, fault.New("disk.full", "There is no room left on the disk for %s. Free some space and try again.", path))
	case errors.Is(err, syscall.ENAMETOOLONG):
		return asFault(err, fault.New("name.long", "The name %s is too long for the disk. Choose a shorter one.", path))
	case errors.Is(err, fs.ErrNotExist):
		return asFault(err, fault.New("file.missing", "There is no %s. It may have been moved or deleted.", path))
	}
	return asFault(err, fault.New("file.failed", "%s could not be read or written.", path))
}

// asFault gives err itself where it is in words already or says that work was cancelled, else words with err as their cause.
func asFault(err error, words *fault.Fault) error {
	var f *fault.Fault
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return words.Because(bare(err))
}

// bare gives what the system said without the path, which the sentence names: in the cause it may be a temporary one.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// MakeFolder makes a folder that lasts, and those that it lies in, if need be.
func MakeFolder(path string) error {
	return writeFault(disk.MakeFolder(path), path)
}

// CannotWrite puts into words that a folder or file could not be written. Where err says so already of something that path was to be
// made of, under a temporary name, its cause is told of path.
func CannotWrite(err error, path string) error {
	var f *fault.Fault
	if errors.As(err, &f) && f.Unwrap() != nil {
		err = f.Unwrap()
	}
	return writeFault(err, path)
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path, limit)
}

// readAll reads at most limit bytes.
func readAll(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fault.New("file.large", "%s has more than %v bytes: too many for what it should be.", name, limit)
	}
	return b, err
}

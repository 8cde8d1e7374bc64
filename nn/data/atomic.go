package data

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/convscope/convscope/nn/fault"
)

// WriteFileAtomic writes a file so that its path holds, whatever happens, either what it held before or all that write wrote:
// to a temporary file in the same folder, synced, then renamed.
func WriteFileAtomic(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".convscope-*")
	if err != nil {
		return ioFault(err, path)
	}
	defer func() {
		if err != nil {
			f.Close() // harmless where it is closed already
			os.Remove(f.Name())
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<16)
	if err = write(buffered); err != nil {
		return ioFault(err, path)
	}
	if err = buffered.Flush(); err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return ioFault(err, path)
	}
	syncFolder(dir)
	return nil
}

// syncFolder makes a rename in a folder last through a power cut, where the system can.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not every system syncs folders; the rename itself is done
		d.Close()
	}
}

// ioFault turns what the system says of a file into words. Faults pass as they are, and so does what it has no words for.
func ioFault(err error, path string) error {
	var f *fault.Fault
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return fault.New("disk.full", "There is no room left on the disk for %s. Free some space and try again.", path).Because(err)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return fault.New("name.long", "The name %s is too long for the disk. Choose a shorter one.", path).Because(err)
	case errors.Is(err, syscall.EROFS):
		return fault.New("folder.readonly", "%s cannot be written: there is no permission to. Choose another folder or change its permissions.", path).Because(err)
	case errors.Is(err, fs.ErrPermission):
		return fault.New("file.permission", "There is no permission for %s. Choose another place or change its permissions.", path).Because(err)
	case errors.Is(err, fs.ErrNotExist):
		return fault.New("file.missing", "There is no %s. It may have been moved or deleted.", path).Because(err)
	}
	return fault.New("file.failed", "%s could not be read or written.", path).Because(err)
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

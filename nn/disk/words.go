package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/convscope/convscope/nn/fault"
)

// WriteFault puts into words what the system says of a file or folder that was to be written. Faults pass as they are.
func WriteFault(err error, path string) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return inWords(err, fault.New("folder.readonly", "%s cannot be written: permission denied. Choose another folder or change its permissions.", path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return inWords(err, fault.New("folder.missing", "%s cannot be written: its folder does not exist. Create the folder or choose another one.", path))
	}
	return fileFault(err, path)
}

// ReadFault puts into words what the system says of a file or folder that was to be read. Faults pass as they are.
func ReadFault(err error, path string) error {
	if errors.Is(err, fs.ErrPermission) {
		return inWords(err, fault.New("file.permission", "%s cannot be read: permission denied. Change its permissions.", path))
	}
	return fileFault(err, path)
}

// CannotWrite puts into words that a folder or file could not be written. Where err says so already of something that path was to be
// made of, under a temporary name, its cause is told of path.
func CannotWrite(err error, path string) error {
	var f *fault.Fault
	if errors.As(err, &f) && f.Unwrap() != nil {
		err = f.Unwrap()
	}
	return WriteFault(err, path)
}

func fileFault(err error, path string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return inWords(err, fault.New("disk.full", "There is no room left on the disk for %s. Free some space and try again.", path))
	case errors.Is(err, syscall.ENAMETOOLONG):
		return inWords(err, fault.New("name.long", "The name %s is too long for the disk. Choose a shorter one.", path))
	case errors.Is(err, fs.ErrNotExist):
		return inWords(err, fault.New("file.missing", "There is no %s. It may have been moved or deleted.", path))
	}
	return inWords(err, fault.New("file.failed", "%s could not be read or written.", path))
}

// inWords is err itself where it needs no words, else words with what the system said as their cause, without the path that they name: there it
// may be a temporary one.
func inWords(err error, words *fault.Fault) error {
	if fault.Told(err) {
		return err
	}
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return words.Because(err)
}

package exports

import (
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/convscope/convscope/nn/disk"
)

// filesAtOnce is how many files are written at a time: each waits for the disk to have it, and disks take many together in little more time than one.
const filesAtOnce = 16

// A folder is a draft that a format writes into.
type folder struct {
	draft *disk.Draft
	group errgroup.Group
	files []string // paths with slashes

	mu     sync.Mutex
	failed error
}

func newFolder(draft *disk.Draft) *folder {
	f := &folder{draft: draft}
	f.group.SetLimit(filesAtOnce)
	return f
}

// Write writes a small file in the background.
func (f *folder) Write(path string, b []byte) error {
	if err := f.failure(); err != nil {
		return err
	}
	f.files = append(f.files, path)
	f.group.Go(func() error {
		err := f.draft.WriteFile(path, func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		})
		if err != nil {
			f.mu.Lock()
			f.failed = err
			f.mu.Unlock()
		}
		return err
	})
	return nil
}

// Stream writes a file of any size.
func (f *folder) Stream(path string, write func(io.Writer) error) error {
	f.files = append(f.files, path)
	return f.draft.WriteFile(path, write)
}

// failure returns what went wrong in the background.
func (f *folder) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// finish waits for what is written in the background.
func (f *folder) finish() error { return f.group.Wait() }

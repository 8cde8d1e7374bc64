//go:build !unix

package subprocess

import (
	"io"
	"os"
)

// ownOutput is standard output, which others in the process may write to as well.
func ownOutput() (*os.File, error) { return os.Stdout, nil }

// untilGone passes on what the program sends. When that is gone the process ends soon, even while its device does not answer.
func untilGone(in *os.File) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{in}, make([]byte, 1<<18))
		w.CloseWithError(err)
		afterAll()
	}()
	return r
}

package source

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Bounds of what an archive may unpack to: what is larger is a bomb or no data set of images. Photos do not compress, but masks
// and digits do.
const (
	maxUnpacked  = 256 << 30
	maxExpansion = 200
	freeUnpacked = 1 << 30 // allowed whatever the archive's size
)

// archiveTree lists an archive (zip, tar, tar.gz), whatever its name says; nil for a file that is none. Nothing is written under
// the names in it, so none of them can lead anywhere; links are left out. A tar's contents are kept in one unnamed
// temporary file until the tree is closed; a zip is read where it lies.
func archiveTree(ctx context.Context, source string, size int64) (*Tree, error) {
	f, err := os.Open(source)
	if err != nil {
		return nil, disk.ReadFault(err, source)
	}
	t, err := sniffArchive(ctx, f, source, size)
	if t == nil || err != nil {
		f.Close()
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return t, err
}

func sniffArchive(ctx context.Context, f *os.File, source string, size int64) (*Tree, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, disk.ReadFault(err, source)
	}
	head = head[:n]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, disk.ReadFault(err, source)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipTree(f, source, size)
	case isTar(head):
		return tarTree(ctx, bufio.NewReaderSize(f, 1<<20), f, source, size)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return nil, archiveFault(err, source)
		}
		inner := bufio.NewReaderSize(z, 1<<20)
		if head, _ := inner.Peek(512); isTar(head) {
			return tarTree(ctx, inner, f, source, size)
		}
	}
	return nil, nil // gzip of something else: IDX files come so
}

// isTar knows a tar by the magic of its first header.
func isTar(head []byte) bool { return len(head) >= 263 && string(head[257:262]) == "ustar" }

func archiveFault(err error, source string) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.New("archive.truncated", "The archive %s is cut off. Download or copy it again.", source).Because(err)
	}
	if fault.Told(err) {
		return err
	}
	return fault.New("archive.damaged", "The archive %s is damaged. Download or copy it again.", source).Because(err)
}

func bombFault(source string) error {
	return fault.New("archive.bomb", "The archive %s unpacks to far more than its size. If you trust it, unpack it and import the folder.", source)
}

// allowance is how many bytes an archive of a size may unpack to.
func allowance(size int64) int64 { return min(freeUnpacked+maxExpansion*size, maxUnpacked) }

// zipTree lists a zip file, which stays open until the tree is closed.
func zipTree(f *os.File, source string, size int64) (*Tree, error) {
	z, err := zip.NewReader(f, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are not used as paths
		return nil, fault.New("archive.damaged", "The archive %s is damaged. Download or copy it again.", source).Because(err)
	}
	t := &Tree{Name: source, Close: f.Close}
	left := allowance(size)
	for _, e := range z.File {
		name, ok := cleanName(zipName(e))
		if !ok || IsLitter(name) || !e.Mode().IsRegular() || strings.HasSuffix(e.Name, "/") {
			continue
		}
		if left -= int64(min(e.UncompressedSize64, maxUnpacked)); left < 0 {
			return nil, bombFault(source)
		}
		if len(t.Files) >= maxFiles {
			return nil, fault.New("data.files", "%s has more than %v files. Import a part of it.", source, maxFiles)
		}
		t.Files = append(t.Files, File{name, int64(e.UncompressedSize64), func() (io.ReadCloser, error) {
			if e.Flags&1 != 0 {
				return nil, fault.New("archive.encrypted", "%s in the archive is encrypted. Unpack it with its password first.", name)
			}
			r, err := e.Open()
			if err != nil {
				return nil, archiveFault(err, source)
			}
			return r, nil
		}})
	}
	return t, nil
}

// zipName returns an entry's name as text: Korean Windows writes CP949 without saying so.
func zipName(e *zip.File) string {
	if e.NonUTF8 && !utf8.ValidString(e.Name) {
		if name, err := korean.EUCKR.NewDecoder().String(e.Name); err == nil {
			return name
		}
	}
	return e.Name
}

// cleanName brings the name of an entry to a relative path with slashes; false for one that leads out of the archive.
func cleanName(name string) (string, bool) {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "�")
	clean := path.Clean(name)
	if name == "" || path.IsAbs(clean) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") || len(clean) > 1<<14 {
		return "", false
	}
	return clean, true
}

// tarTree copies the files of a tar into one temporary file, as they can be read in order only.
func tarTree(ctx context.Context, r io.Reader, f *os.File, source string, size int64) (_ *Tree, err error) {
	spool, err := os.CreateTemp("", "convscope-*")
	if err != nil {
		return nil, disk.WriteFault(err, os.TempDir())
	}
	remove := func() error {
		f.Close()
		closing := spool.Close()
		if err := os.Remove(spool.Name()); err != nil {
			return err
		}
		return closing
	}
	defer func() {
		if err != nil {
			_ = remove() // the first error is the one to tell
		}
	}()
	t := &Tree{Name: source, Close: remove}
	left, at := allowance(size), int64(0)
	out := bufio.NewWriterSize(spool, 1<<20)
	end := &zeros{r: r}
	for reader := tar.NewReader(end); ; {
		h, err := reader.Next()
		if err == io.EOF {
			if err := end.check(); err != nil {
				return nil, archiveFault(err, source)
			}
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return nil, archiveFault(err, source)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if left -= h.Size; h.Size < 0 || left < 0 {
			return nil, bombFault(source)
		}
		name, ok := cleanName(h.Name)
		if !ok || IsLitter(name) || h.Typeflag != tar.TypeReg {
			continue
		}
		if len(t.Files) >= maxFiles {
			return nil, fault.New("data.files", "%s has more than %v files. Import a part of it.", source, maxFiles)
		}
		if err := copyEntry(ctx, out, reader, source, spool.Name()); err != nil {
			return nil, err
		}
		from, n := at, h.Size
		at += n
		t.Files = append(t.Files, File{name, n, func() (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(spool, from, n)), nil
		}})
	}
	if err := out.Flush(); err != nil {
		return nil, disk.WriteFault(err, spool.Name())
	}
	return t, nil
}

// zeros counts the zeros that end what was read: a tar ends in two blocks of 512 of them, which archive/tar does not ask for.
type zeros struct {
	r   io.Reader
	run int
}

func (z *zeros) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	tail := len(bytes.TrimRight(p[:n], "\x00"))
	if tail > 0 {
		z.run = 0
	}
	z.run += n - tail
	return n, err
}

// paddingBytes is how much may follow a tar's end: programs fill up to the block of a tape.
const paddingBytes = 1 << 20

// check returns an error unless the tar came to its end, and reads on to where gzip compares its checksum.
func (z *zeros) check() error {
	if z.run < 512 {
		return io.ErrUnexpectedEOF
	}
	_, err := io.CopyN(io.Discard, z.r, paddingBytes)
	if err == io.EOF {
		return nil
	}
	return err
}

// copyEntry copies one file of a tar to the spool, telling a failure to read from one to write.
func copyEntry(ctx context.Context, out *bufio.Writer, r io.Reader, source, spool string) error {
	buffer := make([]byte, 1<<16)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buffer)
		if _, failed := out.Write(buffer[:n]); failed != nil {
			return disk.WriteFault(failed, spool)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return archiveFault(err, source)
		}
	}
}

package disk_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

func TestAtomicFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	write := func(text string, err error) error {
		return disk.WriteFile(path, func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return err
		})
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	for code, cause := range map[string]syscall.Errno{
		"disk.full":       syscall.ENOSPC,
		"folder.readonly": syscall.EROFS,
		"name.long":       syscall.ENAMETOOLONG,
		"file.failed":     syscall.EIO,
	} {
		err := write(strings.Repeat("second", 1<<16), &os.PathError{Op: "write", Path: "temporary", Err: cause})
		if fault.Code(err) != code || !errors.Is(err, cause) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "temporary") {
			t.Errorf("%v does not name its cause and its file, and no other", err)
		}
		if err = disk.CannotWrite(err, "whole"); fault.Code(err) != code || !errors.Is(err, cause) || strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "whole") {
			t.Errorf("%v does not name what the file is a part of", err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "first" {
			t.Errorf("after a failure the file has %.20q, %v", b, err)
		}
	}
	if err := write("third", nil); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "third" {
		t.Errorf("%q", b)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"x"}) {
		t.Errorf("there are %v", got)
	}
	if err := disk.WriteFile(filepath.Join(dir, "none", "x"), func(io.Writer) error { return nil }); fault.Code(err) != "folder.missing" {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

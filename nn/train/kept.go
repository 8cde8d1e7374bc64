package train

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

const (
	keepFile = "keep"     // in a snapshot that is kept on purpose
	noteFile = "note.txt" // of a run: what the user wrote about it
	maxNote  = 4096       // bytes of a note
)

// A SnapshotInfo is a snapshot of a run as it lies on the disk.
type SnapshotInfo struct {
	Epoch float64
	Bytes int64
	Kept  bool // on purpose: it stays when older ones go
}

// ReadSnapshots lists a run's snapshots, the oldest first.
func ReadSnapshots(run string) []SnapshotInfo {
	var list []SnapshotInfo
	for _, e := range model.Snapshots(run) {
		path := snapshotPath(run, e)
		_, err := os.Stat(filepath.Join(path, keepFile))
		list = append(list, SnapshotInfo{e, folderSize(path), err == nil})
	}
	return list
}

func snapshotPath(run string, epoch float64) string {
	return filepath.Join(run, model.SnapshotFolder, model.EpochName(epoch))
}

// KeepSnapshot marks a snapshot as kept on purpose, or takes the mark away.
func KeepSnapshot(run string, epoch float64, on bool) error {
	path := filepath.Join(snapshotPath(run, epoch), keepFile)
	if on {
		return disk.WriteFile(path, func(io.Writer) error { return nil })
	}
	return removed(path)
}

// removed removes a file; nothing there is no fault.
func removed(path string) error {
	if err := disk.Remove(path); err != nil {
		return disk.CannotWrite(err, path)
	}
	return nil
}

// DeleteSnapshot deletes a snapshot, but never the newest: from that the run goes on.
func DeleteSnapshot(run string, epoch float64) error {
	all := model.Snapshots(run)
	if n := len(all); n > 0 && model.SameEpoch(all[n-1], epoch) {
		return fault.New("train.snapshot.newest", "The snapshot of epoch %s is the newest: the run goes on from it. Delete the run instead.", model.EpochName(epoch))
	}
	if !model.HasSnapshot(all, epoch) {
		return nil
	}
	path := snapshotPath(run, epoch)
	if err := disk.RemoveFolder(path); err != nil {
		return disk.CannotWrite(err, path)
	}
	return nil
}

// DiskUse returns how many bytes the files of a run take.
func DiskUse(run string) int64 {
	var n int64
	_ = filepath.WalkDir(run, func(_ string, d fs.DirEntry, err error) error { // what cannot be listed has no size here
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}

// WriteNote keeps what the user wrote about a run; an empty note is none.
func WriteNote(run, note string) error {
	path := filepath.Join(run, noteFile)
	note = strings.TrimSpace(note)
	if len(note) > maxNote {
		return fault.New("train.note.long", "The note has %d bytes; at most %d are kept. Write a shorter one.", len(note), maxNote)
	}
	if note == "" {
		return removed(path)
	}
	return disk.WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, note+"\n")
		return err
	})
}

// readNote reads what the user wrote about a run, as one line; "" for nothing.
func readNote(run string) string {
	b, err := model.ReadFile(filepath.Join(run, noteFile), maxNote+1)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(disk.OneLine(strings.ToValidUTF8(string(b), "�")))
}

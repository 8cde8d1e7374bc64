package train

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// resumed returns a job that goes on with the run of another.
func resumed(j Job) Job {
	j.Resume, j.Config, j.Force = true, Config{}, false
	return j
}

// change rewrites a file.
func change(t *testing.T, path string, with func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, with(b), 0o666); err != nil {
		t.Fatal(err)
	}
}

// without takes a value out of a run.json, as if an older version had written it.
func without(t *testing.T, b []byte, key string) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, key)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func snapshotFile(j Job, names ...string) string {
	return filepath.Join(append([]string{j.Folder, model.SnapshotFolder}, names...)...)
}

// TestEveryFlippedByteOfTheStateIsNoticed flips each byte of a state.json in turn.
func TestEveryFlippedByteOfTheStateIsNoticed(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, stateFile)
	was := progress{Iteration: 123, Epoch: 1.5, Seconds: 7, BestEpoch: 1, Best: kept(.75), BestLoss: .5, Sums: sums{Loss: 3, Counts: []int64{4, 5}, Samples: 5}}
	if err := was.write(path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, err = readProgress(folder)
	if err != nil || was.Iteration != 123 {
		t.Fatalf("%+v, %v", was, err)
	}
	for i := range whole {
		for _, mask := range []byte{1, 4, 0x20, 0xff} {
			b := bytes.Clone(whole)
			b[i] ^= mask
			if err := os.WriteFile(path, b, 0o666); err != nil {
				t.Fatal(err)
			}
			p, err := readProgress(folder)
			p.Checksum = was.Checksum // a damaged name of the checksum makes it one of an older version; the numbers are whole then
			if code := fault.Code(err); err == nil && !reflect.DeepEqual(p, was) || err != nil && code != "train.snapshot.damaged" && code != newerCode {
				t.Errorf("byte %d flipped with %#x: %+v, %v", i, mask, p, err)
			}
		}
	}

	// An older version wrote no checksum.
	var m map[string]any
	if err := json.Unmarshal(whole, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "checksum")
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	if p, err := readProgress(folder); err != nil || p.Iteration != 123 {
		t.Errorf("of an older version: %+v, %v", p, err)
	}
}

// What cannot be read is put aside, again and again, and never written over.
func TestUnreadableSnapshotsAreKept(t *testing.T) {
	j := job(t, digits(t, 40), quick(3))
	must(context.Background(), t, j, nil)
	best := weights(t, j.Folder, "last")
	flip := func(b []byte) []byte {
		b[len(b)/2] ^= 0x11
		return b
	}
	for _, names := range [][2]string{{"2.unreadable", "3.unreadable"}, {"2.unreadable-2", "3.unreadable-2"}} {
		change(t, snapshotFile(j, "3", stateFile), flip)
		change(t, snapshotFile(j, "2", model.WeightsFile), flip)
		damaged, err := os.ReadFile(snapshotFile(j, "2", model.WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		_, events := must(context.Background(), t, resumed(j), nil)
		if warned := of[Warning](events); len(warned) != 2 || !strings.Contains(warned[0].Fault.Error(), names[1]) || !strings.Contains(warned[1].Fault.Error(), names[0]) {
			t.Errorf("warnings %+v", warned)
		}
		if b, err := os.ReadFile(snapshotFile(j, names[0], model.WeightsFile)); err != nil || !bytes.Equal(b, damaged) {
			t.Errorf("%s is not what was damaged: %v", names[0], err)
		}
		if _, err := os.Stat(snapshotFile(j, names[1], stateFile)); err != nil {
			t.Error(err)
		}
		if !same(best, weights(t, j.Folder, "last")) {
			t.Error("other weights than before the damage")
		}
	}
	for _, epoch := range []string{"1", "2", "3"} {
		change(t, snapshotFile(j, epoch, stateFile), flip)
	}
	if _, err := Run(context.Background(), resumed(j), func(Event) {}); fault.Code(err) != "train.snapshot.none" {
		t.Errorf("without any snapshot: %v", err)
	}
	if got := model.Snapshots(j.Folder); len(got) != 3 {
		t.Errorf("snapshots %v are left", got)
	}
}

// A snapshot whose checksum is right and whose counts cannot be is damaged: the run goes on from the one before.
func TestASnapshotWithWrongCountsIsDamaged(t *testing.T) {
	j := job(t, digits(t, 40), quick(2))
	must(context.Background(), t, j, nil)
	spoil := func(epoch string, with func(*sums)) {
		t.Helper()
		p, err := readProgress(snapshotFile(j, epoch))
		if err != nil {
			t.Fatal(err)
		}
		with(&p.Sums)
		if err := p.write(snapshotFile(j, epoch, stateFile)); err != nil {
			t.Fatal(err)
		}
	}
	for name, with := range map[string]func(*sums){
		"of another number of classes": func(s *sums) { s.Counts = s.Counts[1:] },
		"negative":                     func(s *sums) { s.Counts[0] = -1 },
		"more right than there are":    func(s *sums) { s.Counts[20]++ },
		"negative number of samples":   func(s *sums) { s.Samples = -1 },
	} {
		spoil("2", with)
		_, events := must(context.Background(), t, resumed(j), nil)
		warned := of[Warning](events)
		if len(warned) != 1 || fault.Code(warned[0].Fault) != "train.snapshot.aside" || fault.Code(warned[0].Fault.Unwrap()) != "train.snapshot.damaged" {
			t.Errorf("%s: warnings %+v", name, warned)
		}
		if again := of[Started](events); len(again) != 1 || again[0].Iteration != again[0].Iterations/2 {
			t.Errorf("%s: it goes on from %+v", name, again)
		}
	}
	for _, epoch := range []string{"1", "2"} {
		spoil(epoch, func(s *sums) { s.Counts[0] = -1 })
	}
	if _, err := Run(context.Background(), resumed(j), func(Event) {}); fault.Code(err) != "train.snapshot.none" {
		t.Errorf("with wrong counts alone: %v", err)
	}
}

// A run whose labels.txt names another number of classes than its network has does not go on, and is not listed as whole.
func TestLabelsOfAnotherNumberAreRefused(t *testing.T) {
	j := job(t, digits(t, 40), quick(1))
	must(context.Background(), t, j, nil)
	change(t, filepath.Join(j.Folder, model.LabelsFile), func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] })
	again := resumed(j)
	again.Epochs = 2
	_, err := Run(context.Background(), again, func(Event) {})
	if fault.Code(err) != "model.fit.labels" || !strings.Contains(err.Error(), j.Folder) || !strings.Contains(err.Error(), "names 9") {
		t.Errorf("nine labels of ten classes: %v", err)
	}
	if _, err := ReadRun(j.Folder); fault.Code(err) != "model.fit.labels" {
		t.Errorf("in a list: %v", err)
	}
}

// A snapshot that a newer version can read is not trained over.
func TestNewerSnapshotIsNotTrainedOver(t *testing.T) {
	j := job(t, digits(t, 40), quick(2))
	must(context.Background(), t, j, nil)
	change(t, snapshotFile(j, "2", stateFile), func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"format": 2`), []byte(`"format": 99`), 1)
	})
	newer, err := os.ReadFile(snapshotFile(j, "2", stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), resumed(j), func(Event) {}); fault.Code(err) != newerCode {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(snapshotFile(j, "2", stateFile)); err != nil || !bytes.Equal(b, newer) {
		t.Errorf("the newer snapshot is now %s, %v", b, err)
	}
}

// A run goes on with its own data, wherever they lie, and with no others.
func TestResumeKnowsItsData(t *testing.T) {
	own := digits(t, 60)
	j := job(t, own, quick(1))
	must(context.Background(), t, j, nil)
	goOn := func(d *data.Dataset) error {
		again := resumed(j)
		again.Data = d
		_, err := Run(context.Background(), again, func(Event) {})
		return err
	}
	again := digits(t, 60)
	if err := goOn(again); err != nil {
		t.Errorf("the same images, imported again elsewhere: %v", err)
	}
	first := again.IDs(data.Train)[0]
	edit(t, again, func(e *data.Edit) error {
		return e.SetTruth(first, data.Truth{Class: int(again.Index()[first].Class+1) % 10})
	})
	if err := goOn(again); err != nil {
		t.Errorf("with a label mended: %v", err)
	}
	edit(t, again, func(e *data.Edit) error { return e.SetSplit(first, data.Test) })
	if err := goOn(again); fault.Code(err) != "train.data.other" {
		t.Errorf("with an image in another split: %v", err)
	}
	if err := goOn(digits(t, 80)); fault.Code(err) != "train.data.other" {
		t.Errorf("other data: %v", err)
	}
	renamed := digits(t, 60)
	edit(t, renamed, func(e *data.Edit) error { return e.RenameClass(0, "zero") })
	if err := goOn(renamed); err != nil {
		t.Errorf("with a class renamed: %v", err)
	}
	edit(t, renamed, func(e *data.Edit) error { return e.RenameClass(1, "0") })
	if err := goOn(renamed); fault.Code(err) != "train.data.other" {
		t.Errorf("with a class in another's place: %v", err)
	}

	// An older version did not write what the data are known by: the length of an epoch tells something.
	change(t, filepath.Join(j.Folder, RunFile), func(b []byte) []byte { return without(t, b, "data") })
	if err := os.Remove(filepath.Join(j.Folder, imagesFile)); err != nil {
		t.Fatal(err)
	}
	if err := goOn(digits(t, 200)); fault.Code(err) != "train.data.other" {
		t.Errorf("other data of a run of an older version: %v", err)
	}
	if err := goOn(own); err != nil {
		t.Errorf("a run of an older version: %v", err)
	}
	if err := goOn(digits(t, 80)); fault.Code(err) != "train.data.other" {
		t.Errorf("from then on they are known: %v", err)
	}
}

// A finished run that is made longer becomes the run that would have been that long from the beginning, where the rate does not depend on the length.
func TestRunIsMadeLonger(t *testing.T) {
	d := digits(t, 60)
	long, short := job(t, d, quick(3)), job(t, d, quick(1))
	must(context.Background(), t, long, nil)
	must(context.Background(), t, short, nil)
	longer := resumed(short)
	longer.Epochs = 3
	_, events := must(context.Background(), t, longer, nil)
	if start, ok := events[0].(Started); !ok || start.Iterations != 3*start.IterationsPerEpoch || start.Iteration != start.IterationsPerEpoch {
		t.Errorf("begins with %+v", events[0])
	}
	if !same(weights(t, long.Folder, "last"), weights(t, short.Folder, "last")) {
		t.Error("other weights than those of a run that was as long from the beginning")
	}
	if info, err := ReadRun(short.Folder); err != nil || info.Config.Epochs != 3 || info.State != Finished {
		t.Errorf("%+v, %v", info, err)
	}
	longer.Epochs = 1 // it is not made shorter
	if _, events := must(context.Background(), t, longer, nil); len(of[Step](events)) != 0 {
		t.Error("a run of three epochs went on")
	}
}

// What cannot be written is told once, by the name that it was to have.
func TestSnapshotThatCannotBeWritten(t *testing.T) {
	j := job(t, digits(t, 40), quick(2))
	_, err := Run(context.Background(), j, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 1 {
			if err := os.WriteFile(snapshotFile(j), nil, 0o666); err != nil { // a file where the folder of the snapshots belongs
				t.Error(err)
			}
		}
	})
	if fault.Code(err) != "file.failed" || strings.Count(err.Error(), "could not") != 1 || strings.Contains(err.Error(), ".new-") {
		t.Errorf("got %v", err)
	}
}

// A run that goes on tells of no jump that there was not: it remembers what the loss was.
func TestResumedRunTellsOfNoJump(t *testing.T) {
	d := digits(t, 200)
	c := quick(20)
	c.Batch, c.Rate = 40, 1e-4 // the loss stays where it began
	j := job(t, d, c)
	requests := make(chan Request, 1)
	j.Requests = requests
	must(context.Background(), t, j, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 52 {
			requests <- Stop{}
		}
	})
	j = resumed(j)
	j.Requests = nil
	_, events := must(context.Background(), t, j, nil)
	if got := of[Warning](events); len(got) > 0 || len(of[Step](events)) == 0 {
		t.Errorf("after %d steps it tells %+v", len(of[Step](events)), got)
	}
}

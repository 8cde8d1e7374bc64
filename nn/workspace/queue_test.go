package workspace

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

func TestQueueIsKept(t *testing.T) {
	w := at(t, t.TempDir())
	if list, err := w.ReadQueue(); list != nil || err != nil {
		t.Errorf("where none waits there are %v, %v", list, err)
	}
	c := train.Defaults()
	c.Rate, c.Weights = .25, "runs/run 1"
	want := []QueuedRun{{"shapes", lenet(t, 10), train.Defaults()}, {"사진", lenet(t, 2), c}}
	if err := w.WriteQueue(want); err != nil {
		t.Fatal(err)
	}
	if got, err := w.ReadQueue(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v; %v", got, want, err)
	}
	for range 2 {
		if err := w.WriteQueue(nil); err != nil {
			t.Fatal(err)
		}
	}
	if exists(filepath.Join(w.Root(), queueFile)) {
		t.Error("an empty queue is kept")
	}
}

// A queue that this version cannot read, in all or in part, is kept under another name.
func TestAnUnreadableQueueIsKept(t *testing.T) {
	spec := string(lenet(t, 10).JSON())
	for _, text := range []string{
		`{"format":2,"runs":[]}`,
		`{"format":1,"ru`,
		`{"format":1,"runs":[{"dataset":"d","network":` + spec + `,"config":{"epochs":-1}},{"dataset":"d","network":{},"config":{"epochs":1}}]}`,
	} {
		w := at(t, t.TempDir())
		path := filepath.Join(w.Root(), queueFile)
		for _, aside := range []string{".unreadable", ".unreadable 2"} {
			text += " " // another one than before
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			list, err := w.ReadQueue()
			if len(list) != 0 || fault.Code(err) != "workspace.queue.damaged" {
				t.Errorf("%.40s: %d wait, %v", text, len(list), err)
			}
			if b, err := os.ReadFile(path + aside); err != nil || string(b) != text || exists(path) {
				t.Errorf("what is kept is %q, %v", b, err)
			}
		}
	}
}

// A run that cannot be trained is left out of a queue, and the others wait on.
func TestOneWrongRunOfAQueue(t *testing.T) {
	w := at(t, t.TempDir())
	wrong := train.Defaults()
	wrong.Rate = -1
	if err := w.WriteQueue([]QueuedRun{{"a", lenet(t, 10), wrong}, {"b", lenet(t, 10), train.Defaults()}}); err != nil {
		t.Fatal(err)
	}
	if list, err := w.ReadQueue(); len(list) != 1 || list[0].Dataset != "b" || fault.Code(err) != "workspace.queue.damaged" {
		t.Errorf("%+v, %v", list, err)
	}
}

// A queue that cannot be read is told, and what is read of it can be trained and written again.
func FuzzQueue(f *testing.F) {
	f.Add([]byte(`{"format":1,"runs":[{"dataset":"d","network":{"format":1},"config":{"epochs":1}}]}`))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := at(t, t.TempDir())
		if err := os.WriteFile(filepath.Join(w.Root(), queueFile), b, 0o666); err != nil {
			t.Fatal(err)
		}
		list, err := w.ReadQueue()
		if err != nil && fault.Code(err) == "" {
			t.Errorf("no words for %v", err)
		}
		for _, r := range list {
			if r.Config.Check() != nil {
				t.Errorf("%+v waits", r.Config)
			}
		}
		if err := w.WriteQueue(list); err != nil {
			t.Fatal(err)
		}
		if again, err := w.ReadQueue(); err != nil || len(again) != len(list) {
			t.Errorf("%d of %d are read again, %v", len(again), len(list), err)
		}
	})
}

// Whatever a file says was chosen can be kept again.
func FuzzChoice(f *testing.F) {
	f.Add([]byte(`{"format":1,"dataset":"shapes","network":"lenet","run":"run 1","device":"cpu"}`))
	f.Add([]byte(`{"dataset":"broken","network":"bad","run":"gone"`))
	f.Add([]byte(`{"dataset":7}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := at(t, t.TempDir())
		if err := os.WriteFile(filepath.Join(w.Root(), choiceFile), b, 0o666); err != nil {
			t.Fatal(err)
		}
		c := w.ReadChoice()
		if err := w.WriteChoice(c); err != nil {
			t.Fatal(err)
		}
		if got := w.ReadChoice(); got != c {
			t.Errorf("%+v is kept as %+v", c, got)
		}
	})
}

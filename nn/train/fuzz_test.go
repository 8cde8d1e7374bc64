package train

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/model"
)

// FuzzReadRun reads run.json, events.jsonl and a network that anyone may have written.
func FuzzReadRun(f *testing.F) {
	f.Add([]byte(`{"format":1,"config":{"epochs":3},"dataset":"d","state":"running"}`),
		[]byte(`{"event":"start","iteration":0,"iterations":9}`+"\n"+`{"event":"step","iteration":1,"loss":2.5}`+"\n"+`{"event":"epoch","epoch":1,"best":true}`+"\n"+`{"event":"warning","code":"train.jump","text":"100 %"}`+"\n"+`{"event":"done","rea`))
	f.Add([]byte(`{"format":2}`), []byte("\n\n\x00"))
	f.Fuzz(func(t *testing.T, run, events []byte) {
		folder := t.TempDir()
		for name, b := range map[string][]byte{
			RunFile: run, EventsFile: events, model.NetworkFile: small(false).JSON(), model.LabelsFile: []byte("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
			model.PreprocessFile: []byte(`{"format":1,"width":28,"height":28,"channels":1,"mean":"none","scale":1}`),
		} {
			if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		list, err := ReadEvents(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list { // what was read can be written again, as a run that goes on does
			b, err := EncodeEvent(e)
			if err != nil || len(b) == 0 {
				t.Fatalf("%+v: %v", e, err)
			}
			if _, err := DecodeEvent(b); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
		}
		if info, err := ReadRun(folder); err == nil && info.Iteration < 0 {
			t.Fatalf("%+v", info)
		}
	})
}

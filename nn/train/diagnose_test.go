package train

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/metric"
)

// recorded reads a run of testdata/runs.
func recorded(t *testing.T, path string) History {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<22)
	var head struct {
		Classes, Epochs int
		State           string
	}
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &head) != nil {
		t.Fatalf("%s has no head", path)
	}
	var events []Event
	for lines.Scan() {
		e, err := DecodeEvent(lines.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		events = append(events, e)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return HistoryOf(RunInfo{Spec: nn.Spec{Classes: head.Classes}, Config: Config{Epochs: head.Epochs}, State: head.State}, events)
}

// codes returns those of findings.
func codes(list []Finding) []string {
	var all []string
	for _, f := range list {
		all = append(all, f.Code)
	}
	return all
}

// list.json says what is to be said of each recorded run (testdata/runs/make.sh made them).
func TestDiagnoseRecordedRuns(t *testing.T) {
	var want map[string][]string
	b, err := os.ReadFile("testdata/runs/list.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/runs/*.gz")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d runs, %d in the list, %v", len(files), len(want), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
		h := recorded(t, path)
		if got := codes(Diagnose(h)); !slices.Equal(got, want[name]) {
			t.Errorf("of %s it says %v, not %v: %+v", name, got, want[name], Diagnose(h))
		}
	}
}

// until returns what a history was at an epoch.
func (h History) until(epoch float64) History {
	h.State = Running
	h.Steps = slices.Clone(h.Steps[:sort.Search(len(h.Steps), func(i int) bool { return h.Steps[i].Epoch > epoch })])
	h.Valid = h.Valid[:sort.Search(len(h.Valid), func(i int) bool { return h.Valid[i].Epoch > epoch })]
	h.Health = h.Health[:sort.Search(len(h.Health), func(i int) bool { return h.Health[i].Epoch > epoch })]
	h.Jumps = h.Jumps[:sort.Search(len(h.Jumps), func(i int) bool { return h.Jumps[i] > epoch })]
	return h
}

// A run that is well is well on the way too.
func TestHealthyRunsSayNothingOnTheWay(t *testing.T) {
	files, err := filepath.Glob("testdata/runs/well-*.gz")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d healthy runs, %v", len(files), err)
	}
	for _, path := range files {
		whole := recorded(t, path)
		for part := 1; part <= 40; part++ {
			h := whole.until(float64(part) * float64(whole.Epochs) / 40)
			for _, f := range Diagnose(h) {
				if f.Code != FindWell {
					t.Errorf("%s at epoch %g: %+v", filepath.Base(path), h.lastEpoch(), f)
				}
			}
		}
	}
}

// What is wrong is told half way.
func TestSickRunsAreToldEarly(t *testing.T) {
	for name, code := range map[string]string{
		"vanishing": FindVanishing, "vanishing-colour": FindVanishing, "exploding": FindExploding, "rate-low": FindRateLow, "jumps": FindJump,
	} {
		h := recorded(t, "testdata/runs/"+name+".jsonl.gz")
		if got := codes(Diagnose(h.until(float64(h.Epochs) / 2))); !slices.Contains(got, code) {
			t.Errorf("of %s it says %v half way", name, got)
		}
	}
}

// The window asks with every state of a run that goes on.
func BenchmarkDiagnose(b *testing.B) {
	h := History{Classes: 10, PerEpoch: 100, Epochs: 100, State: Running}
	for i := range 4096 {
		h.Steps = append(h.Steps, StepPoint{float64(i) / 40, 2, .1})
	}
	for i := range 100 {
		h.Valid = append(h.Valid, Epoch{Epoch: float64(i + 1), TrainLoss: 2, ValLoss: 2.1, Val: metric.Values{metric.Accuracy: .3}})
	}
	for i := range 400 {
		m := Health{Iteration: i * 20, Epoch: float64(i) / 4}
		for range 60 {
			m.Layers = append(m.Layers, LayerHealth{Gradient: 1, Weight: 1, Update: .001, Dead: nan})
		}
		h.Health = append(h.Health, m)
	}
	for b.Loop() {
		Diagnose(h)
	}
}

// The rate that is told is the one that was set, and not that of the first step of a warm-up.
func TestTheRateOfARunThatWarmsUp(t *testing.T) {
	h := History{}
	for i := range 20 {
		h.Steps = append(h.Steps, StepPoint{Epoch: float64(i), Loss: 1, Rate: .004 * min(1, float64(i+1)/5) * (1 - float64(i)/40)})
	}
	if got := h.rate(); got < .0035 || got > .004 {
		t.Errorf("the rate is %g", got)
	}
}

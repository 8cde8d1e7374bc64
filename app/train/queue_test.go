package train

import (
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/train"
)

// texts returns the cells of the rows in the list of runs.
func (p *Page) texts() (list [][]string) {
	for _, row := range p.list.rows[:max(p.list.listed, 0)] {
		list = append(list, row.Cells())
	}
	return list
}

// While a run goes on the next one is set up beside it and waits.
func TestQueueInTheWindow(t *testing.T) {
	h, p := withShapes(t)
	p.form.change(func(c *train.Config) { c.Epochs = 500 })
	p.train()
	h.Until("a start", func(s *session.State) bool { return s.Training != nil && s.Training.Iteration > 1 })
	if !p.form.locked || p.actions.mode != "training" {
		t.Errorf("the form shows the next run, with the buttons of %q", p.actions.mode)
	}
	p.showSettingsOf(1)
	if p.form.locked || !strings.HasPrefix(p.actions.mode, "ahead") {
		t.Errorf("the form is locked, with the buttons of %q", p.actions.mode)
	}
	p.form.change(func(c *train.Config) { c.Epochs, c.Rate = 1, .03 })
	p.train()
	h.Until("one that waits", func(s *session.State) bool { return len(s.Waiting) == 1 })
	if rows := p.texts(); len(rows) != 2 || rows[1][0] != "next 1" || !strings.Contains(rows[1][1], "0.03") || rows[1][2] != "waiting" || rows[0][0] != "run 1" {
		t.Errorf("the list is %q", rows)
	}
	if c := h.State().Training.Config; c.Epochs != 500 {
		t.Errorf("the run that goes on has the settings of the next: %+v", c)
	}
	p.takeSettings("lenet", h.State().Training.Config)
	if !p.actions.ahead || p.form.locked || p.form.shown.Epochs != 500 {
		t.Errorf("the settings that were taken over are %+v", p.form.shown)
	}
	h.Session().Stop(h.State().Training.Run)
	h.Until("a held queue", func(s *session.State) bool { return s.Training == nil && len(s.Waiting) == 1 })
	if !p.actions.ahead || !strings.HasPrefix(p.actions.mode, "ready 1") {
		t.Errorf("after the stop the buttons are those of %q", p.actions.mode)
	}
	h.Session().StartQueue()
	h.Until("the end of both", func(s *session.State) bool { return s.Training == nil && len(s.Runs) == 2 })
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

// Runs are compared in a table: what they differ in is marked, what they share is said, and each column sorts.
func TestComparison(t *testing.T) {
	h, p := withShapes(t)
	p.form.change(func(c *train.Config) { c.Epochs = 2 })
	p.sweep.seeds, p.sweep.rates = 2, []float64{.001}
	p.train()
	h.Until("four runs", func(s *session.State) bool { return s.Training == nil && len(s.Waiting) == 0 && len(s.Runs) == 4 })
	h.Session().SetNote("run 3", "a tenth of the rate")
	h.Until("the note", func(s *session.State) bool { return s.Runs[1].Info.Note != "" })
	p.ShowComparison(true)
	m := &p.comparison
	h.Until("all curves and sizes", func(s *session.State) bool {
		p.Update(s)
		return len(s.Curves) == 4 && len(m.disk) == 4
	})
	p.Update(h.State())
	column := func(key string) int { return slices.Index(m.keys, key) }
	cells := func(key string) (list []string) {
		for _, r := range m.table.Rows() {
			list = append(list, r.Cells[column(key)])
		}
		return list
	}
	if column("batch") >= 0 || column("momentum") >= 0 || !strings.Contains(m.same.Text(), "momentum 0.9") {
		t.Errorf("columns %v; the same in all: %q", m.keys, m.same.Text())
	}
	if c := m.table.Columns(); !c[column("rate")].Marked || !c[column("seed")].Marked || c[column("disk")].Marked {
		t.Errorf("marked: %+v", c)
	}
	if got := cells("run"); !slices.Equal(got, []string{"run 4", "run 3", "run 2", "run 1"}) {
		t.Errorf("the newest first: %q", got)
	}
	m.sort(column("rate"))
	if got := cells("rate"); got[0] < got[3] || !m.down {
		t.Errorf("by falling rate: %q", got)
	}
	m.sort(column("rate"))
	if got := cells("rate"); got[0] > got[3] {
		t.Errorf("by rising rate: %q", got)
	}
	m.sort(column("note"))
	if got := cells("note"); got[0] == "" {
		t.Errorf("what has no note comes last: %q", got)
	}
	// Two seeds of each rate make two bands with their means.
	if series := m.plot.Data().Series; len(series) != 4 || series[0].Lower == nil || series[1].Name == "" || series[0].Fixed != series[1].Fixed || series[1].Fixed == series[3].Fixed {
		t.Errorf("%d lines: %+v", len(series), series)
	}
	m.tick("run 4")
	m.tick("run 3")
	if series := m.plot.Data().Series; len(series) != 2 {
		t.Errorf("with two runs of one rate there are %d lines", len(series))
	}
	if m.table.Columns()[column("rate")].Marked || !m.table.Columns()[column("seed")].Marked {
		t.Error("what ticked runs agree in is marked")
	}
	m.tick("run 3")
	m.order, m.down = "best-accuracy", true
	p.Update(h.State())
	m.disk = map[string]int64{"run 1": 1_200_000, "run 2": 1_200_000, "run 3": 1_200_000, "run 4": 1_200_000}
	p.Update(h.State())
	h.Golden("comparison")
	p.ShowComparison(false)
	if p.comparison.on {
		t.Error("it is still shown")
	}
}

// The snapshots of a run are listed with what they are worth; from each one can go back.
func TestSnapshotsInTheWindow(t *testing.T) {
	h, p := withShapes(t)
	p.form.change(func(c *train.Config) { c.Epochs = 3 })
	p.train()
	h.Until("a run", func(s *session.State) bool {
		return s.Training == nil && len(s.Runs) == 1 && len(s.Runs[0].Info.Snapshots) == 3
	})
	p.showSnapshots(h.State().Runs[0])
	if h.Dialogs != 1 {
		t.Fatal("no dialog")
	}
	l := &snapshotList{p: p, run: h.State().Runs[0], use: p.actions.where, list: p.says}
	l.show(session.RunDisk{Bytes: 3_000_000, Snapshots: train.ReadSnapshots(l.run.Folder)})
	if len(l.list.Objects) != 3 || l.use.Text() != "3.0 MB on the disk · 3 snapshots" {
		t.Errorf("%d rows, %q", len(l.list.Objects), l.use.Text())
	}
	h.Session().GoBack("run 1", 2, 0)
	h.Until("the branch", func(s *session.State) bool { return s.Run == "run 2" })
	if r := h.State().ChosenRun(); r.Info.State != train.Stopped || !strings.HasSuffix(p.actions.mode, "run 2") {
		t.Errorf("%s, the buttons are those of %q", r.Info.State, p.actions.mode)
	}
}

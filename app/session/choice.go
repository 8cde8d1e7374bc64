package session

import (
	"context"
	"slices"

	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/workspace"
)

// restore reads the workspace and the choice of last time.
func (s *Session) restore(ctx context.Context) {
	c := s.space.ReadChoice()
	s.space.Clear()
	datasets, err := s.readDatasets(ctx)
	s.fail(err)
	runs, err := s.readRuns(ctx)
	s.fail(err)
	queued, err := s.space.ReadQueue()
	s.fail(err)
	s.change(func(now *State) {
		now.Loading, now.Datasets, now.Runs = false, datasets, runs
		s.queue.add(queued...)
		now.Dataset, now.Network, now.Run = c.Dataset, c.Network, c.Run
		if slices.Contains([]string{device.CPU, device.GPU}, c.Device) {
			now.Device = c.Device
		}
		s.settle(now)
		if now.Run == "" {
			now.Run = runOn(now)
		}
	})
	if state := s.State(); c.Dataset != "" && state.Dataset != c.Dataset {
		s.notice(Notice{Err: s.space.DatasetGone(c.Dataset), Stays: true})
		s.remember()
	}
	s.loadCurve(s.State().Run)
	s.findDevices(ctx)
}

// settle puts the choice in order: what is not there is not chosen, and networks fit the chosen data.
func (s *Session) settle(now *State) {
	if now.ChosenDataset() == nil {
		now.Dataset = ""
		if len(now.Datasets) > 0 {
			now.Dataset = now.Datasets[0].Name
		}
	}
	now.Networks = networksFor(s.networks, now.ChosenDataset())
	if now.ChosenNetwork() == nil {
		now.Network = now.Networks[0].Name
	}
	if now.Run != "" && now.ChosenRun() == nil && s.training.run() != now.Run {
		now.Run = runOn(now)
	}
}

// runOn returns the chosen run if it was trained on the chosen data set, else the newest that was; "" for none.
func runOn(now *State) string {
	d, on := now.ChosenDataset(), ""
	if d == nil {
		return now.Run
	}
	for _, r := range slices.Backward(now.Runs) {
		if r.Info.Dataset != d.Path {
			continue
		}
		if on = r.Name; on == now.Run {
			return on
		}
	}
	return on
}

// remember keeps the choice on the disk.
func (s *Session) remember() { s.write(&s.choiceFile) }

// writeChoice keeps the choice of a state.
func (s *Session) writeChoice(state *State) error {
	return s.space.WriteChoice(workspace.Choice{Dataset: state.Dataset, Network: state.Network, Run: state.Run, Device: state.Device})
}

// ChooseDataset chooses the data set that all tabs work on. Networks follow its size and number of classes.
func (s *Session) ChooseDataset(name string) {
	s.change(func(now *State) {
		now.Dataset = name
		s.settle(now)
		if s.training.run() == "" {
			now.Run = runOn(now)
		}
	})
	s.remember()
	s.loadCurve(s.State().Run)
}

// ChooseNetwork chooses the network that all tabs work on.
func (s *Session) ChooseNetwork(name string) {
	s.change(func(now *State) { now.Network = name })
	s.remember()
}

// ChooseRun chooses the run that all tabs work on, and reads its curves.
func (s *Session) ChooseRun(name string) {
	s.change(func(now *State) { now.Run = name })
	s.remember()
	s.loadCurve(name)
}

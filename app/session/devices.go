package session

import (
	"context"
	"strconv"
	"time"

	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/workspace"
)

// always returns what a run can be trained on everywhere.
func always() []Device { return []Device{{Kind: device.Auto, Measured: true}, {Kind: device.CPU}} }

// findDevices looks for what else a run can be trained on. A driver that wakes up may take its time: nothing else waits for it.
func (s *Session) findDevices(ctx context.Context) {
	name := device.Adapter(ctx)
	s.change(func(now *State) {
		if name != "" {
			now.Devices = append(always(), Device{Kind: device.GPU, Name: name})
		} else if now.Device == device.GPU && ctx.Err() == nil { // as it was chosen it was there
			now.Device = device.Auto
		}
	})
}

// SetDevice chooses what the next runs are trained on.
func (s *Session) SetDevice(kind string) {
	s.change(func(now *State) { now.Device = kind })
	s.remember()
}

// onCPU returns what trains on the CPU a run that its graphics processor did not train to the end: one that began from its last snapshot, another from the start.
func (s *Session) onCPU(l *live, begun bool) func() error {
	return s.withCPU(func() error {
		if r := s.State().run(l.run); begun && r != nil { // it may have been to go on for longer than is written down
			return s.ExtendRun(l.run, l.config.Epochs-r.Info.Config.Epochs)
		}
		return s.startNew(s.nextRun(), workspace.QueuedRun{Dataset: l.dataset, Spec: l.spec, Config: l.config}, nil)
	})
}

// withCPU returns what starts something on the CPU, which then is the choice, unless it does not start.
func (s *Session) withCPU(start func() error) func() error {
	return func() error {
		before := s.State().Device
		s.SetDevice(device.CPU)
		err := start()
		if err != nil {
			s.SetDevice(before)
		}
		return err
	}
}

// openDevice makes the chosen device ready for a job. What was measured for it is reported.
func (s *Session) openDevice(job train.Job) (device.Choice, error) {
	c, err := s.newDevice(device.Request{Kind: s.State().Device, Threads: s.config.Threads, Quiet: true, Program: job.Program})
	if err == nil && c.Measured {
		s.notice(Notice{Key: "notice.device." + c.Kind, Args: []any{milliseconds(c.CPU), milliseconds(c.GPU), device.Adapter(s.work.ctx)}})
	}
	return c, err
}

// milliseconds writes a time with the digits that count.
func milliseconds(d time.Duration) string {
	digits := time.Microsecond
	for d >= 100*digits {
		digits *= 10
	}
	return strconv.FormatFloat(float64(d.Round(digits))/float64(time.Millisecond), 'f', -1, 64)
}

package session

import (
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/train"
)

// devices lists what a run can be trained on. It looks for adapters, which takes a moment.
func (s *Session) devices() []Device {
	list := []Device{{Kind: device.Auto, Measured: true}, {Kind: device.CPU}}
	if name := device.Adapter(); name != "" {
		list = append(list, Device{Kind: device.GPU, Name: name})
	}
	return list
}

// SetDevice chooses what the next runs are trained on.
func (s *Session) SetDevice(kind string) {
	s.change(func(now *State) { now.Device = kind })
	s.remember()
}

// onCPU gives what trains a run on the CPU that its graphics processor did not train to the end, from its last snapshot or, where it never began, anew.
func (s *Session) onCPU(l *live, begun bool) func() error {
	return func() error {
		s.SetDevice(device.CPU)
		if begun {
			return s.ResumeRun(l.run)
		}
		_, err := s.Train(l.config)
		return err
	}
}

// openDevice makes the chosen device ready for a job. What was measured for it is told.
func (s *Session) openDevice(job train.Job) (device.Choice, error) {
	c, err := s.newDevice(device.Request{Kind: s.State().Device, Threads: s.config.Threads, Quiet: true, Program: job.Program})
	if err == nil && c.Measured {
		s.notice(Notice{Key: "notice.device", Args: []any{c.Name(), float64(c.CPU.Microseconds()) / 1000, float64(c.GPU.Microseconds()) / 1000}})
	}
	return c, err
}

package subprocess

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/convscope/convscope/nn/kernel"
)

func init() {
	for _, op := range []kernel.Op{
		kernel.Conv{},
		kernel.ConvGradInput{},
		kernel.ConvGradWeights{},
		kernel.Deconv{},
		kernel.DeconvGradInput{},
		kernel.DeconvGradWeights{},
		kernel.Dense{},
		kernel.DenseGradInput{},
		kernel.DenseGradWeights{},
		kernel.Pool{},
		kernel.PoolGrad{},
		kernel.Activation{},
		kernel.ActivationGrad{},
		kernel.Dropout{},
		kernel.DropoutGrad{},
		kernel.LRN{},
		kernel.LRNGrad{},
		kernel.BatchNorm{},
		kernel.BatchNormGrad{},
		kernel.Softmax{},
		kernel.SoftmaxGrad{},
		kernel.Copy{},
		kernel.Crop{},
		kernel.CropGrad{},
		kernel.Upsample{},
		kernel.UpsampleGrad{},
		kernel.Sum{},
		kernel.SoftmaxLoss{},
		kernel.SoftmaxLossGrad{},
		kernel.SquaredLoss{},
		kernel.SquaredLossGrad{},
		kernel.AbsoluteLoss{},
		kernel.AbsoluteLossGrad{},
		kernel.SigmoidLoss{},
		kernel.SigmoidLossGrad{},
		kernel.HingeLoss{},
		kernel.HingeLossGrad{},
		kernel.Update{},
	} {
		gob.Register(op)
	}
}

// Serve opens a device and does on standard input and output what the program that started this process asks of it, until that ends. A key that interrupts the program (it is
// sent to both) does not end the process before the program has taken from it what it wants to keep. What a driver writes to standard output goes to standard error, where the system
// allows it.
func Serve(open func() (kernel.Device, error)) error {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM) // they are heard and nothing is done; to ignore them is not enough everywhere
	out, err := ownOutput()
	if err != nil {
		return err
	}
	return serve(open, untilGone(os.Stdin), out)
}

// afterAll ends a process whose program is gone, when it had time to end by itself: its device may never answer.
func afterAll() {
	time.Sleep(lingering)
	os.Exit(1)
}

// server is the side of the device.
type server struct {
	device    kernel.Device
	executors map[int]prepared
	last      int // number of an executor
	r         *bufio.Reader
	w         *bufio.Writer
	numbers   []float32
	failed    error // of an upload, for the next answer
}

// prepared is an executor with its program.
type prepared struct {
	kernel.Executor
	program *kernel.Program
}

func serve(open func() (kernel.Device, error), in io.Reader, out io.Writer) error {
	s := server{executors: map[int]prepared{}, r: bufio.NewReader(in), w: bufio.NewWriter(out)}
	dec, enc := gob.NewDecoder(s.r), gob.NewEncoder(s.w)
	hello := greeting{Build: build()}
	d, err := open()
	if err != nil {
		hello.Answer.fail(err)
	} else {
		hello.Name, hello.Threads = d.Name(), d.Threads()
		if p, ok := d.(Patient); ok {
			hello.Patience = p.Patience()
		}
	}
	if err := enc.Encode(hello); err != nil {
		return err
	}
	if err := s.w.Flush(); err != nil || d == nil {
		return err
	}
	s.device = d
	for {
		var r request
		if err := dec.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) { // the program is gone
				err = nil
			}
			return errors.Join(err, s.close())
		}
		if r.Kind == upload {
			if err := s.upload(r); err != nil {
				return err
			}
			continue
		}
		var a answer
		numbers, err := s.do(r, &a)
		if err != nil {
			a.fail(err)
			numbers = nil
		}
		if err := enc.Encode(a); err != nil {
			return err
		}
		if _, err := s.w.Write(asBytes(numbers)); err != nil {
			return err
		}
		if err := s.w.Flush(); err != nil || r.Kind == end {
			return err
		}
	}
}

// do does what is asked and returns the numbers that go with the answer.
func (s *server) do(r request, a *answer) (numbers []float32, err error) {
	if err := s.failed; err != nil && r.Kind != release && r.Kind != end { // nothing is done with what did not arrive
		s.failed = nil
		return nil, err
	}
	switch r.Kind {
	case prepare:
		x, err := s.device.Prepare(r.Program)
		if err != nil {
			return nil, err
		}
		s.last++
		s.executors[s.last] = prepared{x, r.Program}
		a.Executor = s.last
		if p, ok := x.(Patient); ok {
			a.Patience = p.Patience()
		}
		return nil, nil
	case end:
		return nil, s.close()
	}
	x, ok := s.executors[r.Executor]
	if !ok {
		return nil, errClosed
	}
	switch r.Kind {
	case run:
		return nil, x.Run(r.Step)
	case release:
		delete(s.executors, r.Executor)
		return nil, x.Close()
	case download:
		if err := x.check(r); err != nil {
			return nil, err
		}
		s.room(r.Length)
		return s.numbers, x.Buffer(r.Buffer).Download(s.numbers)
	}
	return nil, fmt.Errorf("subprocess: unknown request of kind %d", r.Kind)
}

// upload reads the numbers that follow, whatever becomes of them. Its error is one of reading.
func (s *server) upload(r request) error {
	x, ok := s.executors[r.Executor]
	if !ok {
		return errClosed
	}
	if err := x.check(r); err != nil {
		return err
	}
	s.room(r.Length)
	if _, err := io.ReadFull(s.r, asBytes(s.numbers)); err != nil {
		return err
	}
	s.failed = errors.Join(s.failed, x.Buffer(r.Buffer).Upload(s.numbers))
	return nil
}

// check reports an error unless there are as many numbers as a request is about.
func (p prepared) check(r request) error {
	if r.Buffer < 0 || int(r.Buffer) >= len(p.program.Buffers) || r.Length < 1 || r.Length > p.program.Buffers[r.Buffer].Shape.Len() {
		return fmt.Errorf("subprocess: %d numbers of buffer %d", r.Length, r.Buffer)
	}
	return nil
}

func (s *server) room(n int) {
	if cap(s.numbers) < n {
		s.numbers = make([]float32, n)
	}
	s.numbers = s.numbers[:n]
}

func (s *server) close() error {
	var err error
	for _, x := range s.executors {
		err = errors.Join(err, x.Close())
	}
	s.executors = nil
	return errors.Join(err, s.device.Close())
}

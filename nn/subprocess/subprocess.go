// Package subprocess runs a device in a process of its own. What its driver does to that process (it may end it, or never answer again) a program survives: every call then fails
// with words, and the process is gone with all its memory.
//
// The two speak over the process's standard input and output: a request or an answer in gob, then the numbers that go with it as they lie in memory, for both are the same program.
package subprocess

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// request is what the program asks of the process.
type request struct {
	Kind     kind
	Executor int
	Buffer   kernel.ID
	Length   int // numbers: that follow an upload, that a download asks for
	Program  *kernel.Program
	Step     kernel.Step
}

type kind uint8

const (
	prepare  kind = iota + 1 // answered with the number of the executor
	upload                   // not answered: the next answer reports what went wrong
	download                 // answered; numbers follow
	run
	release // an executor
	end     // the process
)

// answer is what the process sends.
type answer struct {
	Executor int
	Patience time.Duration // with an executor: how long its steps may take, if that is another time than the device's
	Fault    *fault.Fault  // what went wrong, for a person
	Error    string        // what else went wrong
}

// greeting is the first thing that the process sends.
type greeting struct {
	Answer   answer
	Build    string // of the program
	Name     string
	Threads  int
	Patience time.Duration
}

func (a *answer) fail(err error) {
	if !errors.As(err, &a.Fault) {
		a.Error = err.Error()
	}
}

func (a answer) err() error {
	switch {
	case a.Fault != nil:
		return a.Fault
	case a.Error != "":
		return errors.New(a.Error)
	}
	return nil
}

// A Patient device, or executor, has a limit of its own for how long a step may take before its driver counts as hung.
type Patient interface{ Patience() time.Duration }

// starting is how long a process may take to open its device and to make a program ready: some compile for a minute.
const starting = 5 * time.Minute

// lingering is how long a process that was asked to end, or killed, is waited for. One that a driver does not let go is left to the system.
const lingering = 3 * time.Second

// A Config describes the process to start and turns its end into errors.
type Config struct {
	Command *exec.Cmd // the process, in which Serve is called
	Ended   func(name string, cause error) error
	Silent  func(name string, waited time.Duration) error
	// Patience is how long a step may take; 0: as long as the device allows.
	Patience time.Duration
}

// Open starts the process and its device. Errors are those of the device, and what the config makes of a process that ended or was silent; after those every call returns the same error.
func Open(c Config) (kernel.Device, error) {
	in, err := c.Command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.Command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	for _, pipe := range []any{in, out} {
		if f, ok := pipe.(*os.File); ok {
			widen(f)
		}
	}
	d := &device{config: c, in: in, out: out, said: &tail{}, r: bufio.NewReader(out), w: bufio.NewWriter(in)}
	d.dec, d.enc = gob.NewDecoder(d.r), gob.NewEncoder(d.w)
	c.Command.Stderr = d.said
	c.Command.WaitDelay = lingering
	if err := c.Command.Start(); err != nil {
		return nil, c.Ended("", err)
	}
	watch := d.watch(starting)
	var hello greeting
	err = d.dec.Decode(&hello)
	if !watch.stop() || err != nil {
		return nil, d.gone(err, starting)
	}
	if hello.Build != build() { // where Self cannot start the program that runs
		return nil, d.gone(errors.New("another version of the program has taken its place; start it again"), starting)
	}
	if err := hello.Answer.err(); err != nil {
		d.stop()
		return nil, err
	}
	d.name, d.threads, d.patience = hello.Name, hello.Threads, hello.Patience
	if c.Patience != 0 {
		d.patience = c.Patience
	}
	return d, nil
}

// device stands for the device in the other process.
type device struct {
	config   Config
	name     string
	threads  int
	patience time.Duration // 0: without end

	mu     sync.Mutex // held from a request to its answer
	in     io.Closer
	out    io.Closer
	r      *bufio.Reader
	w      *bufio.Writer
	enc    *gob.Encoder
	dec    *gob.Decoder
	said   *tail
	silent atomic.Bool // the process was killed because it did not answer
	lost   error       // what every call says from now on
	closed bool
}

// Name implements kernel.Device.
func (d *device) Name() string { return d.name }

// Threads implements kernel.Device.
func (d *device) Threads() int { return d.threads }

var errClosed = errors.New("subprocess: use of something closed")

// Prepare implements kernel.Device.
func (d *device) Prepare(p *kernel.Program) (kernel.Executor, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.ask(request{Kind: prepare, Program: p}, nil, starting)
	if err != nil {
		return nil, err
	}
	x := &executor{d: d, p: p, number: a.Executor, patience: d.patience}
	if a.Patience != 0 && d.config.Patience == 0 {
		x.patience = a.Patience
	}
	return x, nil
}

// Close implements kernel.Device: the process ends by itself, or is ended. How is no error: there is nothing left that could be lost.
func (d *device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.lost != nil {
		d.closed = true
		return nil
	}
	_, _ = d.ask(request{Kind: end}, nil, lingering)
	if d.lost == nil {
		d.stop()
	}
	d.closed = true
	return nil
}

// ask sends a request and waits for the answer, and for the numbers that follow it.
func (d *device) ask(r request, numbers []float32, patience time.Duration) (a answer, err error) {
	if err := d.usable(); err != nil {
		return a, err
	}
	watch := d.watch(patience)
	if err = d.enc.Encode(r); err == nil {
		if err = d.w.Flush(); err == nil {
			err = d.dec.Decode(&a)
		}
	}
	if err == nil && a.err() == nil && len(numbers) > 0 {
		_, err = io.ReadFull(d.r, asBytes(numbers))
	}
	if !watch.stop() || err != nil {
		return a, d.gone(err, patience)
	}
	return a, a.err()
}

// tell sends numbers that are not answered.
func (d *device) tell(r request, numbers []float32) error {
	if err := d.usable(); err != nil {
		return err
	}
	watch := d.watch(d.patience)
	err := d.enc.Encode(r)
	if err == nil {
		_, err = d.w.Write(asBytes(numbers))
	}
	if !watch.stop() || err != nil {
		return d.gone(err, d.patience)
	}
	return nil
}

func (d *device) usable() error {
	if d.closed {
		return errClosed
	}
	return d.lost
}

// watch kills the process if it is not stopped in time. Time counts in short ticks, so that a program that was itself stopped for a while, or a computer that slept, does
// not take its process for hung.
func (d *device) watch(patience time.Duration) *watch {
	const tick = time.Second
	w := &watch{d: d, tick: min(patience, tick)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if patience > 0 {
		w.left = int((patience + tick - 1) / tick)
		w.timer = time.AfterFunc(w.tick, w.ring)
	}
	return w
}

// watch counts the ticks that are left of a device's patience.
type watch struct {
	d     *device
	tick  time.Duration
	timer *time.Timer // nil: patience without end

	mu    sync.Mutex
	left  int
	ended bool // by stop, or with patience
}

func (w *watch) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	if w.left--; w.left > 0 {
		w.timer.Reset(w.tick)
		return
	}
	w.ended = true
	w.d.silent.Store(true)
	_ = w.d.config.Command.Process.Kill()
	_ = w.d.out.Close() // whoever reads is let go, even if the process is not
}

// stop ends the watch. It reports whether that was in time.
func (w *watch) stop() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return false
	}
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
	return true
}

// gone returns what became of the process, after making sure that it has ended.
func (d *device) gone(cause error, waited time.Duration) error {
	_ = d.config.Command.Process.Kill()
	ended := d.stop()
	if d.silent.Load() {
		d.lost = d.config.Silent(d.name, waited)
		return d.lost
	}
	d.lost = d.config.Ended(d.name, fmt.Errorf("%w; %v: %s", cause, ended, d.said))
	return d.lost
}

// stop lets the process end, or ends it, and returns how.
func (d *device) stop() error {
	_ = d.in.Close()
	ended := make(chan error, 1)
	go func() { ended <- d.config.Command.Wait() }()
	for range 2 {
		select {
		case err := <-ended:
			return err
		case <-time.After(lingering):
			_ = d.config.Command.Process.Kill()
		}
	}
	return errors.New("it does not end")
}

// executor stands for an executor in the other process.
type executor struct {
	d        *device
	p        *kernel.Program
	number   int
	patience time.Duration
	closed   bool
}

// Buffer implements kernel.Executor.
func (x *executor) Buffer(id kernel.ID) kernel.HostAccess { return access{x, id} }

// Run implements kernel.Executor.
func (x *executor) Run(s kernel.Step) error {
	x.d.mu.Lock()
	defer x.d.mu.Unlock()
	if x.closed {
		return errClosed
	}
	_, err := x.d.ask(request{Kind: run, Executor: x.number, Step: s}, nil, x.patience)
	return err
}

// Close implements kernel.Executor. With a process that is gone its executors are too.
func (x *executor) Close() error {
	x.d.mu.Lock()
	defer x.d.mu.Unlock()
	if x.closed || x.d.closed || x.d.lost != nil {
		x.closed = true
		return nil
	}
	x.closed = true
	_, err := x.d.ask(request{Kind: release, Executor: x.number}, nil, x.d.patience)
	return err
}

// access copies to and from a buffer of the other process.
type access struct {
	x  *executor
	id kernel.ID
}

// Len implements kernel.HostAccess.
func (a access) Len() int { return a.x.p.Buffers[a.id].Shape.Len() }

// Upload implements kernel.HostAccess.
func (a access) Upload(src []float32) error {
	a.x.d.mu.Lock()
	defer a.x.d.mu.Unlock()
	if a.x.closed {
		return errClosed
	}
	if err := kernel.CheckUpload(len(src), a.Len()); err != nil || len(src) == 0 {
		return err
	}
	return a.x.d.tell(request{Kind: upload, Executor: a.x.number, Buffer: a.id, Length: len(src)}, src)
}

// Download implements kernel.HostAccess.
func (a access) Download(dst []float32) error {
	a.x.d.mu.Lock()
	defer a.x.d.mu.Unlock()
	if a.x.closed {
		return errClosed
	}
	if err := kernel.CheckDownload(len(dst), a.Len()); err != nil || len(dst) == 0 {
		return err
	}
	_, err := a.x.d.ask(request{Kind: download, Executor: a.x.number, Buffer: a.id, Length: len(dst)}, dst, a.x.d.patience)
	return err
}

// asBytes returns the memory of numbers.
func asBytes(v []float32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
}

// tail keeps the end of what a process writes to standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const most = 1 << 16
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*most {
		t.text = append(t.text[:0], t.text[len(t.text)-most:]...)
	}
	return len(p), nil
}

// String returns the last words: what was written before the runtimes of Rust and Go describe where each thread was.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	words := string(t.text)
	for _, begin := range []string{"\nnote: ", "\nfatal ", "\nSIG", "\ngoroutine "} {
		words, _, _ = strings.Cut(words, begin)
	}
	words = strings.Join(strings.Fields(words), " ")
	return strings.ToValidUTF8(words[max(0, len(words)-300):], "")
}

// build identifies the version of the program.
func build() string {
	if b, ok := debug.ReadBuildInfo(); ok {
		return b.String()
	}
	return ""
}

// Output returns what a command prints on standard output, or "" if it fails or does not end before ctx.
func Output(ctx context.Context, c *exec.Cmd) string {
	c.WaitDelay = lingering
	said := make(chan string, 1)
	go func() {
		if out, err := c.Output(); err == nil {
			said <- string(out)
		} else {
			said <- ""
		}
	}()
	select {
	case s := <-said:
		return s
	case <-ctx.Done():
		return ""
	}
}

// Self returns the command that starts this program once more, with a word for whoever lists processes and more environment. What it prints when it crashes is kept short.
func Self(ctx context.Context, word string, env ...string) (*exec.Cmd, error) {
	path := "/proc/self/exe" // is the program that runs, even where a newer one has taken its file's place
	if _, err := os.Stat(path); err != nil {
		if path, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	c := exec.CommandContext(ctx, path)
	c.Args = []string{os.Args[0], word}
	c.Env = append(append(os.Environ(), "GOTRACEBACK=none", "RUST_BACKTRACE=0"), env...)
	return c, nil
}

package model

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// gated is a device that makes networks ready when the test lets it, and counts those that it has.
type gated struct {
	kernel.Device
	mu    sync.Mutex
	gate  chan struct{} // nil: open
	asked chan struct{}

	prepared, open atomic.Int32
}

type counted struct {
	kernel.Executor
	open *atomic.Int32
}

func (x counted) Close() error {
	x.open.Add(-1)
	return x.Executor.Close()
}

func (d *gated) Prepare(p *kernel.Program) (kernel.Executor, error) {
	d.mu.Lock()
	gate := d.gate
	d.mu.Unlock()
	if gate != nil {
		d.asked <- struct{}{}
		<-gate
	}
	x, err := d.Device.Prepare(p)
	d.prepared.Add(1)
	d.open.Add(1)
	return counted{x, &d.open}, err
}

// shut makes the next networks wait until the gate is opened; asked tells of each that waits.
func (d *gated) shut() (asked <-chan struct{}, opens func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	gate := make(chan struct{})
	d.gate, d.asked = gate, make(chan struct{}, 16)
	return d.asked, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.gate = nil
		close(gate)
	}
}

// cacheOf returns a cache of a size, and the folders of so many models.
func cacheOf(t *testing.T, size, models int) (*Cache, *gated, []Key) {
	t.Helper()
	d := &gated{Device: kernel.NewReference()}
	var keys []Key
	for range models {
		folder := filepath.Join(t.TempDir(), "model")
		if err := Save(folder, tiny(t, 1, MeanNone)); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, Key{Folder: folder, Batch: 1})
	}
	return NewCache(d, size), d, keys
}

func nothing(*Predictor) error { return nil }

// must ends the test where a call has not come back in time: then something waits that should not.
func must(t *testing.T, what string, call func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%s is held up", what)
	}
}

func (c *Cache) tries(key Key, do func(*Predictor) error) func() error {
	return func() error { return c.Use(context.Background(), key, do) }
}

// While one model is loaded, another that is ready is used; those who want the same one wait, and it is loaded once.
func TestASlowLoadHoldsUpNobodyElse(t *testing.T) {
	c, d, keys := cacheOf(t, 2, 2)
	must(t, "the first use", c.tries(keys[0], nothing))
	asked, opens := d.shut()
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			if err := c.Use(context.Background(), keys[1], nothing); err != nil {
				t.Error(err)
			}
		})
	}
	<-asked
	must(t, "a model that is ready", c.tries(keys[0], nothing))
	must(t, "forgetting it", func() error { return c.Forget(keys[0].Folder) })
	opens()
	waiting.Wait()
	if n := d.prepared.Load(); n != 2 {
		t.Errorf("%d models are loaded, not 2", n)
	}
	must(t, "closing", c.Close)
	if n := d.open.Load(); n != 0 {
		t.Errorf("%d models are left open", n)
	}
}

// A model in use that has to go for another holds up neither that nor others, and is closed when its use ends.
func TestEvictingAModelInUseWaitsForNobody(t *testing.T) {
	c, d, keys := cacheOf(t, 1, 3)
	using, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- c.Use(context.Background(), keys[0], func(p *Predictor) error {
			close(using)
			<-end
			_, err := p.Probabilities(make([]float32, 6), 1)
			return err
		})
	}()
	<-using
	must(t, "a model that takes its place", c.tries(keys[1], nothing))
	must(t, "a third one", c.tries(keys[2], nothing))
	if n := d.open.Load(); n != 2 {
		t.Errorf("%d models are open: the one in use and the one in the cache should be", n)
	}
	closing := make(chan error, 1)
	go func() { closing <- c.Close() }()
	select {
	case <-closing:
		t.Error("the cache is closed while a model is in use")
	case <-time.After(50 * time.Millisecond):
	}
	close(end)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-closing; err != nil || d.open.Load() != 0 {
		t.Errorf("closed with %v, %d models are left open", err, d.open.Load())
	}
	if err := c.Use(context.Background(), keys[0], nothing); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a use after the end gives %v", err)
	}
}

// The model that was used last stays, whichever was loaded first; weights that were written again are loaded again.
func TestWhatStaysInACache(t *testing.T) {
	c, d, keys := cacheOf(t, 2, 3)
	for _, k := range []int{0, 1, 0, 2, 0} {
		must(t, "a use", c.tries(keys[k], nothing))
	}
	if n := d.prepared.Load(); n != 3 {
		t.Errorf("%d models were loaded, not 3", n)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(keys[0].Folder, WeightsFile), later, later); err != nil {
		t.Fatal(err)
	}
	must(t, "other weights", c.tries(keys[0], nothing))
	if n := d.prepared.Load(); n != 4 {
		t.Errorf("%d models were loaded, not 4", n)
	}
	must(t, "closing", c.Close)
}

// A model that cannot be loaded is tried again, and nothing of it is kept; a wait ends with its context.
func TestACacheOfWhatCannotBeLoaded(t *testing.T) {
	c, d, keys := cacheOf(t, 2, 1)
	weights := filepath.Join(keys[0].Folder, WeightsFile)
	if err := os.Rename(weights, weights+".away"); err != nil {
		t.Fatal(err)
	}
	if err := c.Use(context.Background(), keys[0], nothing); fault.Code(err) != "model.file.missing" {
		t.Errorf("without weights: %v", err)
	}
	if err := os.Rename(weights+".away", weights); err != nil {
		t.Fatal(err)
	}
	must(t, "a model that is there again", c.tries(keys[0], func(*Predictor) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := c.Use(ctx, keys[0], nothing); !errors.Is(err, context.Canceled) {
			t.Errorf("a wait that is over gives %v", err)
		}
		return nil
	}))
	must(t, "closing", c.Close)
	if n := d.open.Load(); n != 0 {
		t.Errorf("%d models are left open", n)
	}
}

func TestACacheFromManyGoroutines(t *testing.T) {
	c, d, keys := cacheOf(t, 2, 4)
	var used sync.Map // *Predictor
	var work sync.WaitGroup
	for g := range 8 {
		work.Go(func() {
			for i := range 50 {
				err := c.Use(context.Background(), keys[(g*7+i*3)%len(keys)], func(p *Predictor) error {
					if _, twice := used.LoadOrStore(p, true); twice {
						t.Error("a model is used twice at once")
					}
					defer used.Delete(p)
					_, err := p.Probabilities(make([]float32, 6), 1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	must(t, "closing", c.Close)
	if n := d.open.Load(); n != 0 {
		t.Errorf("%d models are left open", n)
	}
}

package model

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/convscope/convscope/nn/kernel"
)

// A Cache keeps the models that were used last open on a device. Its methods may be called from any goroutine. Its lock is held for a look
// at the list only: models are loaded, waited for and closed outside it, so that one that takes its time holds up nobody who uses another.
type Cache struct {
	device kernel.Device
	size   int
	open   sync.WaitGroup // models that are not closed yet

	mu     sync.Mutex // guards what follows, and what of the models it says so
	models []*cached  // the one used last at the end
	closed bool
}

// A Key tells the models of a Cache apart.
type Key struct {
	Folder   string
	Snapshot string // as in Load
	Batch    int    // images at once, at most
	KeepAll  bool   // the output of every layer can be read
}

// A cached model is open, or about to be.
type cached struct {
	key     Key
	written time.Time // when its weights were: the best of a run change while it goes on

	loaded chan struct{} // closed when what follows is there
	p      *Predictor
	err    error

	turn chan struct{} // holds one while the model is used

	users  int           // guarded by the cache's lock: those who use it or wait for it
	out    bool          // likewise: it is no longer in the list
	closed chan struct{} // closed when the model is
	failed error         // of its closing; there when closed is closed
}

// NewCache makes a cache of so many models on a device, which is closed after it.
func NewCache(device kernel.Device, size int) *Cache { return &Cache{device: device, size: size} }

// Use calls do with a model, which nobody else uses meanwhile; it is loaded if it is not there, or its weights were written again. ctx ends
// the waiting for others, not the loading.
func (c *Cache) Use(ctx context.Context, key Key, do func(*Predictor) error) (err error) {
	m, evicted, load, err := c.take(key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.release(m)) }()
	for _, e := range evicted {
		err = errors.Join(err, c.release(e))
	}
	if load {
		c.load(m)
	}
	select {
	case <-m.loaded:
	case <-ctx.Done():
		return ctx.Err()
	}
	if m.err != nil {
		return m.err
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return errors.Join(err, do(m.p))
}

// take finds a model, or makes a place for it, which the caller has to fill. What had to go for it is to be released.
func (c *Cache) take(key Key) (m *cached, evicted []*cached, load bool, err error) {
	var written time.Time
	if info, err := os.Stat(filepath.Join(key.Folder, WeightsFile)); err == nil {
		written = info.ModTime()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, false, os.ErrClosed
	}
	i := slices.IndexFunc(c.models, func(m *cached) bool { return m.key == key && m.written.Equal(written) })
	if i >= 0 {
		m = c.models[i]
		c.models = append(slices.Delete(c.models, i, i+1), m)
		m.users++
		return m, nil, false, nil
	}
	m = &cached{key: key, written: written, loaded: make(chan struct{}), turn: make(chan struct{}, 1), users: 1, closed: make(chan struct{})}
	c.open.Add(1)
	c.models = append(c.models, m)
	evicted = c.drop(slices.Clone(c.models[:max(0, len(c.models)-c.size)]))
	return m, evicted, true, nil
}

// drop takes models out of the list. The caller becomes a user of each, so that it is closed when he releases it or later. The lock is held.
func (c *Cache) drop(models []*cached) []*cached {
	for _, m := range models {
		m.out = true
		m.users++
	}
	c.models = slices.DeleteFunc(c.models, func(m *cached) bool { return m.out })
	return models
}

// load opens a model. One that cannot be opened is out of the list, so that the next who asks for it tries again.
func (c *Cache) load(m *cached) {
	defer close(m.loaded)
	loaded, err := Load(m.key.Folder, m.key.Snapshot)
	if err == nil {
		m.p, err = loaded.Open(c.device, m.key.Batch, m.key.KeepAll)
	}
	if m.err = err; err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.out = true
	c.models = slices.DeleteFunc(c.models, func(o *cached) bool { return o == m })
}

// release ends a use. The last user of a model that is out of the list closes it.
func (c *Cache) release(m *cached) error {
	c.mu.Lock()
	m.users--
	last := m.out && m.users == 0
	c.mu.Unlock()
	if !last {
		return nil
	}
	if m.p != nil {
		m.failed = m.p.Close()
	}
	close(m.closed)
	c.open.Done()
	return m.failed
}

// Forget closes the models of a folder, and waits for those that are in use.
func (c *Cache) Forget(folder string) error {
	c.mu.Lock()
	var models []*cached
	for _, m := range c.models {
		if m.key.Folder == folder {
			models = append(models, m)
		}
	}
	c.drop(models)
	c.mu.Unlock()
	return c.finish(models)
}

// finish releases models and waits until they are closed.
func (c *Cache) finish(models []*cached) (err error) {
	for _, m := range models {
		c.release(m) // what it says stands in the model too
	}
	for _, m := range models {
		<-m.closed
		err = errors.Join(err, m.failed)
	}
	return err
}

// Close closes all models, and waits for those that are in use. Nothing can be used after it.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.closed = true
	models := c.drop(slices.Clone(c.models))
	c.mu.Unlock()
	err := c.finish(models)
	c.open.Wait() // of those that were out of the list before
	return err
}

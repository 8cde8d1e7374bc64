package data

import (
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// An Edit changes a data set within Dataset.Edit.
type Edit struct {
	d       *Dataset
	tx      *bolt.Tx
	index   []Entry
	info    Info         // its classes and counts are those that the edit leaves
	chunks  map[int]bool // of the index, to be written
	resplit bool         // images went to other splits
	renamed bool         // there are other classes
}

// Edit changes truth, splits and classes in one transaction: all of it is on the disk when Edit returns, or nothing of it when it
// returns an error. It needs the database for itself: where another process has the data set open it returns the fault
// "data.busy". Readers in this process wait, so change must not read from the Dataset.
func (d *Dataset) Edit(change func(*Edit) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.db == nil {
		return fault.New("data.closed", "The data set %s is closed. Open it again.", d.path)
	}
	whole := func(tx *bolt.Tx) error {
		if !d.whole(tx) { // deleted or cut off since: bbolt would make a new one, or fall over the missing pages
			return d.damaged()
		}
		return nil
	}
	if err := d.reading(whole); err != nil {
		return err
	}
	if err := d.closeDB(); err != nil {
		return disk.ReadFault(err, d.file())
	}
	err := d.guarded(func() error { return d.editing(change) })
	if reopening := d.open(); err == nil {
		err = reopening
	}
	return err
}

// editing opens the database to write and carries out a change. The caller holds d.mu.
func (d *Dataset) editing(change func(*Edit) error) error {
	db, _, err := openBolt(d.file(), bolt.Options{Timeout: editWait, NoStatistics: true})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return d.busy().Because(err)
	}
	if err != nil {
		return disk.WriteFault(err, d.file())
	}
	defer db.Close()
	e := &Edit{d: d, chunks: map[int]bool{}}
	err = db.Update(func(tx *bolt.Tx) error {
		if tx.ID() != d.version+1 { // another process had it since it was closed to be opened here
			if err := d.load(tx); err != nil {
				return err
			}
		}
		e.begin(tx)
		if err := change(e); err != nil {
			return err
		}
		return e.finish()
	})
	if err != nil {
		return disk.WriteFault(err, d.file())
	}
	d.index.Store(&e.index)
	d.version++
	d.info.Classes, d.info.Removed, d.info.Background = e.info.Classes, e.info.Removed, e.info.Background
	d.info.Counts, d.info.PerClass, d.info.Format = e.info.Counts, e.info.PerClass, Format
	if e.renamed || d.older { // others read the classes there; counts can wait for the end
		d.edited = writeInfo(d.path, d.info) != nil // Close tries again, and tells
	} else {
		d.edited = true
	}
	d.older = false
	return nil
}

// begin takes the state that the edit changes.
func (e *Edit) begin(tx *bolt.Tx) {
	e.tx, e.index, e.info = tx, slices.Clone(e.d.Index()), e.d.info
	e.info.Classes, e.info.Removed = slices.Clone(e.info.Classes), slices.Clone(e.info.Removed)
	for s := range e.info.PerClass {
		e.info.PerClass[s] = slices.Clone(e.info.PerClass[s])
	}
}

// set replaces an entry of the index; the counts change by the difference.
func (e *Edit) set(entry Entry) {
	e.info.add(e.index[entry.ID], -1)
	e.info.add(entry, 1)
	e.index[entry.ID] = entry
	e.chunks[int(entry.ID)/chunkImages] = true
}

// SetTruth replaces what is known of an image. Kinds of truth that a newer version has added stay.
func (e *Edit) SetTruth(id uint32, t Truth) error {
	if int64(id) >= int64(len(e.index)) {
		return e.d.unknown(id)
	}
	w, h, ok := e.d.sizeOf(e.tx, id)
	if !ok {
		return e.d.damaged()
	}
	if err := t.Check(len(e.info.Classes), w, h); err != nil {
		return err
	}
	var removed error
	t.eachClass(func(class int) {
		if slices.Contains(e.info.Removed, class) {
			removed = e.removed(class)
		}
	})
	if removed != nil {
		return removed
	}
	return e.put(id, t)
}

// put writes a truth that was checked.
func (e *Edit) put(id uint32, t Truth) error {
	truths, entry := e.tx.Bucket(truthBucket), e.index[id]
	newer := entry.Kinds &^ knownKinds
	var before []byte
	if newer != 0 {
		before = truths.Get(key(id))
	}
	b, err := encodeTruth(t, before)
	if err != nil {
		return e.d.damaged().Because(err)
	}
	entry.Class, entry.Kinds = e.info.Task.Leading(t), t.Kinds()|newer
	e.set(entry)
	return truths.Put(key(id), b)
}

// SetSplit puts an image into another split.
func (e *Edit) SetSplit(id uint32, s Split) error {
	if int64(id) >= int64(len(e.index)) {
		return e.d.unknown(id)
	}
	if s >= Splits {
		return fault.New("data.split", "There is no split %v; there are train, val and test.", s)
	}
	entry := e.index[id]
	e.resplit = e.resplit || entry.Split != s
	entry.Split = s
	e.set(entry)
	return nil
}

// finish writes the classes and the chunks of the index that changed, all of them where an older format had others, and forgets a mean that is no
// longer true.
func (e *Edit) finish() error {
	about := e.tx.Bucket(aboutBucket)
	if e.d.older {
		for chunk := 0; chunk*chunkImages < len(e.index); chunk++ {
			e.chunks[chunk] = true
		}
		if err := about.Put(formatKey, formatValue(Format)); err != nil {
			return err
		}
	}
	if e.renamed || e.d.older {
		if err := about.Put(classesKey, e.info.classesValue()); err != nil {
			return err
		}
	}
	for chunk := range e.chunks {
		if err := e.tx.Bucket(indexBucket).Put(key(uint32(chunk)), encodeChunk(e.index, chunk)); err != nil {
			return err
		}
	}
	if e.resplit {
		return about.Delete(meanKey)
	}
	return nil
}

package data

import (
	"bytes"
	"encoding/json"
	"os"

	bolt "go.etcd.io/bbolt"

	"github.com/convscope/convscope/nn/disk"
)

// A Writer fills the database of a new data set, record after record in the order of IDs. It is used by one goroutine.
type Writer struct {
	path    string
	info    Info
	db      *bolt.DB
	tx      *bolt.Tx
	next    uint32
	pending int // bytes of the open transaction
}

// transactionBytes is how much is gathered before it is written.
const transactionBytes = 32 << 20

// pageBytes is pinned, so that a data set is the same on machines with other pages.
const pageBytes = 4096

// newWriter makes a database at path. Nothing is synced before Finish: what fails before is thrown away.
func newWriter(path string, info Info) (*Writer, error) {
	db, err := bolt.Open(path, 0o644, &bolt.Options{NoSync: true, NoGrowSync: true, NoStatistics: true, PageSize: pageBytes})
	if err != nil {
		return nil, disk.WriteFault(err, path)
	}
	w := &Writer{path: path, info: info, db: db}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{aboutBucket, imagesBucket, filesBucket, truthBucket, indexBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(aboutBucket).Put(formatKey, formatValue(Format))
	})
	if err != nil {
		w.Abort()
		return nil, disk.WriteFault(err, path)
	}
	return w, nil
}

// bucket returns a bucket of the open transaction, packed for keys that only grow.
func (w *Writer) bucket(name []byte) *bolt.Bucket {
	b := w.tx.Bucket(name)
	b.FillPercent = .95
	return b
}

// Add writes the next record: its ID is the number of those before.
func (w *Writer) Add(r Encoded) error {
	if w.tx == nil {
		tx, err := w.db.Begin(true)
		if err != nil {
			return err
		}
		w.tx = tx
	}
	k := key(w.next)
	about, err := json.Marshal(r.file)
	if err == nil {
		err = w.bucket(filesBucket).Put(k, about)
	}
	if err == nil {
		err = w.bucket(imagesBucket).Put(k, r.value)
	}
	if err == nil {
		err = w.bucket(truthBucket).Put(k, r.truth)
	}
	if err != nil {
		return err
	}
	w.next++
	w.pending += len(r.value) + len(about) + len(r.truth)
	if w.pending >= transactionBytes {
		return w.commit()
	}
	return nil
}

func (w *Writer) commit() error {
	if w.tx == nil {
		return nil
	}
	tx := w.tx
	w.tx, w.pending = nil, 0
	return tx.Commit()
}

// Pixels reads the image that was written under an ID.
func (w *Writer) Pixels(id uint32) (Pixels, error) {
	if err := w.commit(); err != nil {
		return Pixels{}, err
	}
	var value []byte
	err := w.db.View(func(tx *bolt.Tx) error {
		value = bytes.Clone(tx.Bucket(imagesBucket).Get(key(id)))
		return nil
	})
	if err != nil {
		return Pixels{}, err
	}
	return decodeStored(value, w.info.Width, w.info.Height, w.info.Channels, w.path)
}

// Finish writes the index, the classes and the mean, which is of the images for training, syncs and closes the database. It returns what the data set holds: info with what follows
// from the index.
func (w *Writer) Finish(info Info, index []Entry, mean *MeanSum) (Info, error) {
	info.Kind, info.Format = kind, Format
	info.count(index)
	err := w.finish(index, info.classesValue(), mean.mean())
	if err != nil {
		return info, err
	}
	stat, err := os.Stat(w.path)
	if err == nil {
		info.Bytes = stat.Size()
	}
	return info, err
}

// finish writes index, classes and mean (nil: not known), syncs and closes the database.
func (w *Writer) finish(index []Entry, classes, mean []byte) error {
	if err := w.commit(); err != nil {
		return err
	}
	err := w.db.Update(func(tx *bolt.Tx) error {
		w.tx = tx
		defer func() { w.tx = nil }()
		ix := w.bucket(indexBucket)
		for chunk := 0; chunk*chunkImages < len(index); chunk++ {
			if err := ix.Put(key(uint32(chunk)), encodeChunk(index, chunk)); err != nil {
				return err
			}
		}
		about := tx.Bucket(aboutBucket)
		if err := about.Put(classesKey, classes); err != nil || mean == nil {
			return err
		}
		return about.Put(meanKey, mean)
	})
	if err == nil {
		err = w.db.Sync()
	}
	if closing := w.db.Close(); err == nil {
		err = closing
	}
	return err
}

// Abort closes the database without finishing it; after Finish it does nothing.
func (w *Writer) Abort() {
	if w.tx != nil {
		_ = w.tx.Rollback() // the file is thrown away
		w.tx = nil
	}
	_ = w.db.Close()
}

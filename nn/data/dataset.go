package data

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// A Record is what a data set keeps of an image, but for the image itself.
type Record struct {
	ID    uint32
	File  string // path within the source, with slashes
	Split Split
	Truth Truth
	W, H  int // original size in pixels, upright, before it was brought to the data set's

	StoredW, StoredH int // size in pixels of the image as the data set keeps it, which Truth is about
}

// Placement returns where the image as it was in its file lies in the one that the data set keeps.
func (i Info) Placement(r Record) Placement {
	how := i.Resize
	if !i.SameSize() { // each kept its proportions
		how = Squash
	}
	return Place(r.W, r.H, r.StoredW, r.StoredH, how)
}

// An Entry of the index is what is asked for of all images at once.
type Entry struct {
	ID    uint32
	Class int32 // that leads for the data set's task: for classification the image's own, else that of most things; -1: none
	Split Split
	Kinds Kinds // of truth
}

// A Dataset is an open data set folder. All its methods may be called from any goroutine. Several processes may have it open
// at once: they share it until one of them edits.
type Dataset struct {
	path  string
	cache *cache

	mu     sync.RWMutex // held to read while db is used, to write while it is exchanged or an edit is published
	db     *bolt.DB     // nil: closed
	mapped *os.File     // what db reads from; db closes it
	size   int64        // of mapped when it was opened
	info   Info
	edited bool // dataset.json tells other than the database

	older   bool // the database has format 1: the first edit brings it to Format
	version int  // of the database: it counts its transactions

	index  atomic.Pointer[[]Entry]
	broken atomic.Bool // bbolt fell over with its locks held: it is not to be called again
}

// How long to wait for another process that holds the lock of the database.
const (
	readWait = 5 * time.Second // edits are short
	editWait = 2 * time.Second
)

// Open opens a data set's folder to read. The images stay in the file, which is mapped into memory.
func Open(folder string) (*Dataset, error) {
	info, err := readInfo(folder)
	if err != nil {
		return nil, err
	}
	d := &Dataset{path: folder, info: info}
	if err := d.open(); err != nil {
		return nil, err
	}
	if err := d.view(d.load); err != nil {
		_ = d.closeDB() // the first error is the one to tell
		return nil, err
	}
	if !reflect.DeepEqual(d.info, info) { // what edited it last came to its end before it wrote the copy
		_ = writeInfo(folder, d.info) // where that cannot be written it is read from the database again next time
	}
	d.cache = newCache(d.Len(), cacheBytes())
	return d, nil
}

func (d *Dataset) file() string { return filepath.Join(d.path, DataFile) }

func (d *Dataset) damaged() *fault.Fault {
	return fault.New("data.damaged", "%s is damaged or cut off. Import the data set again.", d.file())
}

func (d *Dataset) busy() *fault.Fault {
	return fault.New("data.busy", "The data set %s is in use by another program. Close it there and try again.", d.path)
}

// open opens the database to read. The caller holds d.mu or is alone.
func (d *Dataset) open() (err error) {
	defer d.recoverInto(&err)
	db, mapped, err := openBolt(d.file(), bolt.Options{ReadOnly: true, Timeout: readWait, NoStatistics: true})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return d.busy().Because(err)
	case errors.Is(err, os.ErrNotExist):
		return fault.New("data.incomplete", "The data set %s has lost its data.db. Import it again.", d.path).Because(err)
	case errors.Is(err, os.ErrPermission):
		return disk.ReadFault(err, d.file())
	case err != nil:
		return d.damaged().Because(err)
	}
	stat, err := mapped.Stat()
	if err != nil {
		db.Close()
		return disk.ReadFault(err, d.file())
	}
	d.db, d.mapped, d.size = db, mapped, stat.Size()
	return nil
}

// openBolt opens a database and gives its file too. Where bbolt panics over a damaged file, the file is closed, so that its
// lock is free.
func openBolt(path string, o bolt.Options) (db *bolt.DB, file *os.File, err error) {
	o.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	defer func() {
		if db == nil && file != nil {
			file.Close() // harmless where bbolt did so
		}
	}()
	db, err = bolt.Open(path, 0o644, &o)
	return db, file, err
}

// load checks that the database is whole and reads its index and classes.
func (d *Dataset) load(tx *bolt.Tx) error {
	if !d.whole(tx) {
		return d.damaged()
	}
	about, images, index := tx.Bucket(aboutBucket), tx.Bucket(imagesBucket), tx.Bucket(indexBucket)
	if about == nil || images == nil || index == nil || tx.Bucket(filesBucket) == nil || tx.Bucket(truthBucket) == nil {
		return d.damaged()
	}
	var entries []Entry
	var ok bool
	switch v := about.Get(formatKey); string(v) {
	case "1":
		entries, ok = decodeIndex(index, entryBytes1, len(d.info.Classes))
		ok = ok && addKinds(entries, tx.Bucket(truthBucket))
		d.older = true
	case string(formatValue(Format)):
		if err := d.info.setClasses(about.Get(classesKey)); err != nil {
			return d.damaged().Because(err)
		}
		entries, ok = decodeIndex(index, entryBytes, len(d.info.Classes))
		d.info.Format, d.older = Format, false
	default:
		return fault.New("data.db.newer", "%s has format %s, which this version of Convscope cannot read. Update Convscope or import the data set again.", d.file(), fmt.Sprintf("%.20q", v))
	}
	last, _ := images.Cursor().Last()
	if !ok || (last == nil) != (len(entries) == 0) || last != nil && (len(last) != 4 || int(binary.BigEndian.Uint32(last)) != len(entries)-1) {
		return d.damaged()
	}
	d.index.Store(&entries)
	d.info.count(entries)
	d.version = tx.ID()
	return nil
}

// whole reports whether the file has all the pages that the database counts.
func (d *Dataset) whole(tx *bolt.Tx) bool {
	stat, err := os.Stat(d.file())
	return err == nil && stat.Size() >= tx.Size()
}

// view reads in a transaction. A page that cannot be read (the file was cut off, the disk fails) becomes a fault.
func (d *Dataset) view(read func(*bolt.Tx) error) (err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.db == nil {
		return fault.New("data.closed", "The data set %s is closed. Open it again.", d.path)
	}
	return d.reading(read)
}

// reading is view for a caller that holds d.mu. The size of the file is looked at first: bbolt keeps its locks for ever when it
// falls over a missing page while it begins a transaction.
func (d *Dataset) reading(read func(*bolt.Tx) error) error {
	if stat, err := d.mapped.Stat(); err != nil || stat.Size() < d.size || d.broken.Load() {
		return d.damaged()
	}
	begun := false
	err := d.guarded(func() error {
		return d.db.View(func(tx *bolt.Tx) error {
			begun = true
			return read(tx)
		})
	})
	if err != nil && !begun {
		d.broken.Store(true)
	}
	return err
}

// closeDB closes the database, unless that would wait for ever.
func (d *Dataset) closeDB() error {
	db := d.db
	d.db = nil
	if d.broken.Load() {
		return nil
	}
	return db.Close()
}

// guarded calls with panics turned into faults, the one of a memory-mapped page that is no longer there included.
func (d *Dataset) guarded(call func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer d.recoverInto(&err)
	return call()
}

func (d *Dataset) recoverInto(err *error) {
	if p := recover(); p != nil {
		*err = d.damaged().Because(fmt.Errorf("%v", p))
	}
}

// Close closes the data set. Calls under way end first.
func (d *Dataset) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.db == nil {
		return nil
	}
	var err error
	if d.edited {
		err = writeInfo(d.path, d.info)
	}
	if closing := d.closeDB(); err == nil {
		err = closing
	}
	return err
}

// Path returns the folder as it was named to Open.
func (d *Dataset) Path() string { return d.path }

// Info returns what the data set holds now. Do not change its slices.
func (d *Dataset) Info() Info {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.info
}

// Len returns the number of images in all splits.
func (d *Dataset) Len() int { return len(d.Index()) }

// Index lists all images in the order of their IDs, which are 0, 1, 2, … It is never changed: an edit makes a new one.
func (d *Dataset) Index() []Entry { return *d.index.Load() }

// IDs lists the images of a split in the order of their IDs.
func (d *Dataset) IDs(s Split) []uint32 {
	var ids []uint32
	for _, e := range d.Index() {
		if e.Split == s {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// Usable lists the images of a split that are labelled as the data set's task needs it, in the order of their IDs.
func (d *Dataset) Usable(s Split) []uint32 {
	var ids []uint32
	for _, e := range d.Index() {
		if e.Split == s && d.info.Task.Usable(e) { // the task never changes after Open
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// Newer returns what to say of truth that a newer version has added, which is kept but not understood; nil where there is none.
func (d *Dataset) Newer() error {
	images := 0
	for _, e := range d.Index() {
		if e.Kinds&^knownKinds != 0 {
			images++
		}
	}
	if images == 0 {
		return nil
	}
	return fault.New("data.truth.newer", "%v images of %s have kinds of labels that this version of Convscope does not know. They are kept, but neither shown nor trained on. Update Convscope.", images, d.path)
}

// Unseen lists the records that no training sees, to show what a network makes of them; of a data set that has none, those of training.
func (d *Dataset) Unseen() []uint32 {
	if ids := append(d.IDs(Val), d.IDs(Test)...); len(ids) > 0 {
		return ids
	}
	return d.IDs(Train)
}

func (d *Dataset) unknown(id uint32) error {
	return fault.New("data.id", "The data set %s has no image %v: it has %v.", d.path, id, d.Len())
}

// Record reads what is known of an image.
func (d *Dataset) Record(id uint32) (Record, error) {
	index := d.Index()
	if int64(id) >= int64(len(index)) {
		return Record{}, d.unknown(id)
	}
	r := Record{ID: id}
	err := d.view(func(tx *bolt.Tx) error {
		var file storedFile
		if err := json.Unmarshal(tx.Bucket(filesBucket).Get(key(id)), &file); err != nil {
			return d.damaged().Because(err)
		}
		var err error
		if r.Truth, err = d.truth(tx, id); err != nil {
			return err
		}
		r.File, r.W, r.H = file.File, file.W, file.H
		r.StoredW, r.StoredH, _ = d.sizeOf(tx, id) // d.truth has looked
		r.Split = (*d.index.Load())[id].Split
		return nil
	})
	return r, err
}

// Truth reads what is known to be true of an image.
func (d *Dataset) Truth(id uint32) (t Truth, err error) {
	if int64(id) >= int64(d.Len()) {
		return t, d.unknown(id)
	}
	err = d.view(func(tx *bolt.Tx) error {
		t, err = d.truth(tx, id)
		return err
	})
	return t, err
}

func (d *Dataset) truth(tx *bolt.Tx, id uint32) (Truth, error) {
	w, h, ok := d.sizeOf(tx, id)
	if !ok {
		return Truth{}, d.damaged()
	}
	t, err := decodeTruth(tx.Bucket(truthBucket).Get(key(id)))
	if err == nil {
		err = t.Check(len(d.info.Classes), w, h)
	}
	if err != nil {
		return Truth{}, d.damaged().Because(err)
	}
	return t, nil
}

// sizeOf returns the size of an image as the data set keeps it; false: it is damaged.
func (d *Dataset) sizeOf(tx *bolt.Tx, id uint32) (w, h int, ok bool) {
	if d.info.SameSize() {
		return d.info.Width, d.info.Height, true
	}
	return storedSize(tx.Bucket(imagesBucket).Get(key(id)))
}

// Pixels reads an image: height × width × channels bytes, to be read only. Where sizes differ each has its own.
func (d *Dataset) Pixels(id uint32) (Pixels, error) {
	if int64(id) >= int64(d.Len()) {
		return Pixels{}, d.unknown(id)
	}
	// The size of the images never changes after Open, so d.info is read without its lock.
	p := Pixels{W: d.info.Width, H: d.info.Height, C: d.info.Channels}
	if cached, ok := d.cache.get(id); ok {
		return cached, nil
	}
	var value []byte
	err := d.view(func(tx *bolt.Tx) error {
		// Copied here: what is read from the map must be read within view, which catches its faults.
		value = bytes.Clone(tx.Bucket(imagesBucket).Get(key(id)))
		return nil
	})
	if err != nil {
		return Pixels{}, err
	}
	if p, err = decodeStored(value, p.W, p.H, p.C, d.path); err != nil {
		return Pixels{}, err
	}
	d.cache.put(id, p)
	return p, nil
}

// writeInfo writes a folder's dataset.json.
func writeInfo(folder string, info Info) error {
	return disk.WriteFile(filepath.Join(folder, InfoFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(info)
	})
}

package data

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// storedClasses is what the database keeps of the classes, as JSON under classesKey.
type storedClasses struct {
	Names      []string `json:"names"`
	Removed    []int    `json:"removed,omitempty"`
	Background int      `json:"background"`
}

func (i Info) classesValue() []byte {
	b, err := json.Marshal(storedClasses{i.Classes, i.Removed, i.Background})
	if err != nil {
		panic("data: classes that JSON does not have: " + err.Error())
	}
	return b
}

// setClasses takes the classes of a database.
func (i *Info) setClasses(value []byte) error {
	s := storedClasses{Background: NoBackground}
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	if s.Names == nil {
		s.Names = []string{}
	}
	i.Classes, i.Removed, i.Background = s.Names, s.Removed, s.Background
	return i.check()
}

// maxClassBytes bounds the name of a class: as much as the name of a folder may have.
const maxClassBytes = 255

// className returns the name of a class as it is kept: on one line, without spaces around it, with letters put together that some keyboards and systems
// take apart.
func className(name string) (string, error) {
	clean := strings.TrimSpace(disk.OneLine(norm.NFC.String(strings.ToValidUTF8(name, ""))))
	switch {
	case clean == "":
		return "", fault.New("data.class.name", "%q is not a valid class name. Use letters or digits.", name)
	case len(clean) > maxClassBytes:
		return "", fault.New("data.class.long", "The name of a class has %v bytes; there is room for %v. Choose a shorter one.", len(clean), maxClassBytes)
	}
	return clean, nil
}

// classNamed returns the number of the class that is called so, however its letters are put together, removed or not; -1: none is.
func (i Info) classNamed(clean string) int {
	return slices.IndexFunc(i.Classes, func(name string) bool { return norm.NFC.String(name) == clean })
}

// removed returns the fault of a class that was removed.
func (e *Edit) removed(class int) error {
	return fault.New("data.class.removed", "The class %s was removed from the data set. Add it again first.", e.info.Classes[class])
}

// present returns a fault where there is no such class.
func (e *Edit) present(class int) error {
	switch {
	case class < 0 || class >= len(e.info.Classes):
		return fault.New("data.truth.class", "There is no class %v: the data set has %v classes.", class, len(e.info.Classes))
	case slices.Contains(e.info.Removed, class):
		return e.removed(class)
	}
	return nil
}

// AddClass adds a class and returns its number: the next one, or the one that it had before it was removed. Names count as the same however their letters are put
// together.
func (e *Edit) AddClass(name string) (int, error) {
	name, err := className(name)
	if err != nil {
		return 0, err
	}
	class := e.info.classNamed(name)
	at := slices.Index(e.info.Removed, class)
	switch {
	case class >= 0 && at < 0:
		return 0, fault.New("data.class.exists", "The data set already has a class %s. Choose another name.", name)
	case at >= 0:
		e.info.Removed = slices.Delete(e.info.Removed, at, at+1)
	case len(e.info.Classes) == maxClasses:
		return 0, fault.New("data.class.many", "A data set can have at most %v classes. Remove or merge some.", maxClasses)
	default:
		class = len(e.info.Classes)
		e.info.Classes = append(e.info.Classes, name)
		for s := range e.info.PerClass {
			e.info.PerClass[s] = append(e.info.PerClass[s], 0)
		}
	}
	e.renamed = true
	return class, nil
}

// RenameClass gives a class another name. It keeps its number and its images.
func (e *Edit) RenameClass(class int, name string) error {
	if err := e.present(class); err != nil {
		return err
	}
	name, err := className(name)
	if err != nil {
		return err
	}
	switch other := e.info.classNamed(name); {
	case other < 0 || other == class:
	case slices.Contains(e.info.Removed, other):
		return fault.New("data.class.was", "There was a class %s, which was removed. Add it again and merge %s into it.", name, e.info.Classes[class])
	default:
		return fault.New("data.class.exists", "The data set already has a class %s. Choose another name.", name)
	}
	e.info.Classes[class] = name
	e.renamed = true
	return nil
}

// MergeClasses makes everything that is of the class from one of the class into, and removes from. It returns how many images have other truth now.
func (e *Edit) MergeClasses(from, into int) (images int, err error) {
	if err := errors.Join(e.present(from), e.present(into)); err != nil || from == into {
		return 0, err
	}
	return e.remove(from, into)
}

// RemoveClass removes a class: images of it become unlabelled, boxes, polygons and masks of it go. It returns how many images have other truth now. No other class gets its
// number; a class that is added under the same name does.
func (e *Edit) RemoveClass(class int) (images int, err error) {
	if err := e.present(class); err != nil {
		return 0, err
	}
	return e.remove(class, -1)
}

// remove removes a class; what is of it goes to another one, or with -1 away.
func (e *Edit) remove(class, into int) (images int, err error) {
	for _, entry := range e.index {
		// Where the class of an image is all that is known of it, the index tells it if the task is about it.
		if e.info.Task.row().label == KindClass && entry.Kinds&^KindClass == 0 && entry.Class != int32(class) {
			continue
		}
		t, err := decodeTruth(e.tx.Bucket(truthBucket).Get(key(entry.ID)))
		if err != nil {
			return 0, e.d.damaged().Because(err)
		}
		t, changed := t.reclassed(class, into)
		if !changed {
			continue
		}
		if err := e.put(entry.ID, t); err != nil {
			return 0, err
		}
		images++
	}
	if e.info.Background == class {
		e.info.Background = max(into, NoBackground)
	}
	e.info.Removed = append(e.info.Removed, class)
	slices.Sort(e.info.Removed)
	e.renamed = true
	return images, nil
}

// eachClass calls visit for each class that a truth names, the same one perhaps several times.
func (t Truth) eachClass(visit func(class int)) {
	if t.Class >= 0 {
		visit(t.Class)
	}
	for _, b := range t.Boxes {
		visit(b.Class)
	}
	for _, p := range t.Polygons {
		visit(p.Class)
	}
	for _, m := range t.Masks {
		if !m.Void {
			visit(m.Class)
		}
	}
}

// Renumbered returns a truth with the classes that to gives for those it has; what to gives a negative number for goes, and a list of which all goes is no longer known.
func (t Truth) Renumbered(to func(class int) int) Truth {
	if t.Class >= 0 {
		t.Class = max(to(t.Class), -1)
	}
	t.Boxes = renumber(t.Boxes, func(b *Box) bool { b.Class = to(b.Class); return b.Class >= 0 })
	t.Polygons = renumber(t.Polygons, func(p *Polygon) bool { p.Class = to(p.Class); return p.Class >= 0 })
	t.Masks = renumber(t.Masks, func(m *Mask) bool {
		if m.Void {
			return true
		}
		m.Class = to(m.Class)
		return m.Class >= 0
	})
	return t
}

// renumber returns a new list of what keep changes and keeps.
func renumber[T any](list []T, keep func(*T) bool) []T {
	if len(list) == 0 {
		return list
	}
	var out []T
	for _, v := range list {
		if keep(&v) {
			out = append(out, v)
		}
	}
	return out
}

// reclassed returns a truth with a class in the place of another, or with -1 in no one's, and whether it had that one.
func (t Truth) reclassed(from, into int) (Truth, bool) {
	has := false
	t.eachClass(func(class int) { has = has || class == from })
	if !has {
		return t, false
	}
	return t.Renumbered(func(class int) int {
		if class == from {
			return into
		}
		return class
	}), true
}

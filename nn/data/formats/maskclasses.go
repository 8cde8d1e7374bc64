package formats

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// voidName is the name of what is no class, but left out.
const voidName = "void"

// voidID is what the pixels have that are left out where their id has no name, as in Pascal VOC.
const voidID = 255

// An idClasses says which class the ids and colours of masks are, and counts what is to be told of them. Once it is set up, it is used by many goroutines.
type idClasses struct {
	things     bool     // there are ids of instances alone, and one class of them beside the background
	names      []string // of the classes, without void; nil: they are called by their ids
	background int      // Info.Background
	class      []int    // by id; -1: void
	colours    map[[3]byte]int
	grey       bool // all colours of the list are grey: so may the masks be

	ids       [voidID]atomic.Bool // those that masks have
	void      atomic.Int64        // masks in which voidID was left out
	turned    atomic.Int64        // masks that were turned with their photos though they do not show whether they lie on their side
	bare      int                 // images without a mask
	firstBare string
}

// name names the ids up to len(names)-1, in order.
func (k *idClasses) name(names []string, file string) error {
	k.names, k.class = []string{}, nil
	for _, name := range names {
		if strings.EqualFold(name, voidName) {
			k.class = append(k.class, -1)
			continue
		}
		k.class = append(k.class, len(k.names))
		k.names = append(k.names, name)
	}
	if k.things && len(k.names) == 1 {
		k.names = append([]string{data.BackgroundName}, k.names...)
	}
	if len(k.names) == 0 {
		return fault.New("data.masks.names", "%s has no class names. Write one per line, in the order of their ids.", file)
	}
	if err := data.CheckMapClass(len(k.names) - 1); err != nil {
		return err
	}
	k.background = slices.IndexFunc(k.names, func(name string) bool { return strings.EqualFold(name, data.BackgroundName) })
	if k.things {
		k.background = 0
	}
	if k.things && len(k.names) != 2 {
		return fault.New("data.instances.names", "%s has %v names, but instances have one class. Give only the name of that class, or the background's name and then that one.", file, len(k.names))
	}
	return nil
}

// setUp takes names and colours from the files of a tree, if there are any.
func (k *idClasses) setUp(t *source.Tree) error {
	if f, ok := t.Shallowest("classes.txt"); ok {
		b, err := f.Read(source.MaxNamesBytes)
		if err != nil {
			return err
		}
		if err := k.read(b, f.Path); err != nil {
			return err
		}
	}
	if f, ok := t.Shallowest(colourLists...); ok && k.colours == nil {
		b, err := f.Read(source.MaxNamesBytes)
		if err != nil {
			return err
		}
		list, ok := readColours(string(b))
		if !ok {
			return fault.New("data.colours.line", "%s is not a list of colours. Write a line for each class: its name and its red, green and blue from 0 to 255.", f.Path)
		}
		return k.colour(list, f.Path)
	}
	if k.things && k.names == nil {
		return k.name([]string{"object"}, "")
	}
	return nil
}

// read takes names, or names and colours, from a file.
func (k *idClasses) read(b []byte, file string) error {
	if list, ok := readColours(string(b)); ok {
		k.names = nil
		return k.colour(list, file)
	}
	names, err := source.ReadNames(b, file)
	if err != nil {
		return err
	}
	k.colours = nil
	return k.name(names, file)
}

// colour sets the classes of colours. Where names are known, those of the list must be among them; otherwise the list names the ids as well.
func (k *idClasses) colour(list []colourName, file string) error {
	if k.names == nil {
		var names []string
		for _, c := range list {
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
		if err := k.name(names, file); err != nil {
			return err
		}
	}
	k.colours, k.grey = map[[3]byte]int{}, true
	for _, c := range list {
		class := slices.Index(k.names, c.name)
		if class < 0 && !strings.EqualFold(c.name, voidName) {
			return fault.New("data.colours.unknown", "%s has a colour for %s, which is not in the list of classes. Add the class or leave out the colour.", file, c.name)
		}
		if other, ok := k.colours[c.rgb]; ok && other != class {
			return fault.New("data.colours.twice", "%s has the colour %v %v %v for two classes. Give each its own.", file, c.rgb[0], c.rgb[1], c.rgb[2])
		}
		k.colours[c.rgb] = class
		k.grey = k.grey && c.rgb[0] == c.rgb[1] && c.rgb[1] == c.rgb[2]
	}
	return nil
}

// of returns the class of an id or colour of a plane, -1 for void.
func (k *idClasses) of(id uint32, p plane) (int, error) {
	if p.colours {
		return k.ofColour([3]byte{byte(id >> 16), byte(id >> 8), byte(id)}, p.file)
	}
	switch {
	case id < uint32(len(k.class)):
		if k.class[id] >= 0 {
			k.seen(id)
		}
		return k.class[id], nil
	case id == voidID:
		return -1, nil
	case k.names != nil:
		return 0, fault.New("data.masks.id", "%s has the id %v, but the list of classes names only those up to %v. Add a line for it.", p.file, id, len(k.class)-1)
	case id > voidID:
		return 0, fault.New("data.masks.ids", "%s has the id %v: too many classes to be called by their ids. Put a classes.txt with one name per line beside the folders; instances belong in a folder called instances.", p.file, id)
	}
	k.seen(id)
	return int(id), nil
}

// seen remembers that masks have an id.
func (k *idClasses) seen(id uint32) {
	if id < voidID {
		k.ids[id].Store(true)
	}
}

// ofColour returns the class of a colour, -1 for void.
func (k *idClasses) ofColour(rgb [3]byte, file string) (int, error) {
	class, ok := k.colours[rgb]
	switch {
	case ok:
		return class, nil
	case k.colours == nil:
		return 0, fault.New("data.masks.colours", "%s is a colour mask, but there is no list of colours. Put a colours.txt beside the folders with a line for each class: its name and its red, green and blue.", file)
	}
	return 0, fault.New("data.masks.colour", "%s has the colour %v %v %v, which is not in the list of colours. Add a line for it.", file, rgb[0], rgb[1], rgb[2])
}

// list returns the names of the classes. Those that have none are called by their ids, up to the highest one seen; there are two at least.
func (k *idClasses) list() []string {
	if k.names != nil {
		return k.names
	}
	most := 1
	for id := range voidID {
		if k.ids[id].Load() {
			most = max(most, id)
		}
	}
	var names []string
	for id := range most + 1 {
		names = append(names, strconv.Itoa(id))
	}
	return names
}

// notes returns what is made of masks otherwise than they say.
func (k *idClasses) notes() []data.Note {
	var out []data.Note
	if k.names == nil {
		out = append(out, data.NewNote(fault.New("data.masks.unnamed", "The classes have no names: they are called by their ids, 0 to %v. A classes.txt beside the folders, or --classes, names them.", len(k.list())-1)))
	}
	if n := k.void.Load(); n > 0 {
		out = append(out, data.NewNote(fault.New("data.masks.void", "The id 255 has no name: its pixels are left out as void, in %v masks.", n)))
	}
	if k.bare > 0 {
		out = append(out, data.NewNote(fault.New("data.masks.bare", "%v images have no mask and are unlabelled; the first is %s.", k.bare, k.firstBare)))
	}
	if n := k.turned.Load(); n > 0 {
		out = append(out, data.NewNote(fault.New("data.masks.turned", "%v photos are turned upright as their EXIF orientation says, and their masks with them. If a mask was upright already, it is wrong now.", n)))
	}
	return out
}

// check returns a fault where the masks that were read tell nothing apart.
func (k *idClasses) check(source string) error {
	others, other := 0, 0
	for id := range k.ids {
		if k.ids[id].Load() {
			others, other = others+1, id
		}
	}
	if k.void.Load() > 0 && others < 2 {
		return fault.New("data.masks.binary", "The masks of %s have only the ids %v and 255, and 255 is void where it has no name: there is nothing to tell apart. If it is a class, name a list of colours (--classes) with two lines: background 0 0 0, and the name of the class with 255 255 255.", source, other)
	}
	return nil
}

// A colourName is a line of a list of colours.
type colourName struct {
	name string
	rgb  [3]byte
}

// colourLists are names of files with colours of classes, as other programs call them.
var colourLists = []string{"colours.txt", "colors.txt", "label_colours.txt", "label_colors.txt", "class_dict.csv", "labelmap.txt", "colormap.txt"}

// readColours reads a list of colours: a line for each, with a name and red, green and blue behind or before it, apart by white space, commas, colons or semicolons. Lines that begin with # and a
// heading are passed over. It reports whether the text is such a list.
func readColours(text string) ([]colourName, bool) {
	var list []colourName
	first := true
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		words := strings.FieldsFunc(disk.OneLine(line), func(r rune) bool { return strings.ContainsRune(" \t,;:", r) })
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		heading := first && len(words) >= 4 && strings.EqualFold(strings.Join(words[len(words)-3:], ""), "rgb")
		if first = false; heading {
			continue
		}
		if len(words) < 4 {
			return nil, false
		}
		n := len(words) - 3
		rgb, ok := colourOf3(words[n:])
		rest := words[:n]
		if !ok {
			rgb, ok = colourOf3(words[:3])
			rest = words[3:]
		}
		name := source.Label(strings.Join(rest, " "))
		if !ok || name == "" {
			return nil, false
		}
		list = append(list, colourName{name, rgb})
	}
	return list, len(list) > 0
}

// colourOf3 reads red, green and blue.
func colourOf3(words []string) (rgb [3]byte, ok bool) {
	for i := range rgb {
		v, err := strconv.ParseUint(words[i], 10, 8)
		if err != nil {
			return rgb, false
		}
		rgb[i] = byte(v)
	}
	return rgb, true
}

package data

// A shape is the size and channels that an import gives its images. What was not asked for is guessed from some images; when
// another one turns out not to be like them, the import begins anew with a wider guess.
type shape struct {
	w, h, c           int
	guessed, guessedC bool // the size, the channels
}

// What images are brought to when they are not alike or large: DIGITS' size.
const defaultSide = 256

// samplesLooked is how many images a guess looks at.
const samplesLooked = 64

// guess gives the shape of an import.
func guess(c *collection, o ImportOptions) shape {
	s := shape{w: o.Width, h: o.Height, c: o.Channels, guessed: o.Width == 0, guessedC: o.Channels == 0}
	if !s.guessed && !s.guessedC {
		return s
	}
	look := c.look(samplesLooked)
	if s.guessedC {
		s.c = 3
		if look.grey {
			s.c = 1
		}
	}
	if s.guessed {
		s.w, s.h = look.w, look.h
		if !look.alike || c.format != "idx" && max(look.w, look.h) > defaultSide {
			s.w, s.h, s.guessed = defaultSide, defaultSide, false
		}
	}
	return s
}

// A looked is what some images of a collection have in common.
type looked struct {
	w, h  int  // of the first that can be read; 0: none can
	alike bool // all have this size
	grey  bool // all are grey
	read  []int
}

// look reads the headers of up to n images spread over the collection.
func (c *collection) look(n int) looked {
	l := looked{alike: true, grey: true}
	for _, i := range spread(len(c.items), n) {
		o, err := c.items[i].from.open(c.items[i].ref)
		if err != nil {
			continue
		}
		if l.w == 0 {
			l.w, l.h = o.w, o.h
		}
		l.alike = l.alike && o.w == l.w && o.h == l.h
		l.grey = l.grey && o.grey
		l.read = append(l.read, i)
	}
	l.alike = l.alike && l.w > 0
	l.grey = l.grey && l.w > 0
	return l
}

// spread gives up to n indices below total, evenly spread.
func spread(total, n int) []int {
	n = min(n, total)
	out := make([]int, n)
	for i := range out {
		out[i] = int(int64(i) * int64(total) / int64(n))
	}
	return out
}

// An unlike is the error that an image is not as was guessed.
type unlike struct{ size, colour bool }

func (*unlike) Error() string { return "the images are not alike" }

// fits says whether an image is as was guessed; nil: it is.
func (s shape) fits(o opened) *unlike {
	u := unlike{size: s.guessed && (o.w != s.w || o.h != s.h), colour: s.guessedC && s.c == 1 && !o.grey}
	if u.size || u.colour {
		return &u
	}
	return nil
}

// widen gives the shape for images of which one was unlike.
func (s shape) widen(u *unlike) shape {
	if u.size {
		s.w, s.h, s.guessed = defaultSide, defaultSide, false
	}
	if u.colour {
		s.c, s.guessedC = 3, false
	}
	return s
}

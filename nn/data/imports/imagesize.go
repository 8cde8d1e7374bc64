package imports

import (
	"math"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// An imageSize is the width, height and channels that an import gives its images. What was not asked for is guessed from some images; when
// another one turns out not to be like them, the import begins again with a wider guess.
type imageSize struct {
	w, h, c           int
	max               int  // over 0: images keep their proportions with at most so many pixels on the longest side; w and h are 0 where sizes differ
	guessed, guessedC bool // the size, the channels
}

// KeepSize is the ImportOptions.Max that keeps every image as large as it is.
const KeepSize = 1 << 30

// samplesLooked is how many images a guess looks at.
const samplesLooked = 64

// guess returns the image size of an import.
func guess(c *source.Collection, o Options) imageSize {
	s := imageSize{w: o.Width, h: o.Height, c: o.Channels, max: o.Max, guessed: o.Width == 0, guessedC: o.Channels == 0}
	if !s.guessed && !s.guessedC {
		return s
	}
	if s.guessed && s.max == 0 {
		s.max = c.Task.DefaultMax()
	}
	seen := look(c, samplesLooked)
	if s.guessedC {
		s.c = 3
		if seen.grey {
			s.c = 1
		}
	}
	if s.guessed {
		s.w, s.h = s.of(seen.w, seen.h)
		if !seen.alike || s.max == 0 && !c.KeepsSize && max(seen.w, seen.h) > data.DefaultSide {
			s = s.widen(&unlike{size: true})
		}
	}
	return s
}

// of returns the size that an image of w×h pixels gets.
func (s imageSize) of(w, h int) (int, int) {
	switch longest := max(w, h); {
	case s.max == 0 && s.guessed:
		return w, h
	case s.max == 0:
		return s.w, s.h
	case longest > s.max:
		scale := float64(s.max) / float64(longest)
		return max(int(math.Round(float64(w)*scale)), 1), max(int(math.Round(float64(h)*scale)), 1)
	}
	return w, h
}

// room returns a fault where an image of w×h pixels would be too large in the data set.
func (s imageSize) room(w, h int, name string) error {
	if w, h := s.of(w, h); max(w, h) > data.MaxSide {
		return fault.New("data.side", "%s has %v×%v pixels; a data set keeps at most %v on a side. Import with --size max:%v or less.", name, w, h, data.MaxSide, data.MaxSide)
	}
	return nil
}

// resize returns how images are brought to their size: where they keep their proportions nothing is cut or padded.
func (s imageSize) resize(asked data.Resize) data.Resize {
	if s.max > 0 {
		return data.Squash
	}
	return asked
}

// A looked is what some images of a collection have in common.
type looked struct {
	w, h  int  // of the first that can be read; 0: none can
	alike bool // all have this size
	grey  bool // all are grey
	read  []int
}

// look reads the headers of up to n images spread over the collection.
func look(c *source.Collection, n int) looked {
	l := looked{alike: true, grey: true}
	for _, i := range source.Spread(len(c.Items), n) {
		o, err := c.Items[i].From.Open(c.Items[i].Ref)
		if err != nil {
			continue
		}
		if l.w == 0 {
			l.w, l.h = o.W, o.H
		}
		l.alike = l.alike && o.W == l.w && o.H == l.h
		l.grey = l.grey && o.Grey
		l.read = append(l.read, i)
	}
	l.alike = l.alike && l.w > 0
	l.grey = l.grey && l.w > 0
	return l
}

// An unlike is the error that an image is not as was guessed.
type unlike struct{ size, colour bool }

func (*unlike) Error() string { return "the images are not alike" }

// fits returns in what an image is not as was guessed; nil: in nothing.
func (s imageSize) fits(o data.OpenedImage) *unlike {
	w, h := s.of(o.W, o.H)
	u := unlike{size: s.guessed && (w != s.w || h != s.h), colour: s.guessedC && s.c == 1 && !o.Grey}
	if u.size || u.colour {
		return &u
	}
	return nil
}

// widen returns the size for images of which one was unlike.
func (s imageSize) widen(u *unlike) imageSize {
	if u.size {
		s.w, s.h, s.guessed = data.DefaultSide, data.DefaultSide, false
		if s.max > 0 {
			s.w, s.h = 0, 0
		}
	}
	if u.colour {
		s.c, s.guessedC = 3, false
	}
	return s
}

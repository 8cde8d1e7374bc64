package data

import (
	"bytes"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"
)

// The standard library reads what is written: noise, slopes and flat surfaces, of sizes that are awkward for filters.
func TestPNG(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	fills := map[string]func(x, y int) byte{
		"noise": func(int, int) byte { return byte(r.UintN(256)) },
		"slope": func(x, y int) byte { return byte(3*x + 5*y) },
		"rows":  func(_, y int) byte { return byte(40 * y) },
		"flat":  func(int, int) byte { return 200 },
	}
	var e pngEncoder
	for name, fill := range fills {
		for _, size := range [][2]int{{1, 1}, {1, 7}, {9, 1}, {32, 32}, {300, 5}} {
			for _, channels := range []int{1, 3} {
				p := Pixels{W: size[0], H: size[1], C: channels}
				for i := range p.W * p.H * channels {
					p.Pix = append(p.Pix, fill(i/channels%p.W, i/channels/p.W))
				}
				var out bytes.Buffer
				if err := e.encode(&out, p); err != nil {
					t.Fatal(err)
				}
				img, err := png.Decode(&out)
				if err != nil {
					t.Fatalf("%s, %v×%d: %v", name, size, channels, err)
				}
				if got := Flatten(img, channels); !slices.Equal(got.Pix, p.Pix) {
					t.Errorf("%s, %v×%d: other pixels are read than were written", name, size, channels)
				}
			}
		}
	}
}

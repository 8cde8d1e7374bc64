package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/convscope/convscope/nn/caffe/caffetest"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/model"
)

func TestMain(m *testing.M) {
	device.Isolate() // in the process of a graphics processor, which is this program too
	testscript.Main(m, map[string]func(){
		"cnn": main,
	})
}

// The scripts in testdata are the contract of the command line: verbs, flags, keys and exit statuses.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"folders": folders,
			"masks":   masks,
			"photo":   photo,
			"picture": picturePNG,
			"lines":   lines,
			"keys":    keys,
			"flip":    flip,
			"replace": replace,
			"atleast": atLeast,
			"caffe":   caffe,
		},
	})
}

// folders DIR N CLASS… writes n images a class, each class of its own brightness and stripes.
func folders(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	for c, class := range args[2:] {
		dir := ts.MkAbs(filepath.Join(args[0], class))
		ts.Check(os.MkdirAll(dir, 0o777))
		for i := range n {
			img := image.NewGray(image.Rect(0, 0, 16, 16))
			for y := range 16 {
				for x := range 16 {
					img.SetGray(x, y, color.Gray{Y: uint8(60*c + 20*((x*(c+1)+i)%4) + y%3)})
				}
			}
			var b bytes.Buffer
			ts.Check(png.Encode(&b, img))
			ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", i)), b.Bytes(), 0o666))
		}
	}
}

// masks DIR N writes n images and their masks of the ids 0, 1 and 255; one image more has none.
func masks(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	write := func(folder string, i int, pix func(at int) uint8) {
		dir := ts.MkAbs(filepath.Join(args[0], folder))
		ts.Check(os.MkdirAll(dir, 0o777))
		img := image.NewGray(image.Rect(0, 0, 12, 8))
		for at := range img.Pix {
			img.Pix[at] = pix(at)
		}
		var b bytes.Buffer
		ts.Check(png.Encode(&b, img))
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", i)), b.Bytes(), 0o666))
	}
	for i := range n + 1 {
		write("images", i, func(at int) uint8 { return uint8(20*i + 100*(at/48)) })
		if i < n {
			write("masks", i, func(at int) uint8 { return []uint8{0, 1, 255}[min(at/40, 2)] })
		}
	}
}

// lines DIR makes two class folders, one with a line break in its name where the other has a space.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	folders(ts, neg, []string{args[0], "6", "two\nlines", "two lines"})
}

// photo FILE W H writes a photo of digits.
func photo(ts *testscript.TestScript, _ bool, args []string) {
	w, err := strconv.Atoi(args[1])
	ts.Check(err)
	h, err := strconv.Atoi(args[2])
	ts.Check(err)
	img, err := samples.Photo("digits", w, h, 3)
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(png.Encode(&b, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// picture FILE palette|grey16 W H says that a PNG file is of a kind and of w×h pixels.
func picturePNG(ts *testscript.TestScript, _ bool, args []string) {
	img, err := png.Decode(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	kinds := map[string]string{"palette": "*image.Paletted", "grey16": "*image.Gray16"}
	if got := fmt.Sprintf("%T %d %d", img, img.Bounds().Dx(), img.Bounds().Dy()); got != strings.Join([]string{kinds[args[1]], args[2], args[3]}, " ") {
		ts.Fatalf("%s is %s", args[0], got)
	}
}

// keys EVENT KEY… says that the last line of standard output whose "event" is EVENT (or any, with -) is a JSON object with the keys.
func keys(ts *testscript.TestScript, neg bool, args []string) {
	line := last(ts, args[0])
	for _, key := range args[1:] {
		if _, ok := line[key]; ok == neg {
			ts.Fatalf("the key %q of %v: there is %v", key, line, ok)
		}
	}
}

func last(ts *testscript.TestScript, event string) map[string]any {
	var found map[string]any
	for _, text := range strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n") {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			ts.Fatalf("%q is no JSON object: %v", text, err)
		}
		if event == "-" || line["event"] == event {
			found = line
		}
	}
	if found == nil {
		ts.Fatalf("there is no event %q", event)
	}
	return found
}

// atleast EVENT KEY NUMBER says that a number of the last such line is large enough.
func atLeast(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	got, ok := last(ts, args[0])[args[1]].(float64)
	if !ok || got < want {
		ts.Fatalf("%s is %v, not at least %v", args[1], got, want)
	}
}

// flip FILE OFFSET flips a byte of a file; a negative offset counts from its end.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0x55
	ts.Check(os.WriteFile(path, b, 0o666))
}

// caffe RUN FILE writes the weights of a run of LeNet as a Caffe model.
func caffe(ts *testscript.TestScript, _ bool, args []string) {
	m, err := model.Load(ts.MkAbs(args[0]), "")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), caffetest.File(caffetest.Style{Old: true, Legacy: true}, caffetest.Network(m.Spec, m.Weights)...), 0o666))
}

var exponent = regexp.MustCompile(`\de[+-]\d`)

// replace FILE OLD NEW replaces the first OLD in a file.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o666))
}

// A call that is wrong exits with 2 and names the flag and the values that it takes.
func TestWrongCalls(t *testing.T) {
	for _, c := range []struct {
		args string
		says []string
	}{
		{"fly", []string{"fly"}},
		{"train", []string{"--data"}},
		{"train --data d --out o", []string{"--net", "lenet"}},
		{"train --data d --net lenet --out o --epochs 0", []string{"--epochs", "1 to 1000000", "0"}},
		{"train --data d --net lenet --out o --epochs 2000000", []string{"--epochs", "1000000", "2000000"}},
		{"train --data d --net lenet --out o --batch 0", []string{"--batch", "1 to 65536"}},
		{"train --data d --net lenet --out o --batch 100000", []string{"--batch", "65536", "100000"}},
		{"train --data d --net lenet --out o --batch -3", []string{"--batch", "-3"}},
		{"train --data d --net lenet --out o --lr -1", []string{"--lr", "is -1"}},
		{"train --data d --net lenet --out o --lr -.5", []string{"--lr", "is -0.5"}},
		{"train --data d --net lenet --out o --lr nan", []string{"--lr", "NaN"}},
		{"train --data d --net lenet --out o --momentum 1", []string{"--momentum", "0.99999"}},
		{"train --data d --net lenet --out o --max-seconds -1", []string{"--max-seconds", "1000000000"}},
		{"train --data d --net lenet --out o --step -5,10", []string{"--step", "-5,10"}},
		{"train --data d --net lenet --out o --layer-rates conv1", []string{"--layer-rates", "conv1=0.1"}},
		{"train --data d --net lenet --out o --layer-rates conv1=fast", []string{"--layer-rates", "conv1=fast"}},
		{"train --data d --net lenet --out o --layer-rates conv1=101", []string{"--layer-rates", "0 to 100", "conv1=101"}},
		{"train --data d --net lenet --out o --layer-rates conv1=nan", []string{"--layer-rates", "conv1=nan"}},
		{"train --data d --net lenet --out o --layer-rates conv1=1,conv1=2", []string{"--layer-rates", "conv1=1,conv1=2"}},
		{"train --data d --net lenet --out o --layer-rates =1", []string{"--layer-rates", "=1"}},
		{"train --data d --net lenet --out o --threads -1", []string{"--threads"}},
		{"train --data d --net lenet --out o --solver magic", []string{"--solver", "sgd", "adam"}},
		{"train --data d --net lenet --out o --policy magic", []string{"--policy", "step", "sigmoid"}},
		{"import x --out y --size 12", []string{"--size", "64x64"}},
		{"import x --out y --val 120", []string{"--val", "100"}},
		{"import x --out y --val -5", []string{"--val", "is -5"}},
		{"import x --out y --val nan", []string{"--val", "NaN"}},
		{"import x --out y --val 1e6", []string{"--val", "is 1000000"}},
		{"import x --out y --val 60 --test 60", []string{"--val", "--test", "100"}},
		{"import x --out y --max-per-class -1", []string{"--max-per-class"}},
		{"import x --out y --resize melt", []string{"--resize", "half-crop"}},
		{"import x --out y --channels 2", []string{"--channels", "3"}},
		{"detect --model m --scales 0 p.png", []string{"--scales"}},
		{"detect --model m --threshold 2 p.png", []string{"--threshold"}},
		{"detect --model m --method magic p.png", []string{"--method", "window"}},
		{"show lenet --input 3x32", []string{"--input", "3x32x32"}},
		{"show lenet --batch -2", []string{"--batch"}},
		{"bench --batch -2", []string{"--batch"}},
		{"sample digits --out y --count 2000000", []string{"--count", "1000000"}},
		{"bench --nets nonet", []string{"--nets", "lenet"}},
		{"bench --seconds 0", []string{"--seconds"}},
		{"sample rocks --out y", []string{"rocks", "digits"}},
		{"sample digits", []string{"--out"}},
		{"classify --model m --top 0 a.png", []string{"--top"}},
		{"eval --model m --data d --split middle", []string{"--split", "val"}},
		{"classify --model m --threads -1 a.png", []string{"--threads"}},
	} {
		var out, errs bytes.Buffer
		status := run(context.Background(), strings.Fields(c.args), &out, &errs)
		text := errs.String()
		if status != misuse {
			t.Errorf("%s: exit status %d, %s", c.args, status, text)
		}
		if strings.Count(strings.TrimSpace(text), "\n") > 0 || !strings.HasPrefix(text, "cnn: ") {
			t.Errorf("%s: not one line that begins with cnn: %q", c.args, text)
		}
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: %q does not name %q", c.args, text, s)
			}
		}
		if exponent.MatchString(text) || strings.Contains(text, "perhaps try") {
			t.Errorf("%s: %q is not said as people say it", c.args, text)
		}
	}
}

// An import that is broken off says so, and leaves nothing.
func TestStoppedImport(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	parent := t.TempDir()
	var out, errs bytes.Buffer
	status := run(ctx, []string{"sample", "digits", "--out", filepath.Join(parent, "set")}, &out, &errs)
	if text := errs.String(); status != failed || !strings.HasPrefix(text, "cnn: Stopped") || !strings.Contains(text, "nothing was left") || strings.Contains(text, "context") {
		t.Errorf("exit status %d, %q", status, text)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestHelpOfEveryVerb(t *testing.T) {
	for _, verb := range []string{"", "import", "sample", "show", "train", "eval", "classify", "detect", "inspect", "bench"} {
		var out, errs bytes.Buffer
		if status := run(context.Background(), []string{"help", verb}[:1+min(1, len(verb))], &out, &errs); status != done || out.Len() < 100 {
			t.Errorf("help %s: exit status %d, %d bytes, %s", verb, status, out.Len(), errs.String())
		}
	}
}

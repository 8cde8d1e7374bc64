package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// classifyVerb is `cnn classify --model MODEL IMAGE|FOLDER…`.
type classifyVerb struct {
	Model    string   `required:"" placeholder:"MODEL" help:"Folder of the model or run."`
	Top      int      `default:"5" help:"How many guesses to tell."`
	Snapshot string   `default:"best" placeholder:"EPOCH" help:"An epoch, best or last."`
	Images   []string `arg:"" name:"image" help:"Images, or folders of images."`
	engineFlags
}

type guessLine struct {
	Label       string `json:"label"`
	Probability number `json:"probability"`
}

type classifyLine struct {
	Image string      `json:"image"`
	Top   []guessLine `json:"top"`
}

// Run classifies each image. One that cannot be read is told on standard error; the rest goes on.
func (v classifyVerb) Run(ctx context.Context, o *output) error {
	if v.Top < 1 {
		return misused("--top is 1 or more but is %d", v.Top)
	}
	return withPredictor(v.Model, v.Snapshot, v.engineFlags, 1, func(_ *model.Model, p *model.Predictor) error {
		return eachImage(ctx, o, v.Images, func(path string) error {
			img, err := data.DecodeFile(path)
			if err != nil {
				return err
			}
			guesses, err := p.Top(img, v.Top)
			if err != nil {
				return err
			}
			line := classifyLine{Image: path}
			for _, g := range guesses {
				line.Top = append(line.Top, guessLine{g.Label, number(g.Probability)})
			}
			return o.emit(line, func(w io.Writer) {
				fmt.Fprint(w, path)
				for _, g := range guesses {
					fmt.Fprintf(w, "  %s %.1f %%", g.Label, 100*g.Probability)
				}
				fmt.Fprintln(w)
			})
		})
	})
}

// withPredictor opens a model on the device for the time of do.
func withPredictor(folder, snapshot string, e engineFlags, batch int, do func(*model.Model, *model.Predictor) error) (err error) {
	m, err := model.Load(folder, snapshot)
	if err != nil {
		return err
	}
	device, err := e.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, device.Close()) }()
	p, err := m.Open(device, batch, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return do(m, p)
}

// eachImage calls do for each file named and for each in a folder named. An image that cannot be used is told and counted; the
// rest goes on.
func eachImage(ctx context.Context, o *output, paths []string, do func(path string) error) error {
	files, err := filesOf(paths)
	if err != nil {
		return err
	}
	bad := 0
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := do(path); err != nil {
			if fault.Code(err) == "" || len(files) == 1 {
				return err
			}
			bad++
			complain(o.stderr, err, failed)
		}
	}
	if bad > 0 {
		return fault.New("cnn.images.bad", "%d of %d images could not be used; each is named above. Mend or remove them.", bad, len(files))
	}
	return nil
}

// filesOf lists the files named and those of the folders named, without hidden ones, in order.
func filesOf(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fault.New("cnn.image.missing", "There is no image or folder %s. Check the name.", path).Because(err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fault.New("cnn.folder.empty", "The folder %s holds no files. Name a folder of images.", path)
		}
	}
	return files, nil
}

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
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// classifyVerb is `cnn classify --model MODEL IMAGE|FOLDER…`.
type classifyVerb struct {
	Model    string   `required:"" placeholder:"MODEL" help:"Folder of the model or run."`
	Top      int      `default:"5" help:"How many predictions to print."`
	Snapshot string   `default:"best" placeholder:"EPOCH" help:"An epoch, best or last."`
	Images   []string `arg:"" name:"image" help:"Images, or folders of images."`
	engineFlags
}

type predictionLine struct {
	Label       string `json:"label"`
	Probability number `json:"probability"`
}

type classifyLine struct {
	Image string           `json:"image"`
	Top   []predictionLine `json:"top"`
}

// Run classifies each image. One that cannot be read is told on standard error; the rest goes on.
func (v classifyVerb) Run(ctx context.Context, o *output) error {
	if v.Top < 1 {
		return misused("--top must be 1 or more but is %d", v.Top)
	}
	return withPredictor(v.Model, v.Snapshot, data.Classification, v.engineFlags, 1, func(_ *model.Model, p *model.Predictor) error {
		return eachPicture(ctx, o, picturesOf(v.Images), func(path string) error {
			img, err := data.DecodeFile(path)
			if err != nil {
				return err
			}
			predictions, err := p.Top(img, v.Top)
			if err != nil {
				return err
			}
			line := classifyLine{Image: path}
			for _, g := range predictions {
				line.Top = append(line.Top, predictionLine{g.Label, number(g.Probability)})
			}
			return o.emit(line, func(w io.Writer) {
				fmt.Fprint(w, path)
				for _, g := range predictions {
					fmt.Fprintf(w, "  %s %.1f %%", g.Label, 100*g.Probability)
				}
				fmt.Fprintln(w)
			})
		})
	})
}

// verbs name what uses the models of a task.
var verbs = map[data.Task]string{data.Classification: "classify", data.Segmentation: "segment"}

// withPredictor opens a model that was trained for a task on the device for the time of do.
func withPredictor(folder, snapshot string, task data.Task, e engineFlags, batch int, do func(*model.Model, *model.Predictor) error) (err error) {
	m, err := model.Load(folder, snapshot)
	if err != nil {
		return err
	}
	if m.Task != task {
		instead := ""
		if verb, ok := verbs[m.Task]; ok {
			instead = "use cnn " + verb + ", or "
		}
		return fault.New("cnn.task", "The model %s was trained for %s, but this command needs one for %s: %schoose another model.", folder, string(m.Task), string(task), instead)
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

// A picture is a file to look at, or why what was named is none.
type picture struct {
	path string
	err  error
}

// picturesOf lists the files named and those of the folders named, without hidden ones, in order.
func picturesOf(paths []string) []picture {
	var out []picture
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, picture{path, fault.New("cnn.image.missing", "There is no image or folder %s. Check the name.", path)})
		case err == nil && info.IsDir():
			out = append(out, filesIn(path)...)
		default: // what cannot be read is told when it is
			out = append(out, picture{path: path})
		}
	}
	return out
}

// filesIn lists the files of a folder and of those in it.
func filesIn(folder string) []picture {
	var out []picture
	_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error { // each error is kept where it is met
		switch {
		case err != nil:
			out = append(out, picture{path, fault.New("cnn.folder.closed", "The folder %s cannot be read. Check its permissions.", path).Because(err)})
			return fs.SkipDir
		case e.Type().IsRegular() && !strings.HasPrefix(e.Name(), "."):
			out = append(out, picture{path: path})
		}
		return nil
	})
	if len(out) == 0 {
		return []picture{{folder, fault.New("cnn.folder.empty", "The folder %s contains no files. Name a folder of images.", folder)}}
	}
	return out
}

// A pictureFile is where a picture of each photo goes: a file, or for several photos a folder.
type pictureFile struct {
	path   string // "": nowhere
	ending string // of the names in a folder, after the photo's own
	force  bool
	many   bool
}

// check makes sure, before the work begins, that pictures can be written.
func (f pictureFile) check() error {
	if f.path == "" || !f.many {
		_, err := f.of("")
		return err
	}
	return disk.MakeFolder(f.path)
}

// of returns the file of a photo's picture, "" for none; one that is there already is written over with force alone.
func (f pictureFile) of(photo string) (string, error) {
	to := f.path
	if to == "" {
		return "", nil
	}
	if f.many {
		to = filepath.Join(to, strings.TrimSuffix(filepath.Base(photo), filepath.Ext(photo))+f.ending)
	}
	if _, err := os.Stat(to); err == nil && !f.force {
		return "", fault.New("cnn.out.exists", "%s already exists. Choose another name or add --force.", to)
	}
	return to, nil
}

// same reports whether two pictures of one photo would go into one file.
func (f pictureFile) same(g pictureFile) bool {
	return !f.many && f.path != "" && g.path != "" && filepath.Clean(f.path) == filepath.Clean(g.path)
}

// eachPicture calls do for each picture. One that is not there or cannot be used is told and counted; the rest goes on.
func eachPicture(ctx context.Context, o *output, pictures []picture, do func(path string) error) error {
	bad := 0
	for _, p := range pictures {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := p.err
		if err == nil {
			err = do(p.path)
		}
		if err == nil {
			continue
		}
		if fault.Code(err) == "" || len(pictures) == 1 {
			return err
		}
		bad++
		complain(o.stderr, err, failed)
	}
	if bad > 0 {
		return fault.New("cnn.images.bad", "%d of %d images could not be used; each is named above. Fix or remove them.", bad, len(pictures))
	}
	return nil
}

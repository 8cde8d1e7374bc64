package train

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// Branch copies a run as it was at one of its snapshots to a new folder, from which it can go on another way: what it told until then, the snapshot, and the best
// weights of that time. A rate over 0 is the base learning rate from there on. The run itself stays as it is.
func Branch(from, to string, epoch, rate float64) error {
	file, err := readRunFile(from)
	if err != nil {
		return err
	}
	if !model.HasSnapshot(model.Snapshots(from), epoch) {
		return model.NoSnapshot(from, model.EpochName(epoch))
	}
	place, err := readProgress(snapshotPath(from, epoch))
	if err != nil {
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return fault.New("train.run.exists", "%s already exists. Choose another name, or go on with the run that is there.", to)
	}
	draft, err := disk.NewDraft(to, newRun)
	if err != nil {
		return disk.CannotWrite(err, to)
	}
	defer draft.Discard()
	b := brancher{from: from, draft: draft.Path, place: place}
	file.Begun = now()
	file.State, file.Config.Rate = Stopped, cmp.Or(rate, place.Rate, file.Config.Rate)
	file.Rates = slices.DeleteFunc(file.Rates, func(r rateFrom) bool { return r.Iteration > 0 && r.Iteration >= place.Iteration })
	if rate > 0 && len(file.Rates) > 0 {
		file.Rates = append(file.Rates, rateFrom{place.Iteration, rate})
	}
	for _, step := range []func() error{
		b.description, b.snapshot, b.best,
		func() error { return b.events(rate) },
		func() error { return writeJSON(filepath.Join(draft.Path, RunFile), file) },
		draft.PublishNew,
	} {
		if err := step(); err != nil {
			return disk.CannotWrite(err, to)
		}
	}
	return nil
}

// brancher writes the files of a branch.
type brancher struct {
	from, draft string   // folders
	place       progress // of the snapshot
}

// copy copies a file of the run, if it is there.
func (b brancher) copy(name, to string) error {
	in, err := os.Open(filepath.Join(b.from, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return model.CannotRead(filepath.Join(b.from, name), err)
	}
	defer in.Close()
	return disk.WriteFile(filepath.Join(b.draft, to), func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

func (b brancher) description() error {
	for _, name := range []string{model.NetworkFile, model.LabelsFile, model.PreprocessFile, model.PurposeFile, model.MeanFile, imagesFile, noteFile} {
		if err := b.copy(name, name); err != nil {
			return err
		}
	}
	return nil
}

func (b brancher) snapshot() error {
	folder := filepath.Join(model.SnapshotFolder, model.EpochName(b.place.Epoch))
	if err := disk.MakeFolder(filepath.Join(b.draft, folder)); err != nil {
		return err
	}
	for _, name := range []string{model.WeightsFile, solverFile, stateFile} {
		if err := b.copy(filepath.Join(folder, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// best copies the weights that were the best at the time: of the run, if it found no better ones since, or of their snapshot. Where neither is left, the branch has
// those of its snapshot, and looks for its best from there on.
func (b *brancher) best() error {
	info, err := ReadRun(b.from)
	if err != nil {
		return err
	}
	switch {
	case b.place.BestEpoch > 0 && model.SameEpoch(info.BestEpoch, b.place.BestEpoch):
		return b.copy(model.WeightsFile, model.WeightsFile)
	case b.place.BestEpoch > 0 && model.HasSnapshot(info.Snapshots, b.place.BestEpoch):
		return b.copy(filepath.Join(model.SnapshotFolder, model.EpochName(b.place.BestEpoch), model.WeightsFile), model.WeightsFile)
	}
	folder := filepath.Join(model.SnapshotFolder, model.EpochName(b.place.Epoch))
	b.place.BestEpoch, b.place.Best, b.place.BestLoss = 0, nil, 0
	return cmp.Or(b.place.write(filepath.Join(b.draft, folder, stateFile)), b.copy(filepath.Join(folder, model.WeightsFile), model.WeightsFile))
}

// events writes what the run told until the snapshot, and that the rate changes there.
func (b brancher) events(rate float64) error {
	all, err := ReadEvents(b.from)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	add := func(e Event) error {
		line, err := EncodeEvent(e)
		text.Write(line)
		return err
	}
	for _, e := range all {
		if _, done := e.(Done); done || iterationOf(e) > b.place.Iteration {
			continue
		}
		if v, ok := e.(Epoch); ok && b.place.BestEpoch == 0 {
			v.Best = false
			e = v
		}
		if s, ok := e.(RateChanged); ok && s.Iteration == b.place.Iteration {
			continue // it was changed after the snapshot
		}
		if err := add(e); err != nil {
			return err
		}
	}
	if rate > 0 {
		if err := add(RateChanged{b.place.Iteration, b.place.Epoch, rate}); err != nil {
			return err
		}
	}
	return disk.WriteFile(filepath.Join(b.draft, EventsFile), func(w io.Writer) error {
		_, err := text.WriteTo(w)
		return err
	})
}

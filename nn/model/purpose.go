package model

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// PurposeFile says what a model is for. A model without one classifies: those of older versions have none.
const PurposeFile = "model.json"

// purposeFormat is the version of model.json.
const purposeFormat = 1

// purpose is model.json.
type purpose struct {
	Format     int       `json:"format"`
	Task       data.Task `json:"task"`
	Background *int      `json:"background,omitempty"`
}

// purposeJSON returns what model.json holds; nil for a model that needs none.
func (m *Model) purposeJSON() []byte {
	if t := cmp.Or(m.Task, data.Classification); t == data.Classification {
		return nil
	}
	p := purpose{Format: purposeFormat, Task: m.Task}
	if m.Background >= 0 {
		p.Background = &m.Background
	}
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic("model: " + err.Error()) // it holds words and whole numbers
	}
	return append(b, '\n')
}

// loadPurpose reads the model.json of a folder.
func (m *Model) loadPurpose(folder string) error {
	m.Task, m.Background = data.Classification, -1
	path := filepath.Join(folder, PurposeFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b, err := ReadFile(path, 1<<16)
	if err != nil {
		return err
	}
	var p purpose
	if err := json.Unmarshal(b, &p); err != nil || p.Format < 1 || p.Background != nil && (*p.Background < 0 || *p.Background >= len(m.Labels)) {
		return fault.New("model.purpose.damaged", "%s is damaged. Use another copy of the model.", path).Because(err)
	}
	if p.Format > purposeFormat {
		return fault.New("model.newer", "%s was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", path, p.Format, purposeFormat)
	}
	m.Task = p.Task
	if p.Background != nil {
		m.Background = *p.Background
	}
	return nil
}

package workspace

import (
	"encoding/json"
	"io"
	"path/filepath"

	"github.com/convscope/convscope/nn/disk"
)

const (
	choiceFile = "workspace.json" // what was chosen of the workspace when it was closed
	maxChoice  = 1 << 20          // bytes of the file at most
)

// A Choice has what was chosen of a workspace: names, "" for none, and the kind of device that runs are trained on, "" for any.
type Choice struct {
	Dataset string `json:"dataset"`
	Network string `json:"network"`
	Run     string `json:"run"`
	Device  string `json:"device,omitempty"`
}

// choiceJSON is workspace.json.
type choiceJSON struct {
	Format int `json:"format"`
	Choice
}

// ReadChoice reads what was chosen. A choice that cannot be read is none: it is no more than a convenience.
func (w Workspace) ReadChoice() Choice {
	var c choiceJSON
	b, err := disk.ReadFile(filepath.Join(w.root, choiceFile), maxChoice)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return Choice{}
	}
	return c.Choice
}

// WriteChoice keeps what was chosen.
func (w Workspace) WriteChoice(c Choice) error {
	return disk.WriteFile(filepath.Join(w.root, choiceFile), func(out io.Writer) error {
		return json.NewEncoder(out).Encode(choiceJSON{1, c})
	})
}

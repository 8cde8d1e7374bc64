package workspace

import (
	"io"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/model"
)

// networkSuffix ends the names of the files of networks.
const networkSuffix = ".json"

// A Network that is kept in the workspace.
type Network struct {
	Name string
	Spec nn.Spec
	Err  error // why it cannot be used
}

// Networks reads the networks, in the order of their names.
func (w Workspace) Networks() (list []Network, err error) {
	entries, err := w.entries(networks)
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), networkSuffix)
		if !ok || e.IsDir() {
			continue
		}
		n := Network{Name: name}
		n.Spec, n.Err = model.LoadNetwork(w.NetworkPath(name))
		list = append(list, n)
	}
	return list, err
}

// SaveNetwork keeps a network under a name, in place of one that has it.
func (w Workspace) SaveNetwork(name string, spec nn.Spec) error {
	if err := check(name); err != nil {
		return err
	}
	text := spec.JSON()
	return disk.WriteFile(w.NetworkPath(name), func(out io.Writer) error {
		_, err := out.Write(text)
		return err
	})
}

// DeleteNetwork deletes a network; one that is not there is no fault.
func (w Workspace) DeleteNetwork(name string) error {
	if err := check(name); err != nil {
		return err
	}
	if err := disk.Remove(w.NetworkPath(name)); err != nil {
		return cannotDelete(w.NetworkPath(name), err)
	}
	return nil
}

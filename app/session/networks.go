package session

import (
	"slices"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/workspace"
)

// networksFor lists the standard networks that are made for a data set's task, and those of the workspace, fitted to the data set.
func networksFor(own []workspace.Network, d *Dataset) []Network {
	var all []Network
	for _, name := range nn.StandardNames() {
		in, classes := nn.StandardInput(name), nn.StandardClasses(name)
		if d != nil && d.Err == nil {
			if nn.StandardTask(name) != string(d.Info.Task) {
				continue
			}
			in, classes = shapeOf(d.Info), len(d.Info.Classes)
		}
		spec, err := nn.Standard(name, in, classes)
		all = append(all, Network{Name: name, Spec: spec, Standard: true, Err: err})
	}
	for _, n := range own {
		if n.Err == nil && d != nil && d.Err == nil {
			n.Spec.Input, n.Spec.Classes = shapeOf(d.Info), len(d.Info.Classes)
		}
		all = append(all, Network{Name: n.Name, Spec: n.Spec, Err: n.Err})
	}
	return all
}

// shapeOf returns what a network for a data set takes.
func shapeOf(i data.Info) nn.Shape {
	w, h := i.InputSize()
	return nn.Shape{C: i.Channels, H: h, W: w}
}

// withNetwork returns a list with a network in its place, instead of one of its name.
func withNetwork(list []workspace.Network, n workspace.Network) []workspace.Network {
	list = append(withoutNetwork(list, n.Name), n)
	slices.SortFunc(list, func(a, b workspace.Network) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// withoutNetwork returns a list without the network of a name; list itself stays as it is.
func withoutNetwork(list []workspace.Network, name string) []workspace.Network {
	return slices.DeleteFunc(slices.Clone(list), func(n workspace.Network) bool { return n.Name == name })
}

// SaveNetwork keeps a network under a name and chooses it. A standard one is never overwritten: the copy gets a name of its own, which is
// returned.
func (s *Session) SaveNetwork(name string, spec nn.Spec) string {
	if slices.Contains(nn.StandardNames(), name) {
		name = workspace.FreeName(name, func(n string) bool { return s.State().network(n) != nil })
	}
	spec.Name = name
	s.change(func(now *State) {
		s.networks = withNetwork(s.networks, workspace.Network{Name: name, Spec: spec})
		n := Network{Name: name, Spec: spec}
		now.Networks = slices.Clone(now.Networks)
		if listed := now.network(name); listed != nil {
			*listed = n
		} else {
			now.Networks = append(now.Networks, n)
		}
		now.Network = name
	})
	// In order on this goroutine: the file is small, and an edit that was seen is never overtaken by an older one.
	s.fail(s.space.SaveNetwork(name, spec))
	s.remember()
	return name
}

// DeleteNetwork deletes a network of the workspace.
func (s *Session) DeleteNetwork(name string) {
	if slices.Contains(nn.StandardNames(), name) {
		return
	}
	if err := s.space.DeleteNetwork(name); err != nil {
		s.fail(err)
		return
	}
	s.change(func(now *State) {
		s.networks = withoutNetwork(s.networks, name)
		s.settle(now)
	})
	s.remember()
}

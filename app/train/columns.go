package train

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// The columns of the comparison that are settings, made from the table of settings.

// columnWidths are the widths of columns that need more or less than the usual width of their kind.
var columnWidths = map[string]float32{
	"epochs": 66, "momentum": 72, "weight-decay": 96, "rate": 96, "scale": 96, "loss": 96, "mean": 86, "seed": 56,
	train.PolicyColumn: 110, train.AugmentationColumn: 130, "layer-rates": 110,
}

// settingColumns returns the columns of settings: each has one of its own, or shares that of the first one within it.
func settingColumns() []property {
	var list []property
	for _, s := range train.Settings() {
		key := s.Within
		if key == "" {
			key = s.Key
		}
		if key == train.NoColumn || slices.ContainsFunc(list, func(c property) bool { return c.key == key }) {
			continue
		}
		list = append(list, settingColumn(key, s))
	}
	return list
}

func settingColumn(key string, s train.Setting) property {
	c := property{key: key, width: 90, setting: true}
	c.text = func(p *Page, r session.Run) string { return p.settingText(s, r.Info.Config) }
	switch v := s.Values.(type) {
	case train.Number:
		c.width, c.right = 76, true
		c.value = func(r session.Run) any { return v.Get(r.Info.Config) }
	case train.Seed:
		c.right = true
		c.value = func(r session.Run) any { return float64(r.Info.Config.Seed) }
	case train.Choice:
		c.width = 76
	}
	switch key {
	case "rate":
		c.text = func(_ *Page, r session.Run) string { return rateText(r) }
	case train.PolicyColumn:
		c.text = func(_ *Page, r session.Run) string { return policyText(r.Info.Config) }
	case train.AugmentationColumn:
		c.text, c.value = func(p *Page, r session.Run) string { return augmentText(p, r.Info.Config) }, nil
	}
	if w, ok := columnWidths[key]; ok {
		c.width = w
	}
	return c
}

// settingText returns the value of a setting in short; "" of one that is not used.
func (p *Page) settingText(s train.Setting, c train.Config) string {
	switch v := s.Values.(type) {
	case train.Number:
		if v.Off && v.Get(c) == 0 {
			return ""
		}
		return widgets.FormatNumber(v.Get(c))
	case train.Choice:
		if v.Text(c) == v.None {
			return ""
		}
		return p.nameText(s.Key, v.Text(c))
	case train.Path:
		if v.Text(c) == "" {
			return ""
		}
		return filepath.Base(v.Text(c))
	case train.LayerFactors:
		return factorsText(v.Text(c))
	}
	return inList(s.Text(c))
}

// policyText returns a policy with its parameters, as far as they are not its own.
func policyText(c train.Config) string {
	text := c.Policy
	for _, s := range c.Step {
		text += fmt.Sprintf(" %g", s)
	}
	if c.Gamma != 0 {
		text += fmt.Sprintf(" γ %g", c.Gamma)
	}
	if c.Power != 0 {
		text += fmt.Sprintf(" p %g", c.Power)
	}
	return text
}

// augmentText names what chance does with the images.
func augmentText(p *Page, c train.Config) string {
	var parts []string
	for _, s := range train.Settings() {
		if s.Within != train.AugmentationColumn {
			continue
		}
		name := p.text("field." + s.Key)
		if v, ok := s.Values.(train.Switch); ok {
			if v.On(c) {
				parts = append(parts, name)
			}
		} else if text := p.settingText(s, c); text != "" {
			parts = append(parts, name+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

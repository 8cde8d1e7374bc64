package main

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
)

// settingFlags has what was typed for the flags of train's table of settings, by key; nil where a flag was not given.
type settingFlags map[string]**string

// addFlags gives the verb `train` a flag for each setting that has one, after --out.
func (f settingFlags) addFlags(k *kong.Kong) error {
	verb := k.Model.Children[slices.IndexFunc(k.Model.Children, func(n *kong.Node) bool { return n.Name == "train" })]
	at := 1 + slices.IndexFunc(verb.Flags, func(g *kong.Flag) bool { return g.Name == "out" })
	for _, s := range train.Settings() {
		if s.Flag == "" {
			continue
		}
		text := new(*string)
		f[s.Key] = text
		help := helpOf(s)
		value := &kong.Value{Name: s.Flag, Help: help, OrigHelp: help, Tag: &kong.Tag{}, Target: reflect.ValueOf(text).Elem()}
		value.DefaultValue = reflect.New(value.Target.Type()).Elem()
		value.Mapper = typed{several: s.Several}
		switch v := s.Values.(type) {
		case train.Choice:
			value.Enum = strings.Join(v.Names, ",")
		case train.Switch:
			value.Mapper, value.Tag.Negatable = typed{onOff: true}, "_"
		}
		value.Flag = &kong.Flag{Value: value, PlaceHolder: s.Placeholder}
		verb.Flags = slices.Insert(verb.Flags, at, value.Flag)
		at++
	}
	return nil
}

// helpOf returns the help of a setting's flag, with its limits.
func helpOf(s train.Setting) string {
	if _, ok := s.Values.(train.Number); !ok {
		return s.Help
	}
	return strings.TrimSuffix(s.Help, ".") + " (" + s.Range() + ")."
}

// typed takes the text of a flag as it is: its setting reads it. A flag of several values may also be given several times.
type typed struct{ onOff, several bool }

// IsBool implements kong.BoolMapper.
func (t typed) IsBool() bool { return t.onOff }

// Decode implements kong.Mapper.
func (t typed) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	text := "true"
	if !t.onOff || ctx.Scan.Peek().Type == kong.FlagValueToken {
		token, err := ctx.Scan.PopValue("value")
		if err != nil {
			return err
		}
		text = fmt.Sprint(token.Value)
	}
	if before := target.Elem().String(); t.several && before != "" {
		text = before + "," + text
	}
	target.Elem().SetString(text)
	return nil
}

// given returns what was typed for a setting; of several values the first.
func (f settingFlags) given(s train.Setting) (text string, ok bool) {
	t := f[s.Key]
	if t == nil || *t == nil {
		return "", false
	}
	if s.Several {
		text, _, _ = strings.Cut(**t, ",")
		return text, true
	}
	return **t, true
}

// numbers returns all the values that were given for a setting that takes several.
func (f settingFlags) numbers(key string) ([]float64, error) {
	s := train.SettingOf(key)
	if _, ok := f.given(s); !ok {
		return nil, nil
	}
	list, ok := s.Values.(train.Number).ParseList(**f[key])
	if !ok {
		return nil, refused(s, **f[key])
	}
	return list, nil
}

// configure writes the settings that were given over those of a configuration.
func (f settingFlags) configure(c *train.Config) error {
	for _, s := range train.Settings() {
		if text, ok := f.given(s); ok && !s.Parse(c, text) {
			return refused(s, text)
		}
	}
	return nil
}

// suit tells of a setting that was given and is not for the task of the data.
func (f settingFlags) suit(t data.Task) error {
	for _, s := range train.Settings() {
		if _, ok := f.given(s); ok && !s.For(t) {
			return misused("--%s is for %s, but the data set is for %s", s.Flag, tasks(s.Tasks), t)
		}
	}
	return nil
}

// tasks joins tasks as a sentence does.
func tasks(list []data.Task) string {
	var names []string
	for _, t := range list {
		names = append(names, string(t))
	}
	return strings.Join(names, " or ")
}

// refused tells of a value that a setting does not take.
func refused(s train.Setting, text string) error {
	switch s.Values.(type) {
	case train.Number:
		if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
			text = plain(v)
		}
	default:
		text = strconv.Quote(text)
	}
	return misused("--%s must be %s but is %s", s.Flag, s.Range(), text)
}

package resources

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"fyne.io/fyne/v2/lang"

	"github.com/convscope/convscope/nn/fault"
)

// translations has AREA.LANGUAGE.json, each a flat object of key and text (a fmt format), and faults/AREA.ko.json, the sentences of
// faults by code: those in English stand where the faults are made.
//
//go:embed translations
var translations embed.FS

// Languages lists the languages of the window.
func Languages() []string { return []string{"en", "ko"} }

// A Translator gives texts in one language.
type Translator struct {
	Language string
	texts    map[string]string
	faults   map[string]string // nil: the faults' own English
}

// NewTranslator reads the texts of a language, "en" or "ko".
func NewTranslator(language string) (*Translator, error) {
	t := &Translator{Language: language, texts: map[string]string{}}
	if language != "en" {
		t.faults = map[string]string{}
	}
	err := fs.WalkDir(translations, "translations", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(p, "."+language+".json") {
			return err
		}
		into := t.texts
		if path.Base(path.Dir(p)) == "faults" {
			into = t.faults
		}
		b, err := translations.ReadFile(p)
		if err != nil {
			return err
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for k, v := range texts {
			if _, twice := into[k]; twice {
				return fmt.Errorf("%s: the key %s is there twice", p, k)
			}
			into[k] = v
		}
		return nil
	})
	return t, err
}

// Has reports whether there is a text.
func (t *Translator) Has(key string) bool { _, ok := t.texts[key]; return ok }

// Text gives the text of a key over args. A key without text gives itself, so that it is seen.
func (t *Translator) Text(key string, args ...any) string {
	text, ok := t.texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return t.fill(text, args)
}

// fill puts args into a text.
func (t *Translator) fill(text string, args []any) string {
	text = fmt.Sprintf(text, args...)
	if t.Language == "ko" {
		text = withParticles(text)
	}
	return text
}

// Fault gives the sentence of an error: of the first fault in it, or what it says itself.
func (t *Translator) Fault(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return t.Text("fault.other", err)
	}
	format, ok := t.faults[f.Code]
	if !ok && t.faults != nil {
		format, ok = t.texts[f.Code] // a term of the window within a sentence
	}
	if !ok {
		return f.Sentence()
	}
	args := slices.Clone(f.Args)
	for i, a := range args {
		if inner, ok := a.(*fault.Fault); ok { // a sentence within the sentence
			args[i] = t.Fault(inner)
		}
	}
	return t.fill(format, args)
}

// Reason gives the sentence of a fault that was kept as code and arguments, or english where it has none.
func (t *Translator) Reason(code string, args []any, english string) string {
	if format, ok := t.faults[code]; ok {
		return t.fill(format, args)
	}
	return english
}

// TeachFyne makes Fyne's own words (OK, Cancel, the file dialog) those of the language, whatever the system's is.
func (t *Translator) TeachFyne() error {
	own := map[string]any{}
	for k, v := range t.texts {
		key, ok := strings.CutPrefix(k, "fyne.")
		if !ok {
			continue
		}
		own[key] = v
		if strings.HasPrefix(key, "file.") {
			own[key] = map[string]string{"other": v}
		}
	}
	b, err := json.Marshal(own)
	if err != nil {
		return err
	}
	return lang.AddTranslationsForLocale(b, lang.SystemLocale())
}

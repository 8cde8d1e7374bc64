// Package fault holds the errors that a person is to read. Each says what happened, to which file or layer, and what
// to do about it; each has a code, by which the window finds the same sentence in another language.
package fault

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
)

// A Fault is an error meant for a person. Its Error text is English; the window translates by Code and Args
// (translation key "fault." + Code, a fmt format over Args).
type Fault struct {
	Code  string // dotted, lower case, e.g. "image.truncated"; unique in the program
	Args  []any  // the values that the sentence names, in the order of the English format
	text  string
	cause error
}

// New makes a fault from its code and English sentence, a fmt format over args. Code and sentence are literals at the
// place where things go wrong; a test collects them and compares them with the Korean translations.
func New(code, english string, args ...any) *Fault {
	return &Fault{Code: code, Args: args, text: fmt.Sprintf(english, args...)}
}

// Because returns the fault with the underlying error that errors.Is and errors.As see.
func (f *Fault) Because(cause error) *Fault {
	with := *f
	with.cause = cause
	return &with
}

// Error returns the English sentence and, in brackets, what caused it.
func (f *Fault) Error() string {
	if f.cause == nil {
		return f.text
	}
	return f.text + " (" + f.cause.Error() + ")"
}

// Sentence returns the English sentence alone.
func (f *Fault) Sentence() string { return f.text }

// Unwrap gives the cause, or nil.
func (f *Fault) Unwrap() error { return f.cause }

// Code gives the code of the first fault in err's chain, or "".
func Code(err error) string {
	var f *Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// Told reports whether err needs no other words: it is a fault, or says that work was cancelled.
func Told(err error) bool {
	var f *Fault
	return errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// wire is a fault on its way between processes.
type wire struct {
	Code, Text, Cause string
	Args              []any
}

// GobEncode lets a fault go to another process: its cause goes as text.
func (f *Fault) GobEncode() ([]byte, error) {
	w := wire{Code: f.Code, Text: f.text, Args: f.Args}
	if f.cause != nil {
		w.Cause = f.cause.Error()
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(w)
	return b.Bytes(), err
}

// GobDecode takes a fault that came from another process.
func (f *Fault) GobDecode(data []byte) error {
	var w wire
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&w); err != nil {
		return err
	}
	*f = Fault{Code: w.Code, Args: w.Args, text: w.Text}
	if w.Cause != "" {
		f.cause = errors.New(w.Cause)
	}
	return nil
}

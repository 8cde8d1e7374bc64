package disk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/convscope/convscope/nn/fault"
)

// maxNameBytes bounds a folder's name: file systems take 255 bytes, and temporary names add some.
const maxNameBytes = 200

// SafeName makes the name of a folder or file of what a user typed or a source is called: no separators, no control
// characters, nothing that a system reserves, at most 200 bytes; Korean and emoji stay. A text with nothing left is a fault.
func SafeName(name string) (string, error) {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || unicode.IsControl(r) || r == '\u202e' || r == '\u202d': // the last two turn text around
			return -1
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '-'
		}
		return r
	}, norm.NFC.String(name))
	clean = strings.Trim(clean, " .")
	if len(clean) > maxNameBytes {
		cut := maxNameBytes
		for !utf8.RuneStart(clean[cut]) {
			cut--
		}
		clean = strings.TrimRight(clean[:cut], " .\u200d")
	}
	if clean == "" || strings.Trim(clean, "-") == "" {
		return "", fault.New("name.empty", "%q is not a valid folder name. Use letters or digits.", name)
	}
	if stem, _, _ := strings.Cut(strings.ToUpper(clean), "."); reserved[stem] {
		clean = "_" + clean
	}
	return clean, nil
}

// reserved are names that Windows keeps for devices.
var reserved = map[string]bool{
	"CON": true, "PRN": true, "AUX": true, "NUL": true, "COM1": true, "COM2": true, "COM3": true, "COM4": true,
	"LPT1": true, "LPT2": true, "LPT3": true, "LPT4": true,
}

// BreaksLine reports whether a character could break the line that it stands in, or is no character to be seen.
func BreaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// OneLine returns a name that takes one line wherever it is written: its control characters become spaces.
func OneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if BreaksLine(r) {
			return ' '
		}
		return r
	}, name)
}

// Naturally compares names as people sort them: numbers in them by value, so that 2 comes before 10.
func Naturally(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		nx, ny := countDigits(x), countDigits(y)
		if nx == 0 || ny == 0 {
			if x[0] != y[0] {
				return int(x[0]) - int(y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		if c := compareNumbers(x[:nx], y[:ny]); c != 0 {
			return c
		}
		x, y = x[nx:], y[ny:]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b) // 01 and 1 are different names
}

// countDigits returns the number of digits at the beginning of a text.
func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// compareNumbers compares texts of digits by value.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

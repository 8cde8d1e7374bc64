package disk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

func TestSafeName(t *testing.T) {
	for name, want := range map[string]string{
		"digits": "digits", "  내 사진 🐕 ": "내 사진 🐕", "../../etc/passwd": "-..-etc-passwd", `a\b:c*d?e"f<g>h|i`: "a-b-c-d-e-f-g-h-i",
		"con": "_con", "NUL.txt": "_NUL.txt", "a\x00\n\tb": "ab", "..": "", "": "", "   ": "", "///": "", ".hidden.": "hidden",
		strings.Repeat("가", 100): strings.Repeat("가", 66), "\u1100\u1161": "가", "\xff\xfe": "",
	} {
		got, err := disk.SafeName(name)
		if got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
		if want == "" {
			if fault.Code(err) != "name.empty" {
				t.Errorf("%q gives %v", name, err)
			}
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "01", "1", "2", "10", "a", "a1", "a2b", "a10", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, disk.Naturally)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

package main

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/train"
)

// called trains on data that are not there, so that a call which is right fails and one which is wrong is misused.
func called(t *testing.T, flags ...string) (status int, says string) {
	t.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"train", "--data", filepath.Join(t.TempDir(), "none"), "--net", "lenet", "--out", "o"}, flags...)
	status = run(context.Background(), args, &out, &errs)
	return status, errs.String()
}

// The flags take what the table of settings says, and refuse the rest in words.
func TestFlagsOfSettings(t *testing.T) {
	var help, errs bytes.Buffer
	if status := run(context.Background(), []string{"help", "train"}, &help, &errs); status != done {
		t.Fatal(errs.String())
	}
	words := strings.Join(strings.Fields(help.String()), "")
	right := func(flags ...string) {
		t.Helper()
		if status, says := called(t, flags...); status != failed || !strings.Contains(says, "none") {
			t.Errorf("%v: exit status %d, %s", flags, status, says)
		}
	}
	wrong := func(s train.Setting, text string) {
		t.Helper()
		if status, says := called(t, "--"+s.Flag+"="+text); status != misuse || !strings.Contains(says, "--"+s.Flag) || s.Range() != "" && !strings.Contains(says, s.Range()) {
			t.Errorf("--%s=%s: exit status %d, %s", s.Flag, text, status, says)
		}
	}
	for _, s := range train.Settings() {
		if s.Flag == "" {
			continue
		}
		if !strings.Contains(words, s.Flag) || !strings.Contains(words, strings.Join(strings.Fields(helpOf(s)), "")) {
			t.Errorf("the help does not tell of --%s", s.Flag)
		}
		switch v := s.Values.(type) {
		case train.Number:
			low := v.Low
			if v.Over {
				low = math.Nextafter(low, v.High)
				wrong(s, plain(v.Low))
			}
			right("--"+s.Flag+"="+plain(low), "--"+s.Flag, plain(v.High))
			wrong(s, plain(v.Low-1))
			wrong(s, plain(v.High+1))
			wrong(s, "many")
		case train.Choice:
			for _, name := range v.Names {
				right("--"+s.Flag, name)
			}
			if status, says := called(t, "--"+s.Flag, "magic"); status != misuse || !strings.Contains(says, v.Names[0]) {
				t.Errorf("--%s magic: exit status %d, %s", s.Flag, status, says)
			}
		case train.Switch:
			right("--" + s.Flag)
			right("--no-" + s.Flag)
			right("--" + s.Flag + "=false")
		case train.Seed:
			right("--"+s.Flag, "18446744073709551615")
			wrong(s, "-1")
		case train.Percentages, train.Together:
			right("--"+s.Flag, ".1,.2,.3")
			wrong(s, ".1,,.3")
		case train.LayerFactors:
			right("--"+s.Flag, "a b=.1,c=100")
			wrong(s, "a=101")
		default:
			right("--"+s.Flag, "a,b")
		}
	}
}

// A flag that takes several values takes them at once and one after the other.
func TestFlagsGivenSeveralTimes(t *testing.T) {
	for _, flags := range [][]string{{"--lr", ".1,.2"}, {"--lr", ".1", "--lr", ".2"}} {
		status, says := called(t, append(flags, "--find-lr")...)
		if status != misuse || !strings.Contains(says, "--lr takes one value") {
			t.Errorf("%v: exit status %d, %s", flags, status, says)
		}
	}
	if status, says := called(t, "--batch", "0x10,1_000"); status != failed {
		t.Errorf("exit status %d, %s", status, says)
	}
}

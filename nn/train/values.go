package train

import (
	"cmp"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/convscope/convscope/nn/fault"
)

// Values are the values that a setting takes: a Number, a Seed, a Choice, a Switch, Percentages, a Path, Layers, LayerFactors or several
// settings Together.
type Values interface {
	// Text writes the value of a configuration as Parse reads it.
	Text(c Config) string
	// Parse reads a value into a configuration and reports whether the setting takes it. One that it does not take changes nothing.
	Parse(c *Config, text string) bool
	// Range describes the values in English, as in "--batch is RANGE but is 0".
	Range() string

	check(s Setting, c Config) error
}

// A Number is a number within limits.
type Number struct {
	Low, High float64
	Over      bool // Low itself is not taken
	Whole     bool
	Own       bool // 0 in a Config stands for the policy's own
	Off       bool // 0 switches off what the number is of
	Get       func(c Config) float64
	Set       func(c *Config, v float64)
}

func number(low, high float64, field func(*Config) *float64) Number {
	return Number{Low: low, High: high, Get: func(c Config) float64 { return *field(&c) }, Set: func(c *Config, v float64) { *field(c) = v }}
}

func whole(low, high float64, field func(*Config) *int) Number {
	return Number{
		Low: low, High: high, Whole: true,
		Get: func(c Config) float64 { return float64(*field(&c)) }, Set: func(c *Config, v float64) { *field(c) = int(v) },
	}
}

func (n Number) over() Number { n.Over = true; return n }
func (n Number) own() Number  { n.Own = true; return n }
func (n Number) off() Number  { n.Off = true; return n }

// Takes reports whether a number is within the limits.
func (n Number) Takes(v float64) bool {
	return v >= n.Low && v <= n.High && !(n.Over && v == n.Low) && !(n.Whole && v != math.Trunc(v))
}

// Text implements Values.
func (n Number) Text(c Config) string { return plain(n.Get(c)) }

// Parse implements Values.
func (n Number) Parse(c *Config, text string) bool {
	v, err := parseNumber(text)
	if err != nil || !n.Takes(v) {
		return false
	}
	n.Set(c, v)
	return true
}

// ParseList reads several values with commas between them, and reports whether each is one that the setting takes.
func (n Number) ParseList(text string) ([]float64, bool) {
	var list []float64
	for _, part := range strings.Split(text, ",") {
		v, err := parseNumber(part)
		if err != nil || !n.Takes(v) {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// Range implements Values.
func (n Number) Range() string {
	if n.Over {
		return "over " + plain(n.Low) + " and at most " + plain(n.High)
	}
	return "from " + plain(n.Low) + " to " + plain(n.High)
}

func (n Number) check(s Setting, c Config) error {
	v := n.Get(c)
	if n.Takes(v) || n.Own && v == 0 {
		return nil
	}
	return fault.New("train.setting.range", "The setting %s is %s; it must be from %s to %s.", s.term(), plain(v), plain(n.Low), plain(n.High))
}

// parseNumber reads a number as people type it.
func parseNumber(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if i, err := strconv.ParseInt(text, 0, 64); err == nil { // 0x10 and 1_000 too
		return float64(i), nil
	}
	return strconv.ParseFloat(text, 64)
}

// plain writes a number without an exponent, which few people read.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// A Seed is any whole number of 64 bits.
type Seed struct{ field func(*Config) *uint64 }

// Text implements Values.
func (v Seed) Text(c Config) string { return strconv.FormatUint(*v.field(&c), 10) }

// Parse implements Values.
func (v Seed) Parse(c *Config, text string) bool {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 0, 64)
	if err == nil {
		*v.field(c) = n
	}
	return err == nil
}

// Range implements Values.
func (v Seed) Range() string {
	return "a whole number from 0 to " + strconv.FormatUint(math.MaxUint64, 10)
}

func (v Seed) check(Setting, Config) error { return nil }

// A Choice is one of some names.
type Choice struct {
	Names []string
	Own   bool   // "" in a Config stands for the network's own
	None  string // the name that is "" in a Config; "" where every name is as it is

	field func(*Config) *string
	set   func(c *Config, name string) // nil: the field alone
	known func(name string) error      // the fault of a name that is not among them
}

// Text implements Values.
func (v Choice) Text(c Config) string { return cmp.Or(*v.field(&c), v.None) }

// Parse implements Values.
func (v Choice) Parse(c *Config, text string) bool {
	if !slices.Contains(v.Names, text) {
		return false
	}
	if text == v.None {
		text = ""
	}
	if v.set != nil {
		v.set(c, text)
	} else {
		*v.field(c) = text
	}
	return true
}

// Reset makes it the network's own.
func (v Choice) Reset(c *Config) { *v.field(c) = "" }

// Range implements Values.
func (v Choice) Range() string { return "one of " + strings.Join(v.Names, ", ") }

func (v Choice) check(_ Setting, c Config) error {
	if name := v.Text(c); name != "" || !v.Own {
		return v.known(name)
	}
	return nil
}

// oneOf returns the fault that unknown makes of a name that is not among the known.
func oneOf(name string, known []string, unknown func(name, known string) error) error {
	if slices.Contains(known, name) {
		return nil
	}
	return unknown(name, strings.Join(known, ", "))
}

// either joins names as a sentence does: "a, b or c".
func either(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// A Switch is on or off.
type Switch struct{ field func(*Config) *bool }

// On reports whether it is on.
func (v Switch) On(c Config) bool { return *v.field(&c) }

// Set switches.
func (v Switch) Set(c *Config, on bool) { *v.field(c) = on }

// Text implements Values.
func (v Switch) Text(c Config) string { return strconv.FormatBool(v.On(c)) }

// Parse implements Values.
func (v Switch) Parse(c *Config, text string) bool {
	on := slices.Contains([]string{"true", "1", "yes"}, strings.ToLower(text))
	if !on && !slices.Contains([]string{"false", "0", "no"}, strings.ToLower(text)) {
		return false
	}
	v.Set(c, on)
	return true
}

// Range implements Values.
func (v Switch) Range() string { return "true or false" }

func (v Switch) check(Setting, Config) error { return nil }

// Percentages are places of a run, each over 0 and at most 100.
type Percentages struct{ field func(*Config) *[]float64 }

// Text implements Values.
func (v Percentages) Text(c Config) string {
	var parts []string
	for _, percent := range *v.field(&c) {
		parts = append(parts, plain(percent))
	}
	return strings.Join(parts, ",")
}

// Parse implements Values.
func (v Percentages) Parse(c *Config, text string) bool {
	var list []float64
	for _, part := range strings.Split(text, ",") {
		percent, err := parseNumber(part)
		if err != nil || !v.takes(percent) {
			return false
		}
		list = append(list, percent)
	}
	*v.field(c) = list
	return true
}

// Range implements Values.
func (v Percentages) Range() string { return "one or more percentages of the run, e.g. 33 or 50,85," }

func (v Percentages) takes(percent float64) bool { return percent > 0 && percent <= 100 }

func (v Percentages) check(_ Setting, c Config) error {
	for _, percent := range *v.field(&c) {
		if !v.takes(percent) {
			return fault.New("train.setting.step", "The learning rate steps at %g %% of the run; it must be over 0 and at most 100.", percent)
		}
	}
	return nil
}

// A Path is a file or folder, "" for none. A run may go on from another folder, so it is kept whole.
type Path struct{ field func(*Config) *string }

// Text implements Values.
func (v Path) Text(c Config) string { return *v.field(&c) }

// Parse implements Values.
func (v Path) Parse(c *Config, text string) bool {
	if text != "" {
		full, err := filepath.Abs(text)
		if err != nil {
			return false
		}
		text = full
	}
	*v.field(c) = text
	return true
}

// Range implements Values.
func (v Path) Range() string { return "a file or folder" }

func (v Path) check(Setting, Config) error { return nil } // whoever opens it tells

// Layers are names of layers. Which there are the network knows.
type Layers struct{ field func(*Config) *[]string }

// Text implements Values.
func (v Layers) Text(c Config) string { return strings.Join(*v.field(&c), ",") }

// Parse implements Values.
func (v Layers) Parse(c *Config, text string) bool {
	var list []string
	for _, name := range strings.Split(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	*v.field(c) = list
	return true
}

// Range implements Values.
func (v Layers) Range() string { return "layers, e.g. conv1,conv2," }

func (v Layers) check(Setting, Config) error { return nil }

// LayerFactors are layers, each with a factor from 0 to High.
type LayerFactors struct {
	High  float64
	field func(*Config) *map[string]float64
}

// Get returns the factors by layer.
func (v LayerFactors) Get(c Config) map[string]float64 { return *v.field(&c) }

// Text implements Values.
func (v LayerFactors) Text(c Config) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(v.Get(c))) {
		parts = append(parts, name+"="+plain(v.Get(c)[name]))
	}
	return strings.Join(parts, ",")
}

// Parse implements Values. Names may have blanks in them: after the last blank or = comes the factor.
func (v LayerFactors) Parse(c *Config, text string) bool {
	var factors map[string]float64
	if strings.TrimSpace(text) != "" {
		factors = map[string]float64{}
		for _, part := range strings.Split(text, ",") {
			part = strings.TrimSpace(part)
			at := strings.LastIndexAny(part, " =")
			if at < 0 {
				return false
			}
			name := strings.TrimRight(part[:at], " =")
			f, err := parseNumber(part[at+1:])
			if _, twice := factors[name]; err != nil || twice || name == "" || !v.takes(f) {
				return false
			}
			factors[name] = f
		}
	}
	*v.field(c) = factors
	return true
}

// Range implements Values.
func (v LayerFactors) Range() string {
	return "layers, each with a factor from 0 to " + plain(v.High) + ", e.g. conv1=0.1,ip2=10,"
}

func (v LayerFactors) takes(factor float64) bool { return factor >= 0 && factor <= v.High }

func (v LayerFactors) check(_ Setting, c Config) error {
	for _, name := range slices.Sorted(maps.Keys(v.Get(c))) {
		if f := v.Get(c)[name]; !v.takes(f) {
			return fault.New("train.setting.layer-rate", "The learning rate of the layer %s has the factor %s; it must be from 0 to %s.", name, plain(f), plain(v.High))
		}
	}
	return nil
}

// Together are the values of several settings in one text, with commas between them.
type Together struct {
	describes string
	Keys      []string
}

// Text implements Values.
func (v Together) Text(c Config) string {
	var parts []string
	for _, key := range v.Keys {
		parts = append(parts, SettingOf(key).Text(c))
	}
	return strings.Join(parts, ",")
}

// Parse implements Values.
func (v Together) Parse(c *Config, text string) bool {
	parts, all := strings.Split(text, ","), *c
	if len(parts) != len(v.Keys) {
		return false
	}
	for i, key := range v.Keys {
		if !SettingOf(key).Parse(&all, parts[i]) {
			return false
		}
	}
	*c = all
	return true
}

// Range implements Values.
func (v Together) Range() string { return v.describes }

func (v Together) check(Setting, Config) error { return nil } // each of them is checked

package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/fault"
)

// TestRatesOfPolicies compares with DIGITS' rates for a base of .01 at 0, 25, 50, 75 and 99 % of a run, rounded as they were published.
func TestRatesOfPolicies(t *testing.T) {
	table := []struct {
		policy string
		want   [5]float64
	}{
		{"fixed", [5]float64{.01, .01, .01, .01, .01}},
		{"step", [5]float64{.01, .01, .001, 1e-4, 1e-5}},
		{"multistep", [5]float64{.01, .01, .005, .005, .0025}},
		{"exp", [5]float64{.01, .00277, .000769, .000213, 6.23e-5}},
		{"inv", [5]float64{.01, .00535, .00408, .00343, .00303}},
		{"poly", [5]float64{.01, .00422, .00125, .000156, 1e-8}},
		{"sigmoid", [5]float64{.00993, .00924, .005, .000759, 7.39e-5}},
		{"cosine", [5]float64{.01, .008536, .005, .001464, 2.467e-6}},
	}
	var names []string
	for _, row := range table {
		names = append(names, row.policy)
		for _, last := range []int{100, 1000, 100_000} {
			for i, percent := range []int{0, 25, 50, 75, 99} {
				got := Rate(Config{Rate: .01, Policy: row.policy}, last/100*percent, last)
				if want := row.want[i]; math.Abs(got-want) > .005*want {
					t.Errorf("%s at %d %% of %d iterations: %g, want %g", row.policy, percent, last, got, want)
				}
			}
		}
	}
	var known []string
	for _, p := range Policies() {
		known = append(known, p.Name)
	}
	slices.Sort(names)
	slices.Sort(known)
	if !slices.Equal(names, known) {
		t.Errorf("policies are %v, tested %v", known, names)
	}
}

// TestStepsFallOnTheirIteration holds the very iteration at which the rate steps: ⌈percent·m/100⌉, also where percent/100 has no exact
// float.
func TestStepsFallOnTheirIteration(t *testing.T) {
	for _, c := range []struct {
		policy      string
		step        float64
		last, first int
	}{
		{"step", 33, 1000, 330},
		{"step", 33, 10, 4},
		{"step", 55, 20, 11},
		{"multistep", 55, 20, 11},
		{"multistep", 29, 100, 29},
		{"multistep", 85, 7, 6},
	} {
		config := Config{Rate: 1, Policy: c.policy, Gamma: .5, Step: []float64{c.step}}
		if before, from := Rate(config, c.first-1, c.last), Rate(config, c.first, c.last); before != 1 || from != .5 {
			t.Errorf("%s at %g %% of %d: rate %g before iteration %d and %g from it on", c.policy, c.step, c.last, before, c.first, from)
		}
	}
}

// TestWarmup holds that the rate rises in equal steps, the first of them over 0, to that of the policy, and is the policy's from there on.
func TestWarmup(t *testing.T) {
	const last, steps = 100, 20
	for _, p := range Policies() {
		cold := Config{Rate: .01, Policy: p.Name}
		warm := cold
		warm.Warmup = steps
		for i := range last {
			want := Rate(cold, i, last)
			if i < steps {
				want *= float64(i+1) / steps
			}
			if got := Rate(warm, i, last); got != want {
				t.Errorf("%s at iteration %d: %g, want %g", p.Name, i, got, want)
			}
		}
	}
}

func TestRatesStayFinite(t *testing.T) {
	for _, p := range Policies() {
		for _, last := range []int{0, 1, 2, 3, 99} {
			for i := range max(last, 1) {
				if r := Rate(Config{Rate: .01, Policy: p.Name}, i, last); math.IsNaN(r) || math.IsInf(r, 0) || r < 0 || r > .01 {
					t.Errorf("%s: %g at iteration %d of %d", p.Name, r, i, last)
				}
			}
		}
	}
}

func TestUnknownPolicyListsTheKnown(t *testing.T) {
	_, err := PolicyOf("magic")
	if fault.Code(err) != "train.setting.policy" || !strings.Contains(err.Error(), "multistep") {
		t.Errorf("got %v", err)
	}
}

// A policy that is chosen in place of the recipe's has parameters of its own; the same one keeps those of the recipe, and what is given holds.
func TestAnotherPolicyHasItsOwnParameters(t *testing.T) {
	recipe := Config{Policy: "multistep", Gamma: .3, Step: []float64{86, 93}, Power: 2}
	policy := SettingOf("policy")
	same, other := recipe, recipe
	if !policy.Parse(&same, "multistep") || !policy.Parse(&other, "step") {
		t.Fatal("a policy is refused")
	}
	if same.Gamma != .3 || !slices.Equal(same.Step, recipe.Step) {
		t.Errorf("the same policy has %+v", same)
	}
	step, err := PolicyOf("step")
	if got := other.WithPolicyDefaults(); err != nil || got.Gamma != step.Gamma || !slices.Equal(got.Step, step.Step) || other.Power != 0 {
		t.Errorf("step instead of the recipe's multistep has %+v, %v", got, err)
	}
	if !SettingOf("gamma").Parse(&other, ".7") || other.WithPolicyDefaults().Gamma != .7 {
		t.Errorf("γ that was given is %g", other.Gamma)
	}
}

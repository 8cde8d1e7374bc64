package train

import (
	"math"
	"strings"

	"github.com/convscope/convscope/nn/fault"
)

// A Policy is a row of the table of learning-rate policies: how the rate falls over a run. Parameters are given per percent of the run,
// as DIGITS does, so that they mean the same for runs of any length.
type Policy struct {
	Name  string
	Gamma float64   // default; 0 if the policy has none
	Power float64   // default; 0 if the policy has none
	Step  []float64 // default, in percent; empty if the policy has none

	// factor of the base rate at iteration i of a run of m iterations; s is m/100.
	factor func(c Config, i, m, s float64) float64
}

// Policies lists the policies: Caffe's formulas, and half a cosine to 0 (Loshchilov and Hutter 2017, "SGDR", without restarts).
func Policies() []Policy {
	return []Policy{
		{Name: "fixed", factor: func(Config, float64, float64, float64) float64 { return 1 }},
		{Name: "step", Gamma: .1, Step: []float64{33}, factor: func(c Config, i, m, _ float64) float64 {
			return math.Pow(c.Gamma, math.Floor(i/at(c.Step[0], m)))
		}},
		{Name: "multistep", Gamma: .5, Step: []float64{50, 85}, factor: func(c Config, i, m, _ float64) float64 {
			f := 1.0
			for _, percent := range c.Step {
				if i >= at(percent, m) {
					f *= c.Gamma
				}
			}
			return f
		}},
		{Name: "exp", Gamma: .95, factor: func(c Config, i, _, s float64) float64 { return math.Pow(c.Gamma, i/s) }},
		{Name: "inv", Gamma: .1, Power: .5, factor: func(c Config, i, _, s float64) float64 {
			return math.Pow(1+c.Gamma/s*i, -c.Power)
		}},
		{Name: "poly", Power: 3, factor: func(c Config, i, m, _ float64) float64 { return math.Pow(1-i/m, c.Power) }},
		{Name: "sigmoid", Gamma: .1, Step: []float64{50}, factor: func(c Config, i, m, s float64) float64 {
			return 1 / (1 + math.Exp(math.Abs(c.Gamma)/s*(i-at(c.Step[0], m))))
		}},
		{Name: "cosine", factor: func(_ Config, i, m, _ float64) float64 { return (1 + math.Cos(math.Pi*i/m)) / 2 }},
	}
}

// at returns the iteration at a percentage of a run of m iterations, rounded up. The product comes first: 55·(20/100) is not quite 11.
func at(percent, m float64) float64 { return math.Ceil(percent * m / 100) }

// PolicyOf finds a policy by name; the fault of an unknown one lists the known.
func PolicyOf(name string) (Policy, error) {
	for _, p := range Policies() {
		if p.Name == name {
			return p, nil
		}
	}
	return Policy{}, fault.New("train.setting.policy", "There is no learning-rate policy %s. There are %s.", name, strings.Join(policyNames(), ", "))
}

// policy is that of the configuration; of an unknown one it has no parameters.
func (c Config) policy() Policy {
	p, _ := PolicyOf(c.Policy)
	return p
}

// WithPolicy returns the configuration with another policy and that one's own γ, power and steps: those of the policy before mean something else.
func (c Config) WithPolicy(name string) Config {
	if name != c.Policy {
		c.Policy, c.Gamma, c.Power, c.Step = name, 0, 0, nil
	}
	return c
}

// WithPolicyDefaults returns the configuration with γ, power and steps of the policy where they are zero.
func (c Config) WithPolicyDefaults() Config {
	p := c.policy()
	if c.Gamma == 0 {
		c.Gamma = p.Gamma
	}
	if c.Power == 0 {
		c.Power = p.Power
	}
	if len(c.Step) == 0 {
		c.Step = p.Step
	}
	return c
}

// Rate returns the learning rate of an iteration (from 0) of a run of last iterations. While it warms up, the policy's is taken in equal parts: 1/w, 2/w, … of it
// (Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2).
func Rate(c Config, iteration, last int) float64 {
	p, err := PolicyOf(c.Policy)
	if err != nil {
		return c.Rate
	}
	c = c.WithPolicyDefaults()
	m := float64(max(last, 1))
	rate := c.Rate * p.factor(c, float64(iteration), m, m/100)
	if iteration < c.Warmup {
		rate *= float64(iteration+1) / float64(c.Warmup)
	}
	return rate
}

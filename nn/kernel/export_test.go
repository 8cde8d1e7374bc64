package kernel

// Units returns the vector units that this machine can run the CPU device on.
func Units() []string {
	var names []string
	for _, t := range units() {
		names = append(names, t.name)
	}
	return names
}

// NewCPUOf is NewCPU on a certain vector unit.
func NewCPUOf(unit string, threads int) Device {
	for _, t := range units() {
		if t.name == unit {
			return newCPU(threads, t)
		}
	}
	panic("no vector unit " + unit)
}

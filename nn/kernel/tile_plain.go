//go:build !amd64 || noasm

package kernel

func bestTile() tile { return plainTile }

// tiles lists the kernels that this machine can run, the best one last.
func tiles() []tile { return []tile{plainTile} }

package caffe

import "strings"

// aliases lists the layers that our standard networks call by another name.
func aliases(layers []layer) map[string]string {
	all := map[string]string{}
	for _, l := range layers {
		if ours := alias(l.name); ours != l.name {
			all[l.name] = ours
		}
	}
	return all
}

// alias returns what our GoogLeNet calls a layer of bvlc_googlenet, whose names have slashes and underscores: "inception_3a/3x3_reduce" is "3a-3x3-reduce".
func alias(name string) string {
	name = strings.NewReplacer("/", "-", "_", "-").Replace(strings.TrimPrefix(name, "inception_"))
	switch name {
	case "conv1-7x7-s2":
		return "conv1-7x7"
	case "conv2-3x3-reduce":
		return "conv2-reduce"
	case "loss3-classifier":
		return "classifier"
	}
	return name
}

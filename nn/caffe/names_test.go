package caffe

import (
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
)

// Every layer of bvlc_googlenet (its train_val.prototxt) has its place in our GoogLeNet.
func TestGoogLeNetHasOurNames(t *testing.T) {
	names := []string{"conv1/7x7_s2", "conv2/3x3_reduce", "conv2/3x3", "loss3/classifier"}
	for _, module := range strings.Fields("3a 3b 4a 4b 4c 4d 4e 5a 5b") {
		for _, part := range strings.Fields("1x1 3x3_reduce 3x3 5x5_reduce 5x5 pool_proj") {
			names = append(names, "inception_"+module+"/"+part)
		}
	}
	for _, loss := range []string{"loss1", "loss2"} {
		names = append(names, loss+"/conv", loss+"/fc", loss+"/classifier")
	}
	spec, err := nn.Standard("googlenet", nn.StandardInput("googlenet"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	layers := []layer{{name: "fc8"}} // whose name is ours already
	for _, n := range names {
		layers = append(layers, layer{name: n})
	}
	known, found := aliases(layers), []string{}
	for _, n := range names {
		found = append(found, known[n])
	}
	ours := nn.Trainable(spec)
	slices.Sort(found)
	slices.Sort(ours)
	if !slices.Equal(found, ours) || len(known) != len(names) {
		t.Errorf("Caffe's layers are called %v, ours %v", found, ours)
	}
}

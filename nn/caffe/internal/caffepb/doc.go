// Package caffepb is the part of Caffe's schema that is read, as Go code.
package caffepb

//go:generate go -C ../../../../scripts/protobuf run . ../.. nn/caffe/internal/caffepb/caffe.proto

// Package model holds trained networks as folders that anyone can read: network.json, weights.safetensors, labels.txt, preprocess.json
// and mean.png. It is the one place where an image becomes what a network sees, in training and in use alike.
package model

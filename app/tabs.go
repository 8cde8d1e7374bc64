package app

import (
	"github.com/convscope/convscope/app/data"
	"github.com/convscope/convscope/app/detect"
	"github.com/convscope/convscope/app/inspect"
	"github.com/convscope/convscope/app/network"
	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/train"
	"github.com/convscope/convscope/resources"
)

// rows returns the table of tabs, in the order of the rail.
func rows() []page.Row {
	return []page.Row{
		{Key: "data", Icon: resources.IconData.In, New: data.New},
		{Key: "network", Icon: resources.IconNetwork.In, New: network.New},
		{Key: "train", Icon: resources.IconTrain.In, New: train.New},
		{Key: "inspect", Icon: resources.IconInspect.In, New: inspect.New},
		{Key: "detect", Icon: resources.IconDetect.In, New: detect.New},
	}
}

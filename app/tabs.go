package app

import (
	"github.com/convscope/convscope/app/builder"
	"github.com/convscope/convscope/app/dataset"
	"github.com/convscope/convscope/app/inspect"
	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/training"
	"github.com/convscope/convscope/app/vision"
	"github.com/convscope/convscope/resources"
)

// rows is the table of tabs, in the order of the rail.
func rows() []page.Row {
	return []page.Row{
		{Key: "data", Icon: resources.IconData.In, New: dataset.New},
		{Key: "network", Icon: resources.IconNetwork.In, New: builder.New},
		{Key: "train", Icon: resources.IconTrain.In, New: training.New},
		{Key: "inspect", Icon: resources.IconInspect.In, New: inspect.New},
		{Key: "detect", Icon: resources.IconDetect.In, New: vision.New},
	}
}

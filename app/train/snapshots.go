package train

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// snapshotList is the dialog with a run's snapshots: how good each is and how large, which are kept on purpose, and going back to one.
type snapshotList struct {
	p    *Page
	run  session.Run
	use  *widgets.Text
	list *fyne.Container
	hide func()
}

// showSnapshots shows the snapshots of a run.
func (p *Page) showSnapshots(r session.Run) {
	l := &snapshotList{p: p, run: r, use: widgets.NewText("", widgets.ColourQuiet).Natural(), list: widgets.Column(2)}
	space := widgets.NewText("", widgets.ColourText)
	content := widgets.Column(widgets.Gap,
		widgets.Sized(560, 0, widgets.NewParagraph(p.text("snapshots.about"), widgets.ColourQuiet)),
		widgets.Sized(560, 260, container.NewVScroll(widgets.Inset(0, 14, 0, 0, l.list))),
		widgets.LineGrowing(8, space, l.use, space, widgets.NewButton(p.text("find.leave"), widgets.Plain, func() { l.hide() })))
	l.hide = p.host.Dialog(p.text("snapshots.title", r.Name), content)
	p.host.Session().DiskOf(r.Name, l.show)
}

// show lists the snapshots, the newest first.
func (l *snapshotList) show(d session.RunDisk) {
	p := l.p
	l.use.Set(p.text("snapshots.use", megabytes(d.Bytes), len(d.Snapshots)))
	l.list.Objects = l.list.Objects[:0]
	for i, s := range slices.Backward(d.Snapshots) {
		l.list.Objects = append(l.list.Objects, l.row(s, i == len(d.Snapshots)-1))
	}
	if len(d.Snapshots) == 0 {
		l.list.Objects = append(l.list.Objects, widgets.NewParagraph(p.text("snapshots.none"), widgets.ColourQuiet))
	}
	l.list.Refresh()
}

// row returns the row of a snapshot.
func (l *snapshotList) row(s train.SnapshotInfo, newest bool) fyne.CanvasObject {
	p, sess, run := l.p, l.p.host.Session(), l.run.Name
	what, colour := "", widgets.ColourQuiet
	decides := metric.Deciding(l.run.Info.Task)
	for _, e := range l.run.Info.Epochs {
		if v := e.Val.Get(decides.Key); model.SameEpoch(e.Epoch, s.Epoch) && v > 0 {
			what = figureText(decides, v)
		}
	}
	if model.SameEpoch(s.Epoch, l.run.Info.BestEpoch) {
		what, colour = what+" · "+p.text("snapshots.best"), widgets.ColourGood
	}
	keep := widgets.NewCheck(p.text("snapshots.keep"), s.Kept, func(on bool) { sess.KeepSnapshot(run, s.Epoch, on, l.show) })
	back := widgets.NewButton(p.text("snapshots.back"), widgets.Linked, func() {
		l.hide()
		sess.GoBack(run, s.Epoch, 0)
	})
	remove := widgets.NewButton(p.text("snapshots.delete"), widgets.Linked, func() {
		name := model.EpochName(s.Epoch)
		p.host.Confirm(p.text("snapshots.delete.title", name), p.text("snapshots.delete.text"), p.text("snapshots.delete"), func() { sess.DeleteSnapshot(run, s.Epoch, l.show) })
	})
	remove.Enable(!newest && !s.Kept)
	name := widgets.NewText(p.text("snapshots.epoch", model.EpochName(s.Epoch)), widgets.ColourText)
	quality := widgets.NewText(what, colour)
	return widgets.Sized(0, 28, widgets.LineGrowing(8, quality, widgets.Sized(110, 0, name), quality,
		widgets.Sized(64, 0, widgets.NewText(megabytes(s.Bytes), widgets.ColourQuiet).Aligned(fyne.TextAlignTrailing)), keep, back, remove))
}

// megabytes writes a size.
func megabytes(bytes int64) string {
	if bytes < 10e6 {
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return widgets.Thousands(int(bytes/1e6)) + " MB"
}

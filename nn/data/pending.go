package data

// Segmentation is the task of finding the class of each pixel.
const Segmentation Task = "segmentation"

// Truth reads what is known of an image.
func (d *Dataset) Truth(id uint32) (Truth, error) {
	r, err := d.Record(id)
	return r.Truth, err
}

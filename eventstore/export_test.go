package eventstore

import "time"

// CodesAhead says until when what a series has ahead is used, and whether more is being asked for.
func (j *Journal) CodesAhead(s CodeSeries) (good time.Time, asking bool) {
	j.codes.mu.Lock()
	defer j.codes.mu.Unlock()
	c := j.codes.series[s]
	return c.good, c.asking
}

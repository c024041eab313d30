package web

import (
	"context"
	"time"

	"dossier/projections"
)

// stamp says what a page is true at. Late is set when the views are more than a few seconds behind the journal.
type stamp struct {
	At       time.Time
	Position int64
	Late     string
	Broken   string // what to tell in a band: far behind, or something is parked
}

// The lags at which a page turns amber, and at which it says so in a band.
const (
	amberAfter = 5 * time.Second
	bandAfter  = time.Minute
)

func (s *site) viewStamp(v *visit, from projections.Stamp) stamp {
	p := stamp{At: from.At, Position: from.Position}
	if p.At.IsZero() {
		p.At = s.Now()
	}
	if from.Lag > amberAfter {
		p.Late = Words{"chậm %s, đang cập nhật", "%s behind, catching up"}.In(v.lang, v.Span(from.Lag))
	}
	if from.Lag > bandAfter {
		p.Broken = Words{"Số liệu đúng đến %s, chậm %s, đang cập nhật.", "Figures are true at %s, %s behind, catching up."}.In(v.lang, v.Exact(p.At), v.Span(from.Lag))
	}
	if from.Parked > 0 {
		p.Broken += Words{" Có %s hồ sơ tạm thời chưa cập nhật được; dòng của hồ sơ đó ghi rõ.", " %s dossiers cannot be brought up to date for now; their rows say so."}.In(v.lang, v.Num(int64(from.Parked)))
	}
	return p
}

// journalStamp is what a page is true at that reads the journal itself.
func (s *site) journalStamp(ctx context.Context, v *visit) (stamp, error) {
	head, err := s.Journal.Head(ctx)
	if err != nil {
		return stamp{}, err
	}
	return stamp{At: s.Now(), Position: head}, nil
}

package handlers

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the agency's zone must be known on a bare machine too

	"dossier/domain"
)

// Moment is a point in time as people name it: an instant, the end of a day, or the recording of a position.
type Moment struct {
	Time     time.Time
	Position int64 // when not 0 the moment is just after this position, and Time is not set
}

// Zone is the agency's zone unless DOSSIER_ZONE says otherwise.
func Zone() *time.Location { return zone() }

var zone = sync.OnceValue(func() *time.Location {
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		return time.FixedZone("+07", 7*3600)
	}
	return zone
})

// ParseMoment reads an instant (RFC 3339), a date (the end of that day in the zone) or @POSITION.
func ParseMoment(s string, zone *time.Location) (Moment, error) {
	if digits, ok := strings.CutPrefix(s, "@"); ok {
		if p, err := strconv.ParseInt(digits, 10, 64); err == nil && p > 0 {
			return Moment{Position: p}, nil
		}
		return Moment{}, malformedMoment(s)
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return Moment{Time: t}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return Moment{Time: day.AddDate(0, 0, 1).Add(-time.Microsecond)}, nil
	}
	return Moment{}, malformedMoment(s)
}

// ParseSince reads where a span begins: an instant (RFC 3339) or a date, from its first moment in the zone. Empty is the zero time.
func ParseSince(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return day, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, &domain.Invalid{
			Code: "malformed_moment", Field: "since",
			VI: fmt.Sprintf("Không hiểu thời điểm “%s”: ghi 2026-11-23T14:32:00+07:00 hoặc 2026-11-23 (từ đầu ngày đó)", s),
			EN: fmt.Sprintf("“%s” is no moment: write 2026-11-23T14:32:00+07:00 or 2026-11-23 (from the beginning of that day)", s),
		}
	}
	return t, nil
}

func malformedMoment(s string) error {
	return &domain.Invalid{
		Code: "malformed_moment",
		VI:   fmt.Sprintf("Không hiểu thời điểm “%s”: ghi 2026-11-23T14:32:00+07:00, 2026-11-23 (hết ngày đó) hoặc @1204331 (vị trí sự kiện)", s),
		EN:   fmt.Sprintf("“%s” is no moment: write 2026-11-23T14:32:00+07:00, 2026-11-23 (end of that day) or @1204331 (a position)", s),
	}
}

// Instant gives the time of a moment: for a position, when it was recorded. A nil moment stays nil.
func (x *Executor) Instant(ctx context.Context, m *Moment) (*time.Time, error) {
	if m == nil || m.Position == 0 {
		if m == nil {
			return nil, nil
		}
		return &m.Time, nil
	}
	events, err := x.journal.Page(ctx, m.Position-1, 1)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, &domain.Invalid{
			Code: "unknown_position",
			VI:   fmt.Sprintf("Chưa có sự kiện ở vị trí %d", m.Position),
			EN:   fmt.Sprintf("There is no event at position %d yet", m.Position),
		}
	}
	return &events[0].RecordedAt, nil
}

package web

import (
	"strings"
	"testing"
	"time"

	"dossier/projections"
)

func TestAStampSaysWhenTheViewsAreBehindAndAPageWhenTheyAreFarBehind(t *testing.T) {
	now := at("2026-11-23 14:32:07")
	s := &site{Deps: Deps{Now: func() time.Time { return now }}}
	v := &visit{format: vi}
	for _, c := range []struct {
		from         projections.Stamp
		late, broken string
	}{
		{projections.Stamp{Position: 7, At: now}, "", ""},
		{projections.Stamp{Position: 7, At: now, Lag: 4 * time.Second}, "", ""},
		{projections.Stamp{Position: 7, At: now, Lag: 12 * time.Second}, "chậm 12 giây, đang cập nhật", ""},
		{projections.Stamp{Position: 7, At: now, Lag: 3 * time.Minute}, "chậm 3 phút, đang cập nhật", "Số liệu đúng đến 23/11/2026 14:32:07, chậm 3 phút"},
		{projections.Stamp{Position: 7, At: now, Parked: 2}, "", "Có 2 hồ sơ tạm thời chưa cập nhật được"},
	} {
		got := s.viewStamp(v, c.from)
		if spaced(got.Late) != c.late || !strings.Contains(spaced(got.Broken), c.broken) || (c.broken == "") != (got.Broken == "") {
			t.Errorf("%+v: %q, %q", c.from, got.Late, got.Broken)
		}
	}
	if got := s.viewStamp(v, projections.Stamp{}); !got.At.Equal(now) {
		t.Errorf("an empty journal is stamped %v", got.At)
	}
}

package calendar

import (
	"fmt"
	"time"
)

// Date is a day without a time or a zone: days since 1 January 1970.
type Date int32

// DateOf is the day on which a moment falls in a zone.
func DateOf(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return On(y, m, d)
}

// On is the day of that name; a day beyond the month's last falls into the next, as with time.Date.
func On(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads 2026-11-24.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day such as 2026-11-24", s)
	}
	return On(t.Date()), nil
}

func (d Date) utc() time.Time        { return time.Unix(int64(d)*86400, 0).UTC() }
func (d Date) String() string        { return d.utc().Format(time.DateOnly) }
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }
func (d Date) Year() int             { return d.utc().Year() }

// Start is the first instant of the day in a zone.
func (d Date) Start(loc *time.Location) time.Time {
	y, m, day := d.utc().Date()
	return time.Date(y, m, day, 0, 0, 0, 0, loc)
}

// End is the last microsecond of the day in a zone: the law's 24:00 (Civil Code, Article 148.6) as a moment that still belongs to the day.
func (d Date) End(loc *time.Location) time.Time {
	return (d + 1).Start(loc).Add(-time.Microsecond)
}

// At is a time of the day in a zone.
func (d Date) At(c Clock, loc *time.Location) time.Time {
	y, m, day := d.utc().Date()
	return time.Date(y, m, day, 0, int(c), 0, 0, loc)
}

// MarshalText writes 2026-11-24.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}

// Clock is a time of day in minutes since midnight, up to 24:00.
type Clock int16

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// ParseClock reads 07:30.
func ParseClock(s string) (Clock, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time such as 07:30", s)
	}
	return Clock(t.Hour()*60 + t.Minute()), nil
}

// MarshalText writes 07:30.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (c *Clock) UnmarshalText(b []byte) (err error) {
	*c, err = ParseClock(string(b))
	return err
}

package procedure

import (
	"fmt"

	"dossier/domain/calendar"
)

// The level of online service says what may be done online. The scheme of 2011 knows four: from 3 up a dossier is filed online, and at 4 the fee is
// paid and the result given online too (Decree 43/2011, Article 18). Those of 2022 and 2026 know whole and part: both take filings online, and the part
// is published with what it leaves out (Decree 42/2022; Decree 224/2026, Article 14).

// schemes are the schemes of levels by the day from which they hold.
var schemes = []struct {
	name string
	from calendar.Date
}{{"43/2011", day("2011-06-10")}, {"42/2022", day("2022-08-15")}, {"224/2026", day("2026-07-01")}}

func day(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		panic(err) // written here
	}
	return d
}

// LevelOn is the level that holds on a day: of the newest scheme in force then under which the version has one. False: it says nothing.
func (v Version) LevelOn(on calendar.Date) (level ServiceLevel, says bool) {
	for _, s := range schemes {
		if on < s.from && s.name != schemes[0].name {
			continue
		}
		for _, l := range v.Levels {
			if l.Scheme == s.name && l.From <= on {
				level, says = l, true
			}
		}
	}
	return level, says
}

// FilesOnline says whether a dossier may be filed online under this level.
func (l ServiceLevel) FilesOnline() bool {
	return l.Scheme != "43/2011" || l.Value == "3" || l.Value == "4"
}

// EndsOnline says whether the fee may be paid and the result given online under this level.
func (l ServiceLevel) EndsOnline() bool { return l.Scheme != "43/2011" || l.Value == "4" }

// Words is the level as people say it.
func (l ServiceLevel) Words(lang string) string {
	name := map[string][2]string{"toan-trinh": {"toàn trình", "whole"}, "mot-phan": {"một phần", "part"}}[l.Value]
	if name == [2]string{} {
		name = [2]string{"mức độ " + l.Value, "level " + l.Value}
	}
	if lang == "en" {
		return fmt.Sprintf("%s (Decree %s)", name[1], l.Scheme)
	}
	return fmt.Sprintf("%s (NĐ %s)", name[0], l.Scheme)
}

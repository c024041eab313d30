package procedure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/domain/calendar"
)

// complete fills in what follows from what was published.
func (v Version) complete() Version {
	v.SupplementDays = SupplementDays
	if v.Supplement.Days > 0 {
		v.SupplementDays = v.Supplement.Days
	}
	if v.Policy == "" {
		v.Policy = calendar.WholeDays
	}
	v.OpenForFiling = !v.InformationOnly
	v.Limit, v.LimitVI, v.LimitEN = total(v.Limits), inWords(v.Limits, "vi"), inWords(v.Limits, "en")
	v.AssumedValues = nil
	for _, name := range slices.Sorted(maps.Keys(v.Certainty)) {
		if v.Certainty[name].Assumed() {
			v.AssumedValues = append(v.AssumedValues, name)
		}
	}
	v.Assumed = v.Certainty["time_limit"].Assumed()
	return v
}

// total is the sum of the limits, in their unit or as mixed.
func total(limits []calendar.Limit) (sum Limit) {
	for i, l := range limits {
		sum.Value += l.Value
		if i > 0 && sum.Unit != string(l.Unit) {
			sum.Unit = "mixed"
			continue
		}
		sum.Unit = string(l.Unit)
	}
	return sum
}

// inWords writes limits of one unit as their sum; different units are not added up but listed.
func inWords(limits []calendar.Limit, lang string) string {
	if sum := total(limits); sum.Value > 0 && sum.Unit != "mixed" {
		limits = []calendar.Limit{{Value: sum.Value, Unit: calendar.Unit(sum.Unit)}}
	}
	var parts []string
	for _, l := range limits {
		parts = append(parts, l.Text(lang))
	}
	return strings.Join(parts, " + ")
}

// Described is a version with everything that follows from it: what programs are told.
type Described struct {
	Number  int    `json:"number"`
	Decided string `json:"decision,omitempty"`
	On      string `json:"decided_on,omitempty"`
	From    string `json:"valid_from,omitempty"`
	Version
	Total    Limit    `json:"limit,omitzero"`
	VI       string   `json:"limit_vi"`
	EN       string   `json:"limit_en"`
	ResultVI string   `json:"result_vi"`
	ResultEN string   `json:"result_en"`
	Answer   int      `json:"supplement_days"`
	Open     bool     `json:"open_for_filing"`
	Rests    bool     `json:"assumed"`
	Values   []string `json:"assumed_values,omitempty"`
	External bool     `json:"external"`
}

// Describe returns the version as programs are told of it.
func (v Version) Describe() Described {
	d := Described{
		Number: v.Number, Version: v, Total: v.Limit, VI: v.LimitVI, EN: v.LimitEN, Answer: v.SupplementDays, Open: v.OpenForFiling,
		Rests: v.Assumed, Values: v.AssumedValues, External: v.External,
	}
	if p := v.Decision; p.No != "" {
		d.Decided, d.On, d.From = p.No, p.DecidedOn.String(), p.ValidFrom.String()
	}
	if len(v.Flow.Results) > 0 {
		d.ResultVI, d.ResultEN = v.Flow.Results[0].NameVI, v.Flow.Results[0].NameEN
	}
	return d
}

// Whole is the version that was described.
func (d Described) Whole() (Version, error) {
	v := d.Version
	v.Number, v.Limit, v.LimitVI, v.LimitEN, v.SupplementDays, v.OpenForFiling = d.Number, d.Total, d.VI, d.EN, d.Answer, d.Open
	v.Assumed, v.AssumedValues, v.External = d.Rests, d.Values, d.External
	if d.Decided == "" {
		return v, nil
	}
	var err error
	v.Decision.No = d.Decided
	if v.Decision.DecidedOn, err = calendar.ParseDate(d.On); err != nil {
		return v, fmt.Errorf("read decision %s: %w", d.Decided, err)
	}
	if v.Decision.ValidFrom, err = calendar.ParseDate(d.From); err != nil {
		return v, fmt.Errorf("read decision %s: %w", d.Decided, err)
	}
	return v, nil
}

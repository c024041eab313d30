package procedure

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/domain/calendar"
)

//go:embed procedures-vn.json
var file []byte

// entry is one procedure as the file writes it.
type entry struct {
	ID         string   `json:"id"`
	NameVI     string   `json:"name_vi"`
	NameEN     string   `json:"name_en"`
	Sector     string   `json:"sector"`
	Level      string   `json:"level"`
	UnitVI     string   `json:"owner_unit_now_vi"`
	Code       *string  `json:"code"`
	LegalBasis []string `json:"legal_basis"`
	TimeLimit  struct {
		Total  *Limit  `json:"total"`
		Stages []Limit `json:"stages"`
	} `json:"time_limit"`
	SupplementWindow *Limit `json:"supplement_window"`
	Components       []struct {
		NameVI   string  `json:"name_vi"`
		FormNo   *string `json:"form_no"`
		Kind     string  `json:"kind"`
		Required bool    `json:"required"`
	} `json:"components"`
	Result struct {
		NameVI string `json:"name_vi"`
		NameEN string `json:"name_en"`
	} `json:"result"`
	Certainty map[string]string `json:"certainty"`
}

var catalogue, byID = load(file)

// load reads the embedded file; a broken one is a broken program.
func load(file []byte) ([]Version, map[string]Version) {
	var content struct {
		Procedures []entry `json:"procedures"`
	}
	if err := json.Unmarshal(file, &content); err != nil {
		panic(fmt.Sprintf("read the embedded catalogue: %v", err))
	}
	var all []Version
	index := map[string]Version{}
	for _, e := range content.Procedures {
		v := e.version()
		all, index[v.ID] = append(all, v), v
	}
	return all, index
}

// Catalogue lists the procedures in the order of the file.
func Catalogue() []Version { return slices.Clone(catalogue) }

// Lookup finds a procedure of the catalogue by its id. Procedures that an import brings with it are not in it.
func Lookup(id string) (Version, bool) {
	v, found := byID[id]
	return v, found
}

func (e entry) version() Version {
	v := Version{
		ID: e.ID, Number: 1, Code: e.Code, NameVI: e.NameVI, NameEN: e.NameEN, Sector: e.Sector, Level: e.Level, UnitVI: e.UnitVI,
		ResultVI: e.Result.NameVI, ResultEN: e.Result.NameEN, LegalBasis: e.LegalBasis,
		SupplementDays: SupplementDays, Components: e.components(), AssumedValues: e.assumed(),
	}
	if w := e.SupplementWindow; w != nil && w.Unit == "calendar_day" {
		v.SupplementDays = w.Value
	}
	if total := e.TimeLimit.Total; total != nil {
		v.Limit, v.OpenForFiling = *total, true
		v.LimitVI, v.LimitEN = e.limit(wordsVI), e.limit(wordsEN)
		v.Limits, v.Policy = e.limits(), calendar.WholeDays
	}
	v.Assumed = slices.Contains(v.AssumedValues, "time_limit")
	return v
}

// assumed lists the values of which at least a part was never confirmed by a source. The certainty texts are made for
// people ("portal-page (31 days) + memory (stages)"), so one mention of memory is enough.
func (e entry) assumed() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e.Certainty)) {
		if strings.Contains(e.Certainty[name], "memory") {
			names = append(names, name)
		}
	}
	return names
}

func (e entry) components() []Component {
	var list []Component
	for i, c := range e.Components {
		one := Component{Code: fmt.Sprintf("tp-%d", i+1), NameVI: c.NameVI, Kind: c.Kind, Required: c.Required}
		if c.FormNo != nil {
			one.FormNo = *c.FormNo
		}
		list = append(list, one)
	}
	return list
}

// limits is what is counted: the total, or the stages one after the other where their units differ.
func (e entry) limits() []calendar.Limit {
	stages := []Limit{*e.TimeLimit.Total}
	if e.TimeLimit.Total.Unit == "mixed" {
		stages = e.TimeLimit.Stages
	}
	var limits []calendar.Limit
	for _, s := range stages {
		limits = append(limits, calendar.Limit{Value: s.Value, Unit: calendar.Unit(s.Unit)})
	}
	return limits
}

// limit writes the total in words; stages of different units are not added up but listed.
func (e entry) limit(words func(Limit) string) string {
	if e.TimeLimit.Total.Unit != "mixed" {
		return words(*e.TimeLimit.Total)
	}
	var parts []string
	for _, stage := range e.TimeLimit.Stages {
		parts = append(parts, words(stage))
	}
	return strings.Join(parts, " + ")
}

func wordsVI(l Limit) string {
	unit := map[string]string{"working_day": "ngày làm việc", "calendar_day": "ngày", "hour": "giờ", "month": "tháng"}[l.Unit]
	return fmt.Sprintf("%d\u00a0%s", l.Value, unit) // a no-break space: "20 ngày" never wraps
}

func wordsEN(l Limit) string {
	unit := map[string]string{"working_day": "working day", "calendar_day": "day", "hour": "hour", "month": "month"}[l.Unit]
	if l.Value != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", l.Value, unit)
}

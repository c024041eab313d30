package handlers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/projections"
)

// bulkFilters are the conditions by which dossiers are chosen for a batch.
var bulkFilters = map[string]func(*projections.Filter, string){
	"status":    func(f *projections.Filter, v string) { f.Status = append(f.Status, dossier.Status(v)) },
	"procedure": func(f *projections.Filter, v string) { f.Procedure = v },
	"channel":   func(f *projections.Filter, v string) { f.Channel = dossier.Channel(v) },
	"unit":      func(f *projections.Filter, v string) { f.Unit = v },
	"officer":   func(f *projections.Filter, v string) { f.Officer = v },
	"applicant": func(f *projections.Filter, v string) { f.Applicant = v },
	"outcome":   func(f *projections.Filter, v string) { f.Outcome = dossier.Outcome(v) },
	"query":     func(f *projections.Filter, v string) { f.Query = v },
}

// BulkFilters lists the conditions by which dossiers are chosen.
func BulkFilters() []string { return slices.Sorted(maps.Keys(bulkFilters)) }

// BulkFilter adds one condition. A condition there is not, and a status there is not, would choose other dossiers than were meant.
func BulkFilter(f *projections.Filter, name, value string) error {
	set, known := bulkFilters[name]
	if !known || value == "" {
		list := strings.Join(BulkFilters(), ", ")
		return &domain.Invalid{Code: "unknown_filter", Field: "filter." + name,
			VI: fmt.Sprintf("Không có điều kiện “%.60s”, hoặc điều kiện để trống; nhận: %s", name, list),
			EN: fmt.Sprintf("There is no condition “%.60s”, or it is empty; known are: %s", name, list)}
	}
	if name == "status" && !slices.Contains(dossier.Statuses(), dossier.Status(value)) {
		return &domain.Invalid{Code: "not_in_list", Field: "filter.status",
			VI: fmt.Sprintf("Không có trạng thái “%.60s”", value), EN: fmt.Sprintf("There is no status “%.60s”", value)}
	}
	set(f, value)
	return nil
}

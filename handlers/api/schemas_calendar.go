package api

import (
	"encoding/json"
	"maps"
	"slices"

	"dossier/domain/calendar"
)

// object is a JSON Schema with all members required but those named.
func object(members map[string]any, optional ...string) map[string]any {
	required := []string{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(optional, name) {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": members, "required": required, "additionalProperties": false}
}

func listOf(items any) map[string]any { return map[string]any{"type": "array", "items": items} }

func enum[T ~string](values ...T) map[string]any {
	return map[string]any{"type": "string", "enum": values}
}

// calendarSchemas are the contracts of the events of calendars.
func calendarSchemas() map[string][]byte {
	code := map[string]any{"type": "string", "pattern": `^[a-z0-9][a-z0-9._:-]{0,63}$`}
	date := map[string]any{"type": "string", "format": "date"}
	clock := map[string]any{"type": "string", "pattern": `^([01][0-9]|2[0-4]):[0-5][0-9]$`}
	day := object(map[string]any{
		"date": date, "name": code,
		"kind":      enum(calendar.Holiday, calendar.CompensatoryOff, calendar.SwappedOff, calendar.MakeUpWorking),
		"certainty": enum(calendar.FromText, calendar.FromSecondary, calendar.FromMemory),
	})
	week := listOf(map[string]any{"anyOf": []any{map[string]any{"type": "null"}, listOf(object(map[string]any{"from": clock, "to": clock}))}})
	week["minItems"], week["maxItems"] = 7, 7
	all := map[string][]byte{}
	for _, s := range []struct {
		event       calendar.Event
		description string
		schema      map[string]any
	}{
		{calendar.Opened{}, "Calendar opened / Đã mở lịch làm việc", object(map[string]any{"code": code, "zone": map[string]any{"type": "string"}})},
		{calendar.HoursSet{}, "Working hours set, Sunday first / Đã đặt giờ làm việc, bắt đầu từ Chủ nhật",
			object(map[string]any{"agency": code, "from": date, "week": week, "basis": code}, "agency")},
		{calendar.YearPublished{}, "Year published / Đã công bố lịch của năm",
			object(map[string]any{"year": map[string]any{"type": "integer"}, "status": enum(calendar.Official, calendar.Provisional), "basis": code, "days": listOf(day)})},
	} {
		name := calendar.TypeName(s.event)
		s.schema["$schema"], s.schema["$id"] = "https://json-schema.org/draft/2020-12/schema", "/schemas/"+name
		s.schema["title"], s.schema["description"] = name, s.description
		all[name], _ = json.MarshalIndent(s.schema, "", "  ") // of plain values: cannot fail
	}
	return all
}

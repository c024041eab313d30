package api

import (
	"encoding/json"

	"dossier/domain/access"
)

// accessSchemas are the contracts of the entries of the access journal.
func accessSchemas() map[string][]byte {
	code := map[string]any{"type": "string", "pattern": `^[a-z0-9][a-z0-9._:-]{0,63}$`}
	all := map[string][]byte{}
	for _, s := range []struct {
		event       access.Event
		description string
		schema      map[string]any
	}{
		{access.CommandRefused{}, "Command refused / Lệnh bị từ chối", object(map[string]any{
			"command": code, "dossier": map[string]any{"type": "string", "format": "uuid"}, "rule": code,
			"basis": map[string]any{"type": "string", "pattern": access.BasisPattern},
		}, "dossier", "basis")},
		{access.FileRead{}, "File read / Đã xem tệp", object(map[string]any{
			"dossier": map[string]any{"type": "string", "format": "uuid"}, "file": map[string]any{"type": "string", "format": "uuid"},
		})},
		{access.FilesListed{}, "Names of files shown / Đã xem danh sách tệp", object(map[string]any{
			"dossier": map[string]any{"type": "string", "format": "uuid"},
		})},
		{access.DossierOpened{}, "Dossier opened / Đã mở hồ sơ", object(map[string]any{
			"dossier": map[string]any{"type": "string", "format": "uuid"},
		})},
		{access.EntriesMissed{}, "Entries missed / Có mục không ghi được", object(map[string]any{
			"count": map[string]any{"type": "integer", "minimum": 1}, "since": map[string]any{"type": "string", "format": "date-time"},
		})},
	} {
		name := access.TypeName(s.event)
		s.schema["$schema"], s.schema["$id"] = "https://json-schema.org/draft/2020-12/schema", "/schemas/"+name
		s.schema["title"], s.schema["description"] = name, s.description
		all[name], _ = json.MarshalIndent(s.schema, "", "  ") // of plain values: cannot fail
	}
	return all
}

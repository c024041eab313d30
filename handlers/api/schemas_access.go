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
		{access.DossiersListed{}, "Dossiers shown as rows of a list / Đã xem hồ sơ trong danh sách", object(map[string]any{
			"dossiers": map[string]any{"type": "array", "minItems": 1, "maxItems": access.MostListed, "items": map[string]any{"type": "string", "format": "uuid"}},
		})},
		{access.KeyMade{}, "API key made / Đã cấp khóa API", object(map[string]any{
			"key": code, "as": code, "until": map[string]any{"type": "string", "format": "date-time"},
		})},
		{access.KeyConfirmed{}, "API key confirmed by another / Người khác đã xác nhận khóa API", object(map[string]any{"key": code})},
		{access.KeyRevoked{}, "API key revoked / Đã thu hồi khóa API", object(map[string]any{"key": code})},
		{access.KeyRefused{}, "API key refused / Khóa API bị từ chối", object(map[string]any{"key": code, "rule": code})},
		{access.SessionOpened{}, "Signed in / Đã đăng nhập", object(map[string]any{"level": code}, "level")},
		{access.SessionsEnded{}, "Sessions of an account ended by another / Phiên bị người khác kết thúc", object(map[string]any{
			"of": code, "count": map[string]any{"type": "integer", "minimum": 0},
		})},
		{access.SubjectLinked{}, "Subject of the issuer became an account / Đã gắn danh tính với tài khoản", object(map[string]any{"to": code}, "to")},
		{access.SubjectConfirmed{}, "Link confirmed by another / Người khác đã xác nhận việc gắn danh tính", object(map[string]any{"to": code})},
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

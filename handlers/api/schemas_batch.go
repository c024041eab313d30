package api

import (
	"encoding/json"

	"dossier/domain/batch"
)

// batchSchemas are the contracts of the events of batches and of the lists of their items.
func batchSchemas() map[string][]byte {
	code := map[string]any{"type": "string", "pattern": `^[a-z0-9][a-z0-9._:-]{0,63}$`}
	number := map[string]any{"type": "integer", "minimum": 0}
	counts := map[string]any{"type": "object", "additionalProperties": number}
	groups := listOf(object(map[string]any{
		"outcome": enum(batch.Outcomes()...), "code": code, "basis": map[string]any{"type": "string"}, "items": listOf(number),
	}, "code", "basis"))
	progress := func() map[string]any {
		return object(map[string]any{"from": number, "to": number, "otherwise": groups}, "otherwise")
	}
	item := map[string]any{"type": "string", "pattern": `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@[1-9][0-9]*$`}
	all := map[string][]byte{}
	for _, s := range []struct {
		event       batch.Event
		description string
		schema      map[string]any
	}{
		{batch.Planned{}, "Batch planned / Đã lập lô", object(map[string]any{
			"command": code, "arguments": map[string]any{"type": "object"}, "any_version": map[string]any{"type": "boolean"}, "total": number,
			"list": map[string]any{"type": "string", "pattern": "^[0-9a-f]{64}$"},
		}, "any_version")},
		{batch.Listed{}, "Items of a batch listed / Đã ghi danh sách của lô", object(map[string]any{"items": listOf(item)})},
		{batch.Started{}, "Batch started / Đã cho lô chạy", object(map[string]any{"stop_after": number}, "stop_after")},
		{batch.Progressed{}, "Items tried: done, but for those listed / Đã xử lý các hồ sơ, trừ những hồ sơ nêu riêng", progress()},
		{batch.Halted{}, "Batch halted by refusals / Lô dừng vì bị từ chối", object(map[string]any{"refusals": number})},
		{batch.Finished{}, "Batch finished / Lô đã xong", object(map[string]any{"counts": counts})},
		{batch.UndoStarted{}, "Taking back begun / Bắt đầu thu hồi lô", object(map[string]any{"reason": code, "seen": listOf(code), "until": number}, "seen")},
		{batch.Undone{}, "Items taken back, but for those listed / Đã thu hồi các hồ sơ, trừ những hồ sơ nêu riêng", progress()},
		{batch.Compensated{}, "Batch taken back / Đã thu hồi lô", object(map[string]any{"counts": counts})},
	} {
		name := batch.TypeName(s.event)
		s.schema["$schema"], s.schema["$id"] = "https://json-schema.org/draft/2020-12/schema", "/schemas/"+name
		s.schema["title"], s.schema["description"] = name, s.description
		all[name], _ = json.MarshalIndent(s.schema, "", "  ") // of plain values: cannot fail
	}
	return all
}

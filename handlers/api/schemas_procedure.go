package api

import (
	"encoding/json"

	"dossier/domain/procedure"
)

// procedureSchemas are the contracts of the events of procedures, switches and the list of all.
func procedureSchemas() map[string][]byte {
	descriptions := map[string]string{
		"procedure.published.v1": "A version of a procedure published / Đã công bố một phiên bản của thủ tục",
		"procedure.withdrawn.v1": "Procedure withdrawn / Đã bãi bỏ thủ tục",
		"switch.opened.v1":       "Filing opened at a unit / Đã mở nhận hồ sơ tại đơn vị",
		"switch.closed.v1":       "Filing closed at a unit / Đã đóng nhận hồ sơ tại đơn vị",
		"catalogue.listed.v1":    "Entered in the list of procedures and switches / Đã ghi vào danh mục",
	}
	all := map[string][]byte{}
	for name, schema := range procedure.EventSchemas() {
		schema["description"] = descriptions[name]
		all[name], _ = json.MarshalIndent(schema, "", "  ") // of plain values: cannot fail
	}
	return all
}

package dossier

import (
	"encoding/json"
	"fmt"
)

// upcasters leads from each old version to the next one. It is the only place that knows old shapes.
var upcasters = map[string]map[int]func(members map[string]json.RawMessage){
	"dossier.submitted": {
		// Version 1 did not say under which version of the procedure the dossier was filed. When it was written, each
		// procedure had one version only.
		1: func(members map[string]json.RawMessage) { members["procedure_version"] = json.RawMessage("1") },
	},
	"dossier.result-signed": {
		// Version 1 knew wet ink only; of what was imported nobody said how it had been signed.
		1: func(members map[string]json.RawMessage) {
			members["means"] = json.RawMessage(`"paper"`)
			if _, imported := members["source"]; imported {
				members["means"] = json.RawMessage(`"unknown"`)
			}
		},
	},
}

// upcast brings stored data to the newest version of their kind, one version at a time.
func upcast(typ string, version int, data []byte) ([]byte, error) {
	if version == kinds[typ].version {
		return data, nil
	}
	if bad := wellFormed(data); bad != nil {
		return nil, fmt.Errorf("read members: %v", bad)
	}
	members := map[string]json.RawMessage{}
	twice := ""
	each(data, func(name, raw []byte) bool {
		if _, given := members[string(name)]; given {
			twice = string(name)
		}
		members[string(name)] = raw
		return twice == ""
	})
	if twice != "" {
		return nil, fmt.Errorf("read members: %v", duplicate(twice))
	}
	for v := version; v < kinds[typ].version; v++ {
		step, known := upcasters[typ][v]
		if !known {
			return nil, fmt.Errorf("no way from version %d to %d", v, v+1)
		}
		step(members)
	}
	return json.Marshal(members)
}

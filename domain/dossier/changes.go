package dossier

// A Change is one thing that an event made different, for the audit trail. Kind says which list its values belong to, so that
// Label finds their words; "" for codes, times and numbers, shown as they are.
type Change struct {
	Field string `json:"field"`
	Kind  string `json:"kind,omitempty"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Changes lists what differs between two states of one dossier, in the order of the state's fields.
func Changes(before, after State) []Change { return nil }

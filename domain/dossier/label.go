package dossier

// Label gives the words for a code. Kinds: status, outcome, event, command, role, channel, refusal_reason,
// supplement_reason, late_reason, verdict, proposal, stage, recipient, stop_reason, deadline_source, irregular, origin, field,
// basis. Languages: vi, en. A code of an open list (units, accounts) comes back as it is.
func Label(kind, code, lang string) string { return code }

// Words is what people read as the status of this dossier: the outcome is part of it.
func (s State) Words(lang string) string { return Label("status", string(s.Status), lang) }

// Tone says whose turn it is: authority, applicant, decision, good, negative or ended.
func (s State) Tone() string { return "" }

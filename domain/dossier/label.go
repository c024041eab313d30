package dossier

import (
	"regexp"
	"strings"
)

// Label gives the words for a code. Kinds: status, outcome, event, command, role, channel, refusal_reason,
// supplement_reason, late_reason, late, verdict, proposal, stage, recipient, stop_reason, deadline_source, irregular, origin,
// tone, field, basis. Languages: vi, en (anything else reads vi). A code of an open list (units, accounts, items) comes back as it is.
func Label(kind, code, lang string) string {
	switch kind {
	case "basis":
		return citation(code, lang)
	case "withdrawn":
		return Correction{Withdraws: strings.Split(code, ", ")}.Words(lang)
	case "field":
		return fieldLabel(code, lang)
	}
	return wordFor(kind, code, lang)
}

func wordFor(kind, code, lang string) string {
	w, known := words[kind][code]
	if !known {
		w, known = lifeWords[kind][code]
	}
	switch {
	case !known:
		return code
	case lang == "en":
		return w.en
	}
	return w.vi
}

// Words is what people read as the status of this dossier; how it ended is part of it.
func (s State) Words(lang string) string {
	if s.Status == Resolved && s.Outcome != "" {
		return Label("status", "resolved:"+string(s.Outcome), lang)
	}
	return Label("status", string(s.Status), lang)
}

// Tone says whose turn it is, for colour and icon: authority, applicant, decision, good, negative or ended.
func (s State) Tone() string {
	switch s.Status {
	case SupplementAtReception, SupplementRequestedStatus, AwaitingPayment:
		return "applicant"
	case Stopped:
		return "ended"
	case PendingApproval, Approved:
		return "decision"
	case ReceptionRefusedStatus:
		return "negative"
	case Resolved:
		return s.Outcome.tone()
	case None, Returned, Disposed:
		return "ended"
	}
	return "authority"
}

func (o Outcome) tone() string {
	switch o {
	case Granted, Published:
		return "good"
	case Refused:
		return "negative"
	}
	return "ended"
}

// numbered matches the fields of the nth opinion, work, payment …
var numbered = regexp.MustCompile(`^([a-z]+)_(\d+)_(\w+)$`)

// fieldLabel gives the words for a field of a Change.
func fieldLabel(field, lang string) string {
	if m := numbered.FindStringSubmatch(field); m != nil {
		return strings.ReplaceAll(wordFor("field", m[1]+"_n_"+m[3], lang), "{n}", m[2])
	}
	return wordFor("field", field, lang)
}

var (
	basisCode = regexp.MustCompile(`^([a-z]+)-([0-9a-z-]+?)-(\d{4})(?:\.(\d[0-9a-z.]*))?$`)
	english   = strings.NewReplacer("NĐ ", "Decree ", "TT ", "Circular ", "Luật ", "Law ", "Điều ", "Art. ", " và ", " and ")
)

// citation writes an article of law for reading: "nd-118-2025.17.1" is NĐ 118/2025, Điều 17.1. A citation already written
// in Vietnamese is translated.
func citation(basis, lang string) string {
	m := basisCode.FindStringSubmatch(basis)
	if m == nil && lang == "en" {
		return english.Replace(basis)
	}
	if m == nil {
		return basis
	}
	text := wordFor("act", m[1], lang) + " " + m[2] + "/" + m[3]
	switch {
	case m[4] == "":
		return text
	case lang == "en":
		return text + ", Art. " + m[4]
	}
	return text + ", Điều " + m[4]
}

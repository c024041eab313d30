package handlers_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/google/uuid"
)

func TestWhatCannotBeDoneSaysWhy(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, nothing := d.submitted(), uuid.New()
	nine, soon := int64(9), time.Now().Add(time.Hour)
	file := func(procedure dossier.Code) dossier.SubmitDossier {
		return dossier.SubmitDossier{Procedure: procedure, Channel: dossier.Online, Applicant: "applicant-1"}
	}
	tests := []struct {
		name, account string
		to            uuid.UUID
		command       dossier.Command
		envelope      handlers.Envelope
		code          string
		http          int
	}{
		{"a stream that does not exist", "reception", nothing, dossier.AcceptDossier{}, d.envelope(""), "not_found", 404},
		{"a stream that does not exist, at a version", "reception", nothing, dossier.AcceptDossier{}, handlers.Envelope{Key: "k", Expected: &nine}, "not_found", 404},
		{"a version that is still to come", "reception", id, dossier.AcceptDossier{}, handlers.Envelope{Key: "k", Expected: &nine}, "stale", 412},
		{"wrong state", "head", id, dossier.AssignOfficer{Officer: "officer-1"}, d.envelope(""), "wrong_state", 409},
		{"another applicant's dossier", "applicant-2", id, dossier.SubmitSupplement{}, d.envelope(""), "not_allowed", 403},
		{"a wrong role", "auditor", id, dossier.AcceptDossier{}, d.envelope(""), "not_allowed", 403},
		{"filing for somebody else", "applicant-2", id, filing, d.envelope(""), "not_allowed", 403},
		{"an unknown procedure", "applicant-1", id, file("no-such"), d.envelope(""), "unknown_procedure", 422},
		{"a procedure that is not open", "applicant-1", id, file(closedProcedure(t)), d.envelope(""), "not_open_for_filing", 409},
		{"a key with spaces", "reception", id, dossier.AcceptDossier{}, handlers.Envelope{Key: "a b"}, "malformed_key", 400},
		{"no key", "reception", id, dossier.AcceptDossier{}, handlers.Envelope{}, "malformed_key", 400},
		{"a time in the future", "reception", id, dossier.AcceptDossier{}, handlers.Envelope{Key: "k", OccurredAt: &soon}, "in_future", 409},
		{"a late reason there is not", "reception", id, dossier.AcceptDossier{}, handlers.Envelope{Key: "k", LateReason: "lazy"}, "not_in_list", 422},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var err error
			if submit, ok := test.command.(dossier.SubmitDossier); ok {
				_, err = d.Submit(t.Context(), d.as(test.account), test.envelope, submit)
			} else {
				_, err = d.Do(t.Context(), d.as(test.account), test.to, test.envelope, test.command)
			}
			if status, p := handlers.Problem(err); status != test.http || p.Code != test.code {
				t.Errorf("%v: %d %s, want %d %s", err, status, p.Code, test.http, test.code)
			}
		})
	}
	if facts, err := d.Facts(t.Context(), id); err != nil || len(facts) != 1 {
		t.Errorf("refused acts left %d facts, %v", len(facts), err)
	}
}

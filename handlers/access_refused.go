package handlers

import (
	"context"
	"errors"
	"slices"

	"dossier/domain"
	"dossier/domain/access"

	"github.com/google/uuid"
)

// The names under which commands on rules are recorded.
const (
	publishCalendar   = "publish-calendar"
	publishProcedure  = "publish-procedure"
	withdrawProcedure = "withdraw-procedure"
	turnSwitch        = "turn-switch"
	applyOrganisation = "apply-organisation"
	resetSandbox      = "reset-sandbox"
	readWords         = "read-words"
	readPerson        = "read-person"
	registerPerson    = "register-person"
	correctPerson     = "correct-person"
	erasePerson       = "erase-person"
	readDossier       = "read-dossier"
	grantMandate      = "grant-mandate"
	endMandate        = "end-mandate"
	askPerson         = "ask-about-data"
	answerPerson      = "answer-about-data"
	extendRequest     = "extend-about-data"
	finishRequest     = "finish-about-data"
	readSignatures    = "read-signatures"
)

// moneyActs are the names under which acts on money are recorded.
var moneyActs = []string{"till-open", "till-take", "till-give-back", "till-close", "till-transfer", "receipt-book-issue", "receipt-book-hand", "receipt-void",
	"payment-order", "payment-refund", "payment-order-cancel", "money-settle", "money-explain"}

// recordable says whether a name is one of ours: it may come from the address of a request.
func recordable(command string) bool {
	switch command {
	case publishCalendar, publishProcedure, withdrawProcedure, turnSwitch, applyOrganisation, runBatch, undoBatch, readWords, readPerson, registerPerson, correctPerson, erasePerson, readDossier, grantMandate, endMandate, askPerson, answerPerson, extendRequest, finishRequest, readSignatures:
		return true
	}
	_, known := actors[command]
	return known || slices.Contains(moneyActs, command)
}

// Refused records that a command was refused, if it was: what is not found, not understood or meant for another version is none, for no rule
// decided it. It returns the error as it came. Callers nobody knows are counted only (dossier_commands_total). Whoever refuses a command before
// it comes to the executor calls it; the executor does for itself.
func (x *Executor) Refused(ctx context.Context, a domain.Actor, e Envelope, command string, id uuid.UUID, err error) error {
	var r *domain.Refusal
	var hidden elsewhere
	if errors.As(err, &hidden) {
		r = hidden.refusal()
	}
	if x.o.Access == nil || a.Account == "" || r == nil && !errors.As(err, &r) || !recordable(command) {
		return err
	}
	_ = x.o.Access.Record(ctx, Accessor{a, x.o.Origin, e.Traceparent}, access.Refused(command, id, r)) // said by Check: the answer stays what it is
	return err
}

// Access is where this executor records refusals; nil: nowhere.
func (x *Executor) Access() *AccessLog { return x.o.Access }

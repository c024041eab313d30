package dossier_test

import (
	"fmt"
	"slices"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
)

// usual is one act for each command that is legal in the state given, as far as its content goes.
func usual(command string, from dossier.Status) act {
	switch {
	case command == "RequestSupplement" && from == dossier.Submitted:
		return askAtDesk
	case command == "RequestOpinion" && from == dossier.Verifying:
		return by(officer, dossier.RequestOpinion{Unit: "phong-moi-truong", Due: askOpinion.what.(dossier.RequestOpinion).Due})
	case command == "AssignOfficer" && from != dossier.Forwarded:
		return by(head, dossier.AssignOfficer{Officer: "colleague"})
	case command == "UndoAct":
		return undo(from)
	}
	return map[string]act{
		"CheckComponent": checkPart, "AdjustSubmission": adjust, "TransferDossier": passOn, "ReceiveTransfer": takeOver, "RefuseTransfer": sendBack,
		"BeginWork": test, "FinishWork": finish, "ReportRemediation": mended, "RequestPayment": charge, "ConfirmPayment": pay, "CancelPayment": unpay,
		"RefundPayment": refund, "ExpirePayment": unpaid, "Endorse": endorse, "DelegateDecision": delegate, "DecideBySilence": silent, "NumberResult": number,
		"PublishNotification": publish, "ResolveAtOnce": atOnce, "ChooseDelivery": byPost, "SendResult": post, "FailDelivery": cameBack,
		"ApologiseForDelay": sorry, "UrgeUnit": urge, "ReportError": findError, "CorrectResult": putRight, "ReplaceResult": replace, "RevokeResult": revoke,
		"RateService": rate, "LinkDossier": link, "OpenComplaint": complain, "CloseComplaint": upheld, "SendMessage": askByNote, "AnswerMessage": answer,
		"AddNote": jot, "AttachFile": attach, "SignFile": signFile, "HandOverRecord": archive, "AnnounceDisposal": announce, "DisposeRecord": dispose,
		"SubmitDossier": submit, "AcceptDossier": accept, "RefuseReception": refuse, "RequestSupplement": askInCase,
		"SubmitSupplement": supply, "AcceptSupplement": takeIn, "ForwardDossier": forward, "AssignOfficer": assign,
		"StartAppraisal": start, "RequestOpinion": askOpinion, "RecordOpinion": opinion, "SubmitForApproval": propose,
		"Approve": approve, "SignResult": sign, "IssueResult": issue, "ReturnResult": handOver, "RecordStep": note,
		"ExpireSupplement": expire, "ReturnForRework": rework, "ProposeExtension": askLonger, "ApproveExtension": grantMore,
		"RequestWithdrawal": withdraw, "AcceptWithdrawal": letGo, "RejectWithdrawal": keep, "StopDossier": stop, "MoveToVersion": moveOn,
		"RecomputeDeadline": recount, "FireTimer": fire, "RecordPortalStatus": portal, "RecountComplaint": recountComplaint, "RecordDeadline": takeDue, "RecordOutcome": takeEnd,
	}[command]
}

// gives says whether these events are the row's: its own, in order, and of those that may come with them.
func gives(row dossier.Transition, events []dossier.Event) bool {
	own := slices.DeleteFunc(types(events), func(e string) bool { return slices.Contains(row.Maybe, e) })
	return slices.Equal(own, row.Events)
}

// ready brings a dossier to a state in which nothing but the state itself could stand against the command.
func ready(t *testing.T, command string, from dossier.Status) *life {
	switch command {
	case "DisposeRecord":
		return in(t, from).then(t, announce)
	case "FinishWork":
		return in(t, dossier.Appraising).then(t, test)
	case "ReportRemediation":
		return in(t, dossier.Appraising).then(t, inspect, mend)
	case "ReceiveTransfer", "RefuseTransfer":
		return given(t, slices.Insert(slices.Clone(paths[from]), 1, passBeside)...)
	case "RefundPayment":
		return given(t, slices.Insert(slices.Clone(paths[from]), 1, charge, pay)...)
	case "ConfirmPayment", "CancelPayment":
		if from == dossier.AwaitingPayment {
			break
		}
		path := slices.Insert(slices.Clone(paths[from]), 1, charge)
		if len(path) > 2 && path[2].what.Name() == "AcceptDossier" {
			path[2] = by(importer, accept.what) // a fee at reception holds officers back, not history
		}
		return given(t, path...)
	}
	l := in(t, from)
	switch command {
	case "AcceptSupplement":
		l.then(t, supply)
	case "NumberResult":
		l.then(t, sign)
	case "SignFile":
		l.then(t, attach)
	case "IssueResult":
		l.then(t, sign, number)
	case "FailDelivery":
		l.then(t, post)
	case "CorrectResult":
		l.then(t, findError)
	case "CloseComplaint", "RecountComplaint":
		l.then(t, complain)
	case "AnswerMessage", "FireTimer":
		l.then(t, askByNote)
	case "ApproveExtension":
		l.then(t, askLonger)
	}
	return l
}

func TestEveryRowOfTheTableGivesItsEventsAndLeadsToItsTarget(t *testing.T) {
	for _, row := range dossier.Table() {
		for _, from := range row.From {
			t.Run(fmt.Sprintf("in %q %s gives %v", from, row.Command, row.Events), func(t *testing.T) {
				l := ready(t, row.Command, from)
				before := l.state
				a := usual(row.Command, from)
				if row.Origin == domain.Imported {
					a.who, a.how = importer, both(a.how, imported)
				}
				events, err := l.do(a)
				if err != nil {
					t.Fatal(err)
				}
				if !gives(row, events) {
					t.Errorf("events %v, the table says %v", types(events), row.Events)
				}
				want := row.To
				switch row.To {
				case dossier.Same:
					want = before.Status
				case dossier.Back:
					if want = before.BackTo; before.StoodAt != "" {
						want = before.StoodAt
					}
				}
				if l.state.Status != want {
					t.Errorf("status %q, the table says %q", l.state.Status, want)
				}
			})
		}
	}
}

func TestEverySquareOutsideTheTableIsRefusedAndSaysWhatWouldBeAllowed(t *testing.T) {
	for _, c := range dossier.Cells() {
		if c.Refusal == "" {
			continue
		}
		l := in(t, c.From)
		a := usual(commandOf(c.Command), c.From)
		if a.who == importer {
			continue // an import's own refusals are told below
		}
		a.who = stranger(a.who) // whoever repeats his own act gets nothing instead of a refusal
		_, err := l.ask(a)
		if got := refusal(err); got != c.Refusal && !repeats(got, c) {
			t.Errorf("in %q %s by a stranger: %q (%v), the table says %q", c.From, c.Command, got, err, c.Refusal)
		}
	}
}

// repeats allows for the wishes that are true whoever asks.
func repeats(got string, c dossier.Cell) bool {
	return got == "" && slices.Contains([]string{"assign-officer", "submit-supplement", "record-opinion", "request-supplement", "request-opinion", "request-payment"}, c.Command)
}

func stranger(a domain.Actor) domain.Actor { a.Account += "-2"; return a }

func commandOf(kebab string) string {
	for _, row := range dossier.Table() {
		if dossier.Kebab(row.Command) == kebab {
			return row.Command
		}
	}
	return ""
}

func TestOnlyTheRolesOfTheRowMayMakeTheMove(t *testing.T) {
	for _, row := range dossier.Table() {
		for _, role := range domain.Roles() {
			if slices.Contains(row.Actors, role) {
				continue
			}
			a := usual(row.Command, row.From[0])
			a.who = domain.Actor{Account: "somebody", Role: role}
			a.how = both(a.how, func(x *dossier.Context) { x.Origin = row.Origin })
			_, err := ready(t, row.Command, row.From[0]).ask(a)
			if got := refusal(err); got != "not_allowed" {
				t.Errorf("%s by %s in %q: %q, want not_allowed", row.Command, role, row.From[0], got)
			}
		}
	}
}

// both gives the context first to one, then to the other.
func both(one, other func(*dossier.Context)) func(*dossier.Context) {
	return func(x *dossier.Context) {
		if one != nil {
			one(x)
		}
		other(x)
	}
}

func TestTheMachineMayDoAnythingWhenItImportsAndElseOnlyItsOwnActs(t *testing.T) {
	for _, row := range dossier.Table() {
		a := usual(row.Command, row.From[0])
		usually := a.how
		a.who, a.how = importer, both(usually, imported)
		if _, err := ready(t, row.Command, row.From[0]).ask(a); err != nil {
			t.Errorf("import of %s in %q: %v", row.Command, row.From[0], err)
		}
		if slices.Contains(row.Actors, domain.System) {
			continue
		}
		a.how = func(x *dossier.Context) { x.Origin = domain.Live }
		_, err := ready(t, row.Command, row.From[0]).ask(a)
		if got := refusal(err); got != "not_allowed" && got != "import_only" && got != "wrong_state" && got != "after_end" {
			t.Errorf("live %s by the machine in %q: %q", row.Command, row.From[0], got)
		}
	}
}

func TestAllowedListsWhatTheStateTheRoleAndTheGuardsAdmit(t *testing.T) {
	for _, c := range []struct {
		name string
		life *life
		role domain.Role
		want []string
	}{
		{"before anything, the applicant may submit", in(t, dossier.None), domain.Applicant, []string{"submit"}},
		{"the one-stop unit may accept, refuse or ask for a supplement", in(t, dossier.Submitted), domain.ReceptionOfficer, []string{"accept", "refuse-reception", "request-supplement", "request-withdrawal"}},
		{"after the one supplement it may no longer ask", in(t, dossier.SupplementAtReception).then(t, supply), domain.ReceptionOfficer, []string{"accept", "refuse-reception", "request-withdrawal"}},
		{"the case officer has five ways on", in(t, dossier.Appraising), domain.CaseOfficer, []string{"request-supplement", "request-opinion", "submit-for-approval", "propose-extension", "record-step"}},
		{"nothing can be numbered before it is signed", in(t, dossier.Approved), domain.Clerk, []string{"record-step"}},
		{"signed, it can be numbered", in(t, dossier.Approved).then(t, sign), domain.Clerk, []string{"number", "record-step"}},
		{"numbered, it can be issued", in(t, dossier.Approved).then(t, sign, number), domain.Clerk, []string{"issue", "record-step"}},
		{"a resolved dossier is only handed over", in(t, dossier.Resolved), domain.ReturnOfficer, []string{"return"}},
		{"a returned dossier rests", in(t, dossier.Returned), domain.ReturnOfficer, nil},
		{"the machine has no live act", in(t, dossier.Submitted), domain.System, nil},
	} {
		if got := onTheUsualWay(dossier.Allowed(c.life.state, c.role)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// onTheUsualWay leaves out what may be done at nearly any time.
func onTheUsualWay(names []string) []string {
	var usual []string
	for _, name := range names {
		switch name {
		case "check-component", "attach-file", "sign-file", "transfer", "receive-transfer", "refuse-transfer", "request-payment", "confirm-payment", "cancel-payment", "refund-payment", "choose-delivery",
			"undo-act", "report-error", "rate-service", "link", "open-complaint", "close-complaint", "send-message", "answer-message", "add-note", "adjust-submission", "apologise-for-delay",
			"begin-work", "resolve-at-once", "publish-notification", "send":
		default:
			usual = append(usual, name)
		}
	}
	return usual
}

func TestAnOfferThatAGuardForbidsIsShownWithItsReason(t *testing.T) {
	offers := slices.DeleteFunc(dossier.Offers(in(t, dossier.PendingApproval).state, appraiserIn), func(o dossier.Offer) bool { return o.Command != "approve" })
	if len(offers) != 1 || offers[0].Command != "approve" || offers[0].Refusal == nil || offers[0].Refusal.Code != "appraiser_decides" {
		t.Errorf("offers %+v, want approve, refused because the same account appraised", offers)
	}
}

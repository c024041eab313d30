package dossier_test

import (
	"errors"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// One dossier, from the counter to the result: each command gives facts, and the facts folded are the state.
func Example() {
	rules, _ := procedure.Lookup("vet-practice-cert-renew")
	now := time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC)
	var state dossier.State

	act := func(account string, role domain.Role, c dossier.Command) {
		x := dossier.Context{Now: now, Actor: domain.Actor{Account: account, Role: role}, Procedure: &rules}
		events, err := dossier.Decide(state, c, x)
		if err != nil {
			fmt.Println("refused:", err)
			return
		}
		for _, e := range events {
			state = dossier.Evolve(state, dossier.Fact{
				Version: state.Version + 1, Event: e, OccurredAt: x.When(state), Meta: domain.Meta{Actor: account, ActorRole: role},
			})
			fmt.Printf("%2d %-30s %s\n", state.Version, dossier.TypeOf(e), state.Words("en"))
		}
		now = now.Add(time.Hour)
	}

	act("quang", domain.ReceptionOfficer, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Counter, Applicant: "ref-7f3a"})
	act("quang", domain.ReceptionOfficer, dossier.AcceptDossier{})
	act("quang", domain.ReceptionOfficer, dossier.ForwardDossier{Unit: "phong-thu-y"})
	act("lan", domain.DivisionHead, dossier.AssignOfficer{Officer: "hoa"})
	act("hoa", domain.CaseOfficer, dossier.StartAppraisal{})
	act("hoa", domain.CaseOfficer, dossier.SubmitForApproval{Proposal: dossier.Grant})
	act("minh", domain.Approver, dossier.Approve{Outcome: dossier.Grant})
	act("minh", domain.Approver, dossier.SignResult{})
	act("van-thu", domain.Clerk, dossier.NumberResult{})
	act("van-thu", domain.Clerk, dossier.IssueResult{})
	act("tuyet", domain.ReturnOfficer, dossier.ReturnResult{Way: dossier.Counter})

	// Output:
	//  1 dossier.submitted              Awaiting reception
	//  2 dossier.accepted               Accepted
	//  3 dossier.forwarded              Forwarded
	//  4 dossier.officer-assigned       Assigned
	//  5 dossier.appraisal-started      Under appraisal
	//  6 dossier.submitted-for-approval Awaiting approval
	//  7 dossier.decision-approved      Approved, to be signed and numbered
	//  8 dossier.result-signed          Approved, to be signed and numbered
	//  9 dossier.result-numbered        Approved, to be signed and numbered
	// 10 dossier.result-issued          Result ready
	// 11 dossier.paper-registered       Result ready
	// 12 dossier.result-returned        Result returned
}

// A refusal says what is wrong, what would be allowed, and on which article it rests.
func ExampleDecide_refusal() {
	asked := dossier.Supplement{Stage: dossier.AtAppraisal, Closed: true, RequestedAt: time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)}
	state := dossier.State{Status: dossier.Appraising, Supplements: []dossier.Supplement{asked}}

	_, err := dossier.Decide(state,
		dossier.RequestSupplement{Items: []dossier.Code{"tp-2"}, Reason: "illegible"},
		dossier.Context{Now: time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC), Actor: domain.Actor{Account: "hoa", Role: domain.CaseOfficer}})

	var r *domain.Refusal
	errors.As(err, &r)
	fmt.Println(r.Code)
	fmt.Println(r.VI)
	fmt.Println(r.EN)
	fmt.Println(r.Basis)
	// Output:
	// second_supplement
	// Chưa gửi được: bước thẩm định đã yêu cầu bổ sung (18/11/2026), mỗi bước chỉ được một lần. Có thể làm: trình duyệt, hoặc trình từ chối.
	// Not sent: appraisal already asked (18 Nov 2026), and each stage may ask once. You can: submit for approval, or propose refusal.
	// NĐ 118/2025, Điều 19.5
}

// What is stored is a name, its version, and data without any text that a person typed.
func ExampleEncode() {
	typ, version, data, _ := dossier.Encode(dossier.ReceptionRefused{Reason: "wrong_agency", Basis: "nd-118-2025.17.1"})
	fmt.Println(typ, version, string(data))

	old, _ := dossier.Decode("dossier.submitted", 1, []byte(`{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"ref-7f3a"}`))
	fmt.Println(old.(dossier.DossierSubmitted).ProcedureVersion)
	// Output:
	// dossier.reception-refused 1 {"reason":"wrong_agency","basis":"nd-118-2025.17.1"}
	// 1
}

// A body that cannot be understood is answered with the field and with what would be accepted there.
func ExampleDecodeCommand() {
	_, err := dossier.DecodeCommand("approve", []byte(`{"outcome":"maybe"}`))
	fmt.Println(err)
	_, err = dossier.DecodeCommand("forward", []byte(`{"unit":"phong-thu-y","note":"please hurry"}`))
	fmt.Println(err)
	// Output:
	// not_in_list outcome: “outcome” is one of: grant, refuse.
	// unknown_field note: There is no field “note” here. Accepted: unit.
}

// What was true on Wednesday depends on when one asks: the answer that came on Tuesday was entered on Thursday.
func ExampleAsOf() {
	hour := func(h int) time.Time { return time.Date(2026, 11, 23, h, 0, 0, 0, time.UTC) }
	facts := []dossier.Fact{
		{Version: 1, Event: dossier.DossierSubmitted{}, OccurredAt: hour(0), RecordedAt: hour(0)},
		{Version: 2, Event: dossier.DossierAccepted{}, OccurredAt: hour(1), RecordedAt: hour(1)},
		{Version: 3, Event: dossier.OpinionRequested{Number: 1}, OccurredAt: hour(2), RecordedAt: hour(2)},
		{Version: 4, Event: dossier.OpinionReceived{Number: 1, Verdict: "agreed"}, OccurredAt: hour(24), RecordedAt: hour(72)},
	}
	wednesday := hour(48)
	fmt.Println(dossier.AsOf(facts, &wednesday, &wednesday).Status)
	fmt.Println(dossier.AsOf(facts, &wednesday, nil).Status)
	// Output:
	// verifying
	// accepted
}

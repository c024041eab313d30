package dossier_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/domain/dossier"
)

func TestACommandIsReadFromItsBody(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       dossier.Command
	}{
		{"submit", `{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"ref-1"}`, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: "ref-1"}},
		{"accept", ``, dossier.AcceptDossier{}},
		{"accept", ` {} `, dossier.AcceptDossier{}},
		{"request-supplement", `{"items":["tp-1"],"reason":"missing","window_days":null}`, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "missing"}},
		{"request-opinion", `{"unit":"u","due":"2026-11-23T14:32:00.1234567+07:00"}`, dossier.RequestOpinion{Unit: "u", Due: monday.Add(123456000)}},
		{"forward", `{"\u0075nit":"phong-th\u0075-y"}`, dossier.ForwardDossier{Unit: "phong-thu-y"}},
		{"forward", "\t{ \"unit\"\r\n:\t\"u\" }\n", dossier.ForwardDossier{Unit: "u"}},
		{"record-opinion", `{"number":12 ,"verdict":"agreed"}`, dossier.RecordOpinion{Number: 12, Verdict: "agreed"}},
		{"return", `{"way":"post","to":"representative"}`, dossier.ReturnResult{Way: dossier.Post, To: "representative"}},
	} {
		got, err := dossier.DecodeCommand(c.name, []byte(c.body))
		if err != nil {
			t.Errorf("%s %s: %v", c.name, c.body, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %s: %s", c.name, c.body, diff)
		}
	}
}

func TestABodyThatIsNotUnderstoodSaysWhichFieldAndWhatWouldBeAccepted(t *testing.T) {
	long := `"` + strings.Repeat("a", 65) + `"`
	many := `["c0"` + strings.Repeat(`,"c"`, 60) + `]`
	for _, c := range []struct{ name, command, body, code, field, accepted string }{
		{"an unknown command", "destroy", `{}`, "unknown_command", "", "request-supplement"},
		{"no object", "accept", `[]`, "malformed_json", "", "object"},
		{"half an object", "accept", `{"a":`, "malformed_json", "", "object"},
		{"something after the object", "accept", `{} {}`, "malformed_json", "", "object"},
		{"bytes that are not UTF-8", "accept", "{\"\xff\":1}", "malformed_json", "", "UTF-8"},
		{"a field nobody knows", "forward", `{"unit":"u","note":"please hurry"}`, "unknown_field", "note", "unit"},
		{"a field in another letter case", "forward", `{"Unit":"u"}`, "unknown_field", "Unit", "unit"},
		{"a field twice", "forward", `{"unit":"u","unit":"v"}`, "duplicate_field", "unit", "once"},
		{"a field twice, once in disguise", "forward", `{"unit":"u","\u0075nit":"v"}`, "duplicate_field", "unit", "once"},
		{"a field with a very long name", "forward", `{"` + strings.Repeat("x", 99) + `":{"a":["]","}"]}}`, "unknown_field", strings.Repeat("x", 40) + "…", "unit"},
		{"an object for a code", "forward", `{"unit":{"a":["]","\"}"]}}`, "wrong_type", "unit", "code"},
		{"a text for a list", "submit-supplement", `{"items":"tp-1"}`, "wrong_type", "items", "list of codes"},
		{"a number for a value of a list", "approve", `{"outcome":1}`, "wrong_type", "outcome", "grant, refuse"},
		{"a name among the items", "submit-supplement", `{"items":["tp-1","Căn cước"]}`, "bad_code", "items", "a–z"},
		{"a field missing", "forward", `{}`, "missing", "unit", "code"},
		{"a field empty", "forward", `{"unit":""}`, "missing", "unit", "code"},
		{"a field null", "forward", `{"unit":null}`, "missing", "unit", "code"},
		{"an empty list", "request-supplement", `{"items":[],"reason":"missing"}`, "missing", "items", "list"},
		{"a number for a code", "forward", `{"unit":7}`, "wrong_type", "unit", "code"},
		{"a text for a number", "record-opinion", `{"number":"1","verdict":"agreed"}`, "wrong_type", "number", "whole number"},
		{"a list for a number", "record-opinion", `{"number":["1"],"verdict":"agreed"}`, "wrong_type", "number", "whole number"},
		{"a fraction for a number", "record-opinion", `{"number":1.5,"verdict":"agreed"}`, "wrong_type", "number", "whole number"},
		{"a text for a time", "request-opinion", `{"unit":"u","due":"tomorrow"}`, "wrong_type", "due", "2026-11-23"},
		{"a value outside its list", "approve", `{"outcome":"maybe"}`, "not_in_list", "outcome", "grant, refuse"},
		{"a value of a list in another letter case", "approve", `{"outcome":"Grant"}`, "not_in_list", "outcome", "grant"},
		{"a name for a code", "assign-officer", `{"officer":"Nguyễn Thị Hòa"}`, "bad_code", "officer", "a–z"},
		{"an identity number for a code", "assign-officer", `{"officer":"001099012345"}`, "bad_code", "officer", "identity number"},
		{"a telephone number for an applicant", "submit", `{"procedure":"p","channel":"online","applicant":"091-234-5678"}`, "bad_code", "applicant", "telephone"},
		{"an e-mail address for an applicant", "submit", `{"procedure":"p","channel":"online","applicant":"a@b.vn"}`, "bad_code", "applicant", "a–z"},
		{"a code that is too long", "forward", `{"unit":` + long + `}`, "bad_code", "unit", "64"},
		{"a number out of range", "record-opinion", `{"number":-1,"verdict":"agreed"}`, "out_of_range", "number", "999"},
		{"a time before all offices", "request-opinion", `{"unit":"u","due":"1800-01-01T00:00:00Z"}`, "out_of_range", "due", "1900"},
		{"an item twice", "submit-supplement", `{"items":["tp-1","tp-1"]}`, "duplicate_item", "items", "once"},
		{"too many items", "submit-supplement", `{"items":` + many + `}`, "too_many", "items", "50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dossier.DecodeCommand(c.command, []byte(c.body))
			var bad *domain.Invalid
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want invalid", err)
			}
			if bad.Code != c.code || bad.Field != c.field || !strings.Contains(bad.EN, c.accepted) || bad.VI == "" || bad.VI == bad.EN {
				t.Errorf("%q in %q: %s / %s", bad.Code, bad.Field, bad.VI, bad.EN)
			}
		})
	}
}

func TestTheNamesOfCommandsAreThoseOfTheInterface(t *testing.T) {
	want := strings.Fields(`submit check-component attach-file sign-file accept refuse-reception request-supplement submit-supplement accept-supplement expire-supplement adjust-submission transfer
		receive-transfer refuse-transfer forward assign-officer start-appraisal request-opinion record-opinion begin-work finish-work report-remediation request-payment confirm-payment
		cancel-payment refund-payment expire-payment submit-for-approval return-for-rework endorse delegate-decision approve decide-by-silence sign number issue publish-notification
		resolve-at-once choose-delivery send fail-delivery return propose-extension approve-extension apologise-for-delay urge-unit request-withdrawal accept-withdrawal reject-withdrawal
		stop move-to-version undo-act report-error correct replace revoke rate-service link open-complaint close-complaint recount-complaint send-message answer-message add-note hand-over-record announce-disposal dispose-record record-step
		recompute-deadline fire-timer record-portal-status record-deadline record-outcome`)
	if got := dossier.CommandNames(); !slices.Equal(got, want) {
		t.Errorf("names %v", got)
	}
}

func TestTheSchemaOfACommandAndOfAnEventCanBeTold(t *testing.T) {
	for _, m := range dossier.CommandMembers("request-supplement") {
		want := map[string]dossier.Member{
			"items":  {Name: "items", Kind: dossier.TextsMember, Required: true, Pattern: "^[a-z0-9][a-z0-9._:-]{0,63}$", Most: 50},
			"reason": {Name: "reason", Kind: dossier.TextMember, Required: true, Values: dossier.Values("supplement_reason"), List: "supplement_reason"},
			"parts": {Name: "parts", Kind: dossier.ListMember, Most: 50, Members: []dossier.Member{
				{Name: "code", Kind: dossier.TextMember, Required: true, Pattern: "^[a-z0-9][a-z0-9._:-]{0,63}$"},
				{Name: "kind", Kind: dossier.TextMember, Required: true, Values: dossier.Values("part_kind"), List: "part_kind"},
				{Name: "reason", Kind: dossier.TextMember, Values: dossier.Values("supplement_reason"), List: "supplement_reason"},
				{Name: "originals", Kind: dossier.NumberMember, From: 1, To: 99}, {Name: "certified", Kind: dossier.NumberMember, From: 1, To: 99}, {Name: "copies", Kind: dossier.NumberMember, From: 1, To: 99},
			}},
			"text":        {Name: "text", Kind: dossier.WordsMember, Most: 4000},
			"window_days": {Name: "window_days", Kind: dossier.NumberMember, From: 1, To: 365},
		}[m.Name]
		if diff := cmp.Diff(want, m); diff != "" {
			t.Error(diff)
		}
	}
	for _, typ := range dossier.EventTypes() {
		version, members := dossier.EventMembers(typ)
		if version < 1 || !slices.ContainsFunc(members, func(m dossier.Member) bool { return m.Name == "source" && len(m.Members) == 4 }) {
			t.Errorf("%s version %d: %+v", typ, version, members)
		}
	}
	if _, members := dossier.EventMembers("dossier.vanished"); members != nil || dossier.CommandMembers("vanish") != nil {
		t.Error("what does not exist has members")
	}
}

func FuzzDecodeCommand(f *testing.F) {
	for _, name := range dossier.CommandNames() {
		f.Add(name, []byte(`{"procedure":"p","channel":"online","applicant":"ref-1","items":["tp-1"],"due":"2026-11-23T07:32:00Z"}`))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		c, err := dossier.DecodeCommand(name, body)
		var bad *domain.Invalid
		if err != nil && (!errors.As(err, &bad) || bad.VI == "" || bad.EN == "") {
			t.Fatalf("%s %q: %v", name, body, err)
		}
		if err != nil {
			return
		}
		again, err := dossier.DecodeCommand(name, []byte(asJSON(t, c)))
		if err != nil || !cmp.Equal(c, again) {
			t.Fatalf("%s %q reads %+v, written and read again %+v, %v", name, body, c, again, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, e := range samples {
		typ, version, data, _ := dossier.Encode(e)
		f.Add(typ, version, []byte(data))
	}
	f.Add("dossier.submitted", 1, []byte(`{"procedure":"p","channel":"post","applicant":"ref-1"}`))
	f.Fuzz(func(t *testing.T, typ string, version int, data []byte) {
		e, err := dossier.Decode(typ, version, data)
		if err != nil {
			return
		}
		typ2, newest, written, err := dossier.Encode(e)
		if err != nil || typ2 != typ {
			t.Fatalf("%s %q was read but is not written: %v", typ, data, err)
		}
		again, err := dossier.Decode(typ, newest, written)
		if err != nil || !cmp.Equal(e, again) {
			t.Fatalf("%s %q reads %+v, written and read again %+v, %v", typ, data, e, again, err)
		}
	})
}

// What is written without spaces takes a short way; a space in front takes the long one.
func TestLawABodyReadsTheSameWithASpaceBeforeIt(t *testing.T) {
	bodies := map[string]string{
		"submit":             `{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"a-4f0c2a7be1d94c52"}`,
		"request-supplement": `{"items":["tp-1","tp-2"],"reason":"missing"}`,
		"record-step":        `{"code":"desk-check","unit":"u","officer":"o","source":{"activity":"ext:a","case":"ext:c"}}`,
		"record-opinion":     `{"number":2,"verdict":"agreed","late":true}`,
		"accept":             `{}`,
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(bodies))).Draw(t, "command")
		body := []byte(bodies[name])
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(body)).Draw(t, "at")
			to := rapid.IntRange(at, min(at+3, len(body))).Draw(t, "to")
			put := rapid.SampledFrom([]string{"", " ", "{", "}", "[", "]", `"`, ":", ",", `\`, `\u0041`, "é", "\x00", "\xff", "null", "true", "0", "12", "-1", "1.5", "1e3", `12:1,`, `"channel":"online",`}).Draw(t, "put")
			body = slices.Concat(body[:at], []byte(put), body[to:])
		}
		short, bad := dossier.DecodeCommand(name, body)
		long, worse := dossier.DecodeCommand(name, slices.Concat([]byte(" "), body))
		if diff := cmp.Diff(long, short); diff != "" || fmt.Sprint(bad) != fmt.Sprint(worse) {
			t.Fatalf("%q reads %+v, %v; with a space before it %+v, %v", body, short, bad, long, worse)
		}
	})
}

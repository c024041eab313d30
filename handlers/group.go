package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// MostMembers is how many procedures one reception may take in together.
const MostMembers = 20

// Group is what one reception of linked procedures made: the lead, and a dossier of its own for each of the others, with a clock and a result
// of its own.
type Group struct {
	Lead    Receipt   `json:"lead"`
	Members []Receipt `json:"members"`
}

// With asks for a further procedure of the same reception.
type With struct {
	Procedure dossier.Code    `json:"procedure"`
	Facts     []dossier.Code  `json:"facts,omitempty"`  // conditions of that procedure that hold
	Values    []dossier.Given `json:"values,omitempty"` // of fields of its forms that are not personal
}

// Beside are the submissions of the further procedures: what they say of themselves is theirs, all else is as the lead has it.
func Beside(lead dossier.SubmitDossier, with []With) []dossier.SubmitDossier {
	members := make([]dossier.SubmitDossier, len(with))
	for i, w := range with {
		members[i] = lead
		members[i].Procedure, members[i].Facts, members[i].Values, members[i].Entries, members[i].ExternalCode = w.Procedure, w.Facts, w.Values, nil, ""
	}
	return members
}

// OpenWith takes the member with out of the body of a submission: a list of further procedures, each by its id or as an object that says its
// facts and values too. They are read as strictly as the rest, which is left for dossier.DecodeCommand.
func OpenWith(body []byte) (rest []byte, with []With, err error) {
	if !bytes.Contains(body, []byte(`"with"`)) {
		return body, nil, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return body, nil, nil // who reads the rest says what is wrong with it
	}
	raw, given := members["with"]
	if !given {
		return body, nil, nil
	}
	delete(members, "with")
	if rest, err = json.Marshal(members); err != nil {
		return nil, nil, fmt.Errorf("encode command: %w", err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, nil, withWrong("with")
	}
	for i, one := range list {
		w, err := readWith(one)
		if err != nil {
			return nil, nil, atMember(i, err)
		}
		with = append(with, w)
	}
	return rest, with, nil
}

func readWith(raw json.RawMessage) (With, error) {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		raw, _ = json.Marshal(map[string]string{"procedure": id}) // of a text: cannot fail
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return With{}, withWrong("")
	}
	for name := range members {
		if name != "procedure" && name != "facts" && name != "values" {
			return With{}, &domain.Invalid{Code: "unknown_field", Field: name,
				VI: "Thủ tục đi kèm không có mục “" + name + "”. Nhận: procedure, facts, values; các mục khác như hồ sơ đầu mối.",
				EN: "A further procedure takes no “" + name + "”. It takes procedure, facts and values; all else is as the lead has it."}
		}
	}
	members["channel"], members["applicant"] = json.RawMessage(`"online"`), json.RawMessage(`"of-the-lead"`)
	whole, _ := json.Marshal(members) // of JSON: cannot fail
	c, err := dossier.DecodeCommand(dossier.Kebab(dossier.SubmitDossier{}.Name()), whole)
	if err != nil {
		return With{}, err
	}
	own := c.(dossier.SubmitDossier)
	return With{own.Procedure, own.Facts, own.Values}, nil
}

func withWrong(field string) error {
	return &domain.Invalid{Code: "malformed_value", Field: field,
		VI: "“with” là danh sách thủ tục đi kèm, mỗi mục là mã thủ tục hoặc đối tượng có procedure, facts, values.",
		EN: "“with” is a list of further procedures, each the id of one or an object with procedure, facts and values."}
}

// SubmitGroup files a dossier and, under the same reception, one for each further procedure (Decree 118/2025, Article 28). Each says in its first
// act whom it is filed with.
//
// Each is an act on its own stream under a key that follows from the one given, so whatever was cut short is completed by sending it again.
// Whether all of them can be filed is looked at before the first one is.
func (x *Executor) SubmitGroup(ctx context.Context, a domain.Actor, e Envelope, lead dossier.SubmitDossier, members []dossier.SubmitDossier) (Group, error) {
	if err := x.groupable(ctx, a, e, lead, members); err != nil {
		return Group{}, x.Refused(ctx, a, e, dossier.Kebab(lead.Name()), uuid.Nil, err)
	}
	return x.submitGroup(ctx, a, e, lead, members, len(members))
}

// submitGroup files the lead and the first so many members.
func (x *Executor) submitGroup(ctx context.Context, a domain.Actor, e Envelope, lead dossier.SubmitDossier, members []dossier.SubmitDossier, most int) (g Group, err error) {
	parts := make([]Envelope, len(members))
	whole := e
	whole.Body, _ = json.Marshal(append([]dossier.SubmitDossier{lead}, members...)) // of codes alone: cannot fail
	whole.Body = append(whole.Body, e.Body...)                                      // another group is another command
	leads := []dossier.Link{{Other: eventstore.StreamIDFor(Kind, a.Account, e.Key).String(), Kind: dossier.GroupLead}}
	for i, c := range members {
		parts[i] = e.part(fmt.Sprintf("member-%d", i+1), c)
		parts[i].group = leads
		whole.group = append(whole.group, dossier.Link{Other: eventstore.StreamIDFor(Kind, a.Account, parts[i].Key).String(), Kind: dossier.GroupMember})
	}
	if g.Lead, err = x.Submit(ctx, a, whole, lead); err != nil {
		return g, err
	}
	for i, c := range members[:most] {
		r, err := x.Submit(ctx, a, parts[i], c)
		if err != nil {
			return g, fmt.Errorf("member %s: %w", c.Procedure, err)
		}
		g.Members = append(g.Members, r)
	}
	return g, nil
}

// groupable says why a group could not be filed whole.
func (x *Executor) groupable(ctx context.Context, a domain.Actor, e Envelope, lead dossier.SubmitDossier, members []dossier.SubmitDossier) error {
	if bad := groupOf(lead, members); bad != nil {
		return bad
	}
	for i, c := range members {
		if err := x.fileable(ctx, a, e, c); err != nil {
			return fmt.Errorf("member %s: %w", c.Procedure, atMember(i, err))
		}
	}
	return nil
}

// part is what surrounds one act of several that were sent under one key.
func (e Envelope) part(name string, c dossier.Command) Envelope {
	body, _ := json.Marshal(c) // of codes alone: cannot fail
	return Envelope{Key: e.Key + "." + name, Body: body, LateReason: e.LateReason, OccurredAt: e.OccurredAt, Traceparent: e.Traceparent}
}

// fileable says why a dossier could not be filed now, without filing it.
func (x *Executor) fileable(ctx context.Context, a domain.Actor, e Envelope, c dossier.SubmitDossier) error {
	c, err := x.submitted(ctx, a, c, e.At(x.o.Now()))
	if err != nil {
		return err
	}
	f, err := x.filing(ctx, c, e)
	if err != nil {
		return err
	}
	if f.early != nil {
		return f.early
	}
	said, err := answered(dossier.State{}, c, f.version)
	if err != nil {
		return err
	}
	if _, err := x.decide(ctx, dossier.State{}, said, a, e, f.version, counts{}); err != nil {
		return err
	}
	return f.closed
}

// atMember says which of the further procedures a refusal is about.
func atMember(i int, err error) error {
	at := func(field string) string { return strings.TrimSuffix(fmt.Sprintf("with[%d].%s", i, field), ".") }
	refusal, invalid := (*domain.Refusal)(nil), (*domain.Invalid)(nil)
	switch {
	case errors.As(err, &refusal):
		own := *refusal
		own.Field = at(own.Field)
		return &own
	case errors.As(err, &invalid):
		own := *invalid
		own.Field = at(own.Field)
		return &own
	}
	return err
}

// groupOf wants one applicant, one channel and each procedure once.
func groupOf(lead dossier.SubmitDossier, members []dossier.SubmitDossier) *domain.Invalid {
	if len(members) == 0 || len(members) > MostMembers {
		return &domain.Invalid{Code: "group_size", Field: "with",
			VI: fmt.Sprintf("Nhóm thủ tục liên thông có từ 1 đến %d thủ tục ngoài thủ tục đầu mối.", MostMembers),
			EN: fmt.Sprintf("A group of linked procedures has 1 to %d procedures beside the lead.", MostMembers)}
	}
	seen := map[dossier.Code]bool{lead.Procedure: true}
	for i, c := range members {
		at := fmt.Sprintf("with[%d]", i)
		switch {
		case seen[c.Procedure]:
			return &domain.Invalid{Code: "duplicate_item", Field: at + ".procedure",
				VI: "Thủ tục “" + string(c.Procedure) + "” có hai lần trong nhóm. Ghi mỗi thủ tục một lần.",
				EN: "The procedure “" + string(c.Procedure) + "” stands twice in the group. Name each once."}
		case c.Applicant != lead.Applicant || c.Channel != lead.Channel || c.Unit != lead.Unit:
			return &domain.Invalid{Code: "group_differs", Field: at,
				VI: "Một lần tiếp nhận có một người nộp, một kênh và một nơi nhận. Ghi như hồ sơ đầu mối.",
				EN: "One reception has one applicant, one channel and one receiving unit. Give what the lead has."}
		}
		seen[c.Procedure] = true
	}
	return nil
}

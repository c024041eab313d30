package handlers

import (
	"context"
	"encoding/json"
	"fmt"

	"dossier/domain"
	"dossier/domain/dossier"

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

// SubmitGroup files a dossier and, under the same reception, one for each further procedure, and links them (Decree 118/2025, Article 28).
//
// Each is an act on its own stream under a key that follows from the one given, so whatever was cut short is completed by sending it again.
// Whether all of them can be filed is looked at before the first one is.
func (x *Executor) SubmitGroup(ctx context.Context, a domain.Actor, e Envelope, lead dossier.SubmitDossier, members []dossier.SubmitDossier) (Group, error) {
	if err := x.groupable(ctx, a, e, lead, members); err != nil {
		return Group{}, x.Refused(ctx, a, e, dossier.Kebab(lead.Name()), uuid.Nil, err)
	}
	var g Group
	var err error
	if g.Lead, err = x.Submit(ctx, a, e, lead); err != nil {
		return g, err
	}
	for i, c := range members {
		r, err := x.Submit(ctx, a, e.part(fmt.Sprintf("member-%d", i+1), c), c)
		if err != nil {
			return g, fmt.Errorf("member %s: %w", c.Procedure, err)
		}
		g.Members = append(g.Members, r)
		for _, link := range []struct {
			from uuid.UUID
			wish dossier.LinkDossier
		}{
			{g.Lead.ID, dossier.LinkDossier{Other: dossier.Ref(r.ID.String()), Kind: dossier.GroupMember}},
			{r.ID, dossier.LinkDossier{Other: dossier.Ref(g.Lead.ID.String()), Kind: dossier.GroupLead}},
		} {
			if _, err := x.Do(ctx, a, link.from, e.part(fmt.Sprintf("link-%d", i+1), link.wish), link.wish); err != nil {
				return g, fmt.Errorf("link member %s: %w", c.Procedure, err)
			}
		}
	}
	return g, nil
}

// groupable says why a group could not be filed whole.
func (x *Executor) groupable(ctx context.Context, a domain.Actor, e Envelope, lead dossier.SubmitDossier, members []dossier.SubmitDossier) error {
	if bad := groupOf(lead, members); bad != nil {
		return bad
	}
	if err := x.authorized(ctx, a, Act{Kind: Command, Name: dossier.Kebab(dossier.LinkDossier{}.Name()), Applicant: string(lead.Applicant)}); err != nil {
		return err
	}
	for _, c := range members {
		if err := x.fileable(ctx, a, e, c); err != nil {
			return fmt.Errorf("member %s: %w", c.Procedure, err)
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

// groupOf wants one applicant, one channel and each procedure once.
func groupOf(lead dossier.SubmitDossier, members []dossier.SubmitDossier) *domain.Invalid {
	if len(members) == 0 || len(members) > MostMembers {
		return &domain.Invalid{Code: "group_size", Field: "members",
			VI: fmt.Sprintf("Nhóm thủ tục liên thông có từ 1 đến %d thủ tục ngoài thủ tục đầu mối.", MostMembers),
			EN: fmt.Sprintf("A group of linked procedures has 1 to %d procedures beside the lead.", MostMembers)}
	}
	seen := map[dossier.Code]bool{lead.Procedure: true}
	for i, c := range members {
		at := fmt.Sprintf("members[%d]", i)
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

package api

import (
	"context"
	"encoding/json"
	"fmt"

	"dossier/domain/organisation"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// organisationBody is what holds of the organisation on a day.
type organisationBody struct{ organisation.Described }

// Schema is made of the types that read organisation files.
func (organisationBody) Schema(huma.Registry) *huma.Schema {
	b, err := json.Marshal(organisation.DescribedSchema())
	s := &huma.Schema{}
	if err == nil {
		err = json.Unmarshal(b, s)
	}
	if err != nil {
		panic(fmt.Sprintf("schema of the organisation: %v", err)) // of plain values: cannot fail
	}
	return s
}

type organisationInput struct {
	At      string `query:"at" format:"date" doc:"As it holds on that day; today without it."`
	KnownAt string `query:"known_at" doc:"As it was known then: an instant, a date (its end) or @POSITION; now without it."`
	All     bool   `query:"all" doc:"All days: the whole of it, as a file says it; for who may see who works here."`
}

type organisationOutput struct {
	ETag string `header:"ETag" doc:"Version of the organisation, for If-Match; missing of one as it was known."`
	Body organisationBody
}

// organisation is who may act: agencies, units, accounts with their roles, delegations. People before the authority see agencies and units.
func (s *server) organisation(ctx context.Context, in *organisationInput) (*organisationOutput, error) {
	day, err := s.day(in.At)
	if err != nil {
		return nil, err
	}
	var o organisation.Organisation
	if in.KnownAt != "" {
		var m handlers.Moment
		if m, err = handlers.ParseMoment(in.KnownAt, s.Zone); err == nil {
			o, err = s.Executor.Organisation().KnownAt(ctx, m)
		}
	} else {
		o, err = s.Executor.Organisation().Get(ctx)
	}
	if err == nil && !o.Exists() {
		err = handlers.ErrNoOrganisation
	}
	if err != nil {
		return nil, err
	}
	shown := o.Describe(day)
	switch refused := handlers.May(handlers.CallOf(ctx).Actor, handlers.Act{Kind: handlers.Roster}); {
	case refused != nil && in.All:
		return nil, refused
	case refused != nil:
		shown.Accounts, shown.Delegations = nil, nil
	case in.All:
		shown.Plan = o.Plan
	}
	shown.Agencies, shown.Units, shown.Accounts = orNone(shown.Agencies), orNone(shown.Units), orNone(shown.Accounts)
	out := &organisationOutput{Body: organisationBody{shown}}
	if in.KnownAt == "" {
		out.ETag = handlers.ETag(o.Version)
	}
	return out, nil
}

// orNone is a list that is written as one when nothing is in it.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type organisationFile struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: the same key and body again give the same answer. Missing: made and returned."`
	IfMatch string `header:"If-Match" doc:"Version of the organisation that was looked at, as in its ETag; 412 when somebody changed it since."`
	DryRun  bool   `query:"dry_run" doc:"Only say what would change."`
	RawBody []byte `contentType:"application/json" doc:"The whole organisation, as its file says it."`
}

type appliedOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.AppliedOrganisation
}

// applyOrganisation brings the organisation to what a file says.
func (s *server) applyOrganisation(ctx context.Context, in *organisationFile) (*appliedOutput, error) {
	e, actor := keyed(ctx, in.Key), handlers.CallOf(ctx).Actor
	var err error
	if e.Expected, err = version(in.IfMatch); err != nil {
		return nil, err
	}
	if in.DryRun {
		would, err := s.Executor.PreviewOrganisation(ctx, actor, in.RawBody)
		return &appliedOutput{e.Key, would}, err
	}
	done, err := s.Executor.ApplyOrganisation(ctx, actor, in.RawBody, e)
	return &appliedOutput{e.Key, done}, err
}

// organisationSchemas are the contracts of the events of the organisation.
func organisationSchemas() map[string][]byte {
	descriptions := map[string]string{
		"organisation.named.v1":           "Organisation named / Đã đặt tên tổ chức",
		"organisation.agency-set.v1":      "Agency set, from a day on / Đã ghi cơ quan, từ một ngày",
		"organisation.unit-set.v1":        "Unit set, from a day on / Đã ghi đơn vị, từ một ngày",
		"organisation.account-set.v1":     "Account set with its roles / Đã ghi tài khoản và các vai trò",
		"organisation.delegation-set.v1":  "Delegation set / Đã ghi việc giao ký thay, thừa lệnh, thừa ủy quyền",
		"organisation.entry-withdrawn.v1": "Entry withdrawn before it began / Đã rút mục chưa có hiệu lực",
		"organisation.sandbox-reset.v1":   "Sandbox reset: a round closed, the next opened / Đã làm mới môi trường thử nghiệm: đóng một đợt, mở đợt tiếp theo",
	}
	all := map[string][]byte{}
	for name, schema := range organisation.EventSchemas() {
		schema["description"] = descriptions[name]
		all[name], _ = json.MarshalIndent(schema, "", "  ") // of plain values: cannot fail
	}
	return all
}

package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/projections"

	"github.com/google/uuid"
)

// ErrNoResult says that no paper of the register has that number.
var ErrNoResult = errors.New("no such result")

// CheckedResult is what anybody may know of a paper: whether it stands, and nothing of whose it is.
type CheckedResult struct {
	Number     string               `json:"number" example:"000.00.00.H00-261126-0001-KQ1" doc:"The dossier's code and the paper's number in it."`
	Verdict    dossier.PaperVerdict `json:"verdict" enum:"valid,expired,replaced,revoked"`
	Stands     bool                 `json:"stands" doc:"Whether it is good at this moment: false for all but a valid one."`
	Kind       string               `json:"kind" example:"certificate"`
	NameVI     string               `json:"name_vi"`
	NameEN     string               `json:"name_en"`
	Procedure  string               `json:"procedure"`
	Unit       string               `json:"unit,omitempty" doc:"The unit that received the dossier."`
	IssuedAt   time.Time            `json:"issued_at"`
	ValidUntil *time.Time           `json:"valid_until" doc:"null: without end."`
	Corrected  bool                 `json:"corrected" doc:"An error of it was put right; the corrected paper is the one that stands."`
	ReplacedBy string               `json:"replaced_by,omitempty" doc:"The number of the paper in its place."`
	EndedAt    *time.Time           `json:"ended_at,omitempty" doc:"When it was replaced or revoked."`
	Decision   string               `json:"decision,omitempty" doc:"The decision by which it was."`
	CheckedAt  time.Time            `json:"checked_at"`
}

// ResultNumber is how a paper of the register is known outside: its own number may be built from an identity number, and is never said.
func ResultNumber(code string, paper int) string { return fmt.Sprintf("%s-KQ%d", code, paper) }

// CheckResult says of a paper what anybody may know. The number is the paper's, or the code of the dossier, then all its papers are told. With
// an agency it must be the one that received the dossier, or that resolves it. The journal is asked, so what was revoked a moment ago fails.
func (x *Executor) CheckResult(ctx context.Context, v *projections.Views, number, agency string) ([]CheckedResult, error) {
	code, paper := strings.TrimSpace(number), 0
	if at := strings.LastIndex(strings.ToUpper(code), "-KQ"); at > 0 {
		if n, err := strconv.Atoi(code[at+3:]); err == nil && n > 0 {
			code, paper = code[:at], n
		}
	}
	if _, err := uuid.Parse(code); err == nil || code == "" { // the id of a dossier is nobody's to guess with
		return nil, ErrNoResult
	}
	id, found, err := v.Find(ctx, code)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoResult
	}
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	s := dossier.Fold(facts)
	if s.Sandbox != "" { // a test is no paper
		return nil, ErrNoResult
	}
	if ok, err := x.ofAgency(ctx, s, agency); err != nil || !ok {
		return nil, cmp.Or(err, ErrNoResult)
	}
	var all []CheckedResult
	for _, p := range s.Papers {
		if paper == 0 || p.Number == paper {
			all = append(all, x.checked(ctx, s, p))
		}
	}
	if len(all) == 0 {
		return nil, ErrNoResult
	}
	return all, nil
}

// ofAgency says whether an agency had to do with a dossier, by its own code or that of a unit. None asked for fits all.
func (x *Executor) ofAgency(ctx context.Context, s dossier.State, agency string) (bool, error) {
	agency = strings.TrimSpace(agency)
	if agency == "" || agency == s.FiledAt || agency == s.Unit || agency == s.Agencies.Competent {
		return true, nil
	}
	o, err := x.organisation.Recent(ctx)
	if err != nil {
		return false, err
	}
	for _, unit := range []string{s.FiledAt, s.Unit} {
		if a, known := o.AgencyOf(unit, calendar.DateOf(x.o.Now(), Zone())); known && a.Code == agency {
			return true, nil
		}
	}
	return false, nil
}

func (x *Executor) checked(ctx context.Context, s dossier.State, p dossier.Paper) CheckedResult {
	now := x.o.Now()
	r := CheckedResult{
		Number: ResultNumber(s.KnownBy(), p.Number), Verdict: p.Verdict(now), Stands: p.Stands(now), Kind: p.Code, Procedure: s.Procedure, Unit: s.FiledAt, IssuedAt: p.IssuedAt,
		ValidUntil: moment(p.ValidUntil), Corrected: p.Status == dossier.Corrected, EndedAt: moment(p.EndedAt), Decision: p.Decision, CheckedAt: now.UTC(),
	}
	r.NameVI, r.NameEN = x.PaperName(ctx, s, p)
	if by := s.ReplacedBy(p.Number); by > 0 {
		r.ReplacedBy = ResultNumber(s.KnownBy(), by)
	}
	return r
}

// PaperName is what the procedure calls a paper.
func (x *Executor) PaperName(ctx context.Context, s dossier.State, p dossier.Paper) (vi, en string) {
	if v, known := x.procedures.All(ctx).Version(s.Procedure, s.ProcedureVersion); known {
		for _, r := range v.Flow.Results {
			if r.Code == p.Code {
				return r.NameVI, cmp.Or(r.NameEN, r.NameVI)
			}
		}
	}
	switch p.Code {
	case "refusal":
		return "Văn bản từ chối giải quyết", "Refusal"
	case "result":
		return "Kết quả giải quyết", "Result"
	}
	return p.Code, p.Code
}

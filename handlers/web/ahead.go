package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
)

// aheadView is what is told next about a dossier: when, what, to whom and by which article.
type aheadView struct {
	At              time.Time
	Words, Who, Law string
	Late            bool // it should have been told by now: the timekeeper is about to
}

// ahead lists what is told next. An applicant sees what concerns applicants.
func (s *site) ahead(ctx context.Context, v *visit, state dossier.State) ([]aheadView, error) {
	actor, err := v.known()
	if err != nil {
		return nil, nil // nobody is logged in
	}
	all, err := s.Executor.Upcoming(ctx, state)
	if err != nil {
		return nil, err
	}
	var views []aheadView
	for _, a := range all {
		if actor.Role == domain.Applicant && !slices.Contains(a.Step.Tells, string(domain.Applicant)) {
			continue
		}
		what := label("timer", string(a.Timer.Kind), v.lang)
		if a.Timer.Number > 0 {
			what += " (" + strconv.Itoa(a.Timer.Number) + ")"
		}
		var who []string
		for _, role := range a.Step.Tells {
			who = append(who, lower(label("role", role, v.lang)))
		}
		words := Words{"%s: %s, đã dùng %s phần trăm thời hạn", "%s: %s, %s per cent of the limit used up"}.In(v.lang, what, lower(label("notice", a.Step.Notice, v.lang)), v.Num(int64(a.Step.Share)))
		views = append(views, aheadView{At: a.At, Words: words, Who: strings.Join(who, ", "), Law: label("basis", string(a.Timer.Basis()), v.lang), Late: a.At.Before(s.Now())})
	}
	return views, nil
}

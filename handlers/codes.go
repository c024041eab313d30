package handlers

import (
	"context"

	"dossier/domain/calendar"
	"dossier/domain/code"
	"dossier/domain/dossier"
	"dossier/eventstore"
)

// coding gives one command's dossier its code: with the submission, or, where the rule of its receiving unit says so, with the
// acceptance. It keeps the code when the command is decided again, so a command takes no more than one.
//
// A submission is decided before its stream is read (eventstore.Command.Opens), so one that is sent again takes a number, meets its own
// dossier, and answers with the code that this has; the number is a gap. To read first would cost every submission a round trip for the
// sake of a rare repeat.
type coding struct {
	x     *Executor
	taken dossier.DossierCode
}

// give writes the code into the fact that brings it.
func (g *coding) give(ctx context.Context, s dossier.State, decided []Decided) ([]Decided, error) {
	for i, d := range decided {
		switch e := d.Event.(type) {
		case dossier.DossierSubmitted:
			rule, err := g.rule(ctx, string(e.Unit), d)
			if err != nil {
				return nil, err
			}
			if rule.AtAcceptance || e.ExternalCode != "" {
				continue
			}
			if err := g.take(ctx, rule, d); err != nil {
				return nil, err
			}
			e.Code = g.taken
			decided[i].Event = e
		case dossier.DossierAccepted:
			if s.KnownBy() != "" { // also one that was accepted before, and taken back
				continue
			}
			rule, err := g.rule(ctx, s.FiledAt, d)
			if err != nil {
				return nil, err
			}
			if err := g.take(ctx, rule, d); err != nil {
				return nil, err
			}
			e.Code = g.taken
			decided[i].Event = e
		}
	}
	return decided, nil
}

// rule is how the dossiers of a receiving unit are numbered: as the setting says (DOSSIER_CODES), else as the organisation says of the unit's
// agency, else by the default.
func (g *coding) rule(ctx context.Context, unit string, d Decided) (code.Rule, error) {
	if g.x.o.Codes.Said() {
		return g.x.o.Codes.Of(unit), nil
	}
	o, err := g.x.organisation.Recent(ctx)
	if err != nil {
		return code.Rule{}, err
	}
	if r, says := o.CodeRuleOf(unit, calendar.DateOf(d.OccurredAt, Zone())); says {
		return r, nil
	}
	return g.x.o.Codes.Of(unit), nil
}

// take asks for the next code of the day on which the act is true.
func (g *coding) take(ctx context.Context, rule code.Rule, d Decided) error {
	if g.taken != "" {
		return nil
	}
	day := calendar.DateOf(d.OccurredAt, Zone())
	blank, err := rule.Pattern.Blank(rule.Agency, day)
	if err != nil {
		return err
	}
	taken, err := g.x.journal.TakeCode(ctx, eventstore.CodeSeries{
		Agency: blank.Agency, Day: day.String(), Before: blank.Before, After: blank.After, Width: blank.Width,
	})
	g.taken = dossier.DossierCode(taken)
	return err
}

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
)

func (a *app) showCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "the state of a dossier, now or then", ArgsUsage: "ID|CODE",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "as it was: an instant, a date (its end), or @POSITION"},
			&cli.StringFlag{Name: "known-at", Usage: "as it was known then: an instant, a date (its end), or @POSITION"},
			&cli.Int64Flag{Name: "version", Usage: "after so many events"},
			asFlag("auditor"), dataFlag(), formatFlag(),
		},
		Action: a.show,
	}
}

func (a *app) show(ctx context.Context, cmd *cli.Command) error {
	q, err := asking(cmd)
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) (shown, error) { return d.show(ctx, q) }, func(is shown) error { return a.printState(cmd, is) })
}

func (a *app) printState(cmd *cli.Command, is shown) error {
	s, p := is.state, is.rules
	if asJSON(cmd) {
		return a.printWhole(cmd, struct {
			ID uuid.UUID `json:"id"`
			dossier.State
			Timers []handlers.TimerLine `json:"timers,omitempty"`
		}{is.id, s, is.timers})
	}
	t := &facts{table{columns: []string{"field", "value"}}}
	t.filed(is)
	t.acts(s)
	t.signed(s)
	t.kept(s, p)
	t.papers(s)
	t.portal(s)
	t.told(s, is.timers)
	t.say("updated", instant(s.UpdatedAt))
	return t.print(a.stdout, cmd)
}

// facts are lines of what is known of a dossier, in the order in which they are read.
type facts struct{ table }

func (t *facts) say(name, value string) {
	if value != "" {
		t.add(nil, name, value)
	}
}

// filed is what it is: where it stands, under which rules, for whom.
func (t *facts) filed(is shown) {
	s, p := is.state, is.rules
	t.say("id", is.id.String())
	t.say("code", s.KnownBy())
	t.say("status", words("status", string(s.Status)))
	t.say("outcome", words("outcome", string(s.Outcome)))
	t.say("version", strconv.FormatInt(s.Version, 10))
	name := ""
	if p.ID != "" {
		name = fmt.Sprintf(", %s (%d)", p.NameVI, p.Number)
	}
	t.say("procedure", s.Procedure+name)
	for _, f := range s.Facts {
		t.say("holds", f+", "+p.FactWords(f, "vi")+" / "+p.FactWords(f, "en"))
	}
	for _, g := range s.Values {
		t.say("value", string(g.Field)+" = "+string(g.Value)+", "+p.FieldWords(string(g.Field), "vi")+" / "+p.FieldWords(string(g.Field), "en"))
	}
	if s.Submitter != "" {
		t.say("filed by", fmt.Sprintf("%s, ủy quyền số / mandate %d", s.Submitter, s.Mandate))
	}
	t.say("channel", words("channel", string(s.Channel)))
	t.say("unit", s.Unit)
	t.say("officer", s.Officer)
	t.say("due", instant(s.Due))
	if s.Resolved.Done() {
		t.say("class", words("class", string(s.Class(s.Resolved.At))))
	}
}

// acts are the moments that count.
func (t *facts) acts(s dossier.State) {
	for _, act := range []struct {
		name string
		act  dossier.Act
	}{{"submitted", s.Submitted}, {"accepted", s.Accepted}, {"decided", s.Decided}, {"resolved", s.Resolved}, {"returned", s.Returned}} {
		if act.act.Done() {
			t.say(act.name, instant(act.act.At)+"  "+act.act.By)
		}
	}
}

// signed is who signed what, and how.
func (t *facts) signed(s dossier.State) {
	if sig := s.Signature; s.Signed.Done() {
		t.say("signed", instant(s.Signed.At)+"  "+s.Signed.By+"  "+words("means", string(s.SignedBy())))
		t.say("signature block", blockOf(string(sig.Block), sig.For))
		t.say("signed file", sig.File)
		if sig.Means == dossier.Digital {
			t.say("signature", strings.Join([]string{sig.Serial, instant(sig.SignedAt), words("time_source", string(sig.TimeBy))}, "  "))
		}
	}
	for _, f := range s.Files {
		if len(f.SignedBy) > 0 {
			t.say("signed file", f.File+"  "+strings.Join(f.SignedBy, " ")+"  "+instant(f.SignedAt))
		}
	}
}

// kept is how long the record is kept, and where.
func (t *facts) kept(s dossier.State, p procedure.Version) {
	if until, forEver, known := s.KeptFor(p.Retention.Years, p.Retention.Permanent); known && s.Status != dossier.Disposed {
		kept := "vĩnh viễn / for ever"
		if !forEver {
			kept = instant(until)
		}
		if p.Retention.Mark.Assumed() {
			kept += "  giả định / assumed"
		}
		t.say("kept until", kept)
	}
	if to, due := s.HandOverDue(p.Retention.Permanent); to != "" {
		t.say("hand over", words("archive", string(to))+", "+instant(due))
	}
	if s.Archived.Agency.Done() {
		t.say("archived", instant(s.Archived.Agency.At)+"  "+s.Archived.Register)
	}
	if !s.DisposalAfter.IsZero() && s.Status != dossier.Disposed {
		t.say("disposal announced", instant(s.DisposalAfter))
	}
}

// papers are the results and the files.
func (t *facts) papers(s dossier.State) {
	if s.Steps > 0 {
		t.say("steps", fmt.Sprintf("%d, irregular %d", s.Steps, s.IrregularSteps))
	}
	for _, p := range s.Papers {
		text := fmt.Sprintf("%d, %s: %s", p.Number, p.Code, words("paper_verdict", string(p.Verdict(time.Now()))))
		if !p.ValidUntil.IsZero() {
			text += ", until " + instant(p.ValidUntil)
		}
		t.say("paper", text)
	}
	for i, f := range s.Files {
		text := fmt.Sprintf("%d, %s: %s, %d bytes", i+1, f.File, f.Media, f.Size)
		if f.Message > 0 {
			text += fmt.Sprintf(", with message %d", f.Message)
		}
		t.say("file", text)
	}
}

// portal is what the national portal was told.
func (t *facts) portal(s dossier.State) {
	if p := s.Portal; p.Outcome != "" {
		text := fmt.Sprintf("%s; code %d, %s, %s", words("portal_sync", string(s.PortalSync())), p.Code, words("portal_outcome", string(p.Outcome)), instant(p.At))
		if p.Taken > 0 {
			text += fmt.Sprintf("; it has code %d since %s", p.Taken, instant(p.TakenAt))
		}
		t.say("portal", text)
	}
}

// told is who was told what, and who is told next.
func (t *facts) told(s dossier.State, ahead []handlers.TimerLine) {
	for _, c := range s.Corrected {
		t.say("corrected", words("role", c.To)+": "+c.Words("vi"))
	}
	for _, f := range s.Fired {
		t.say("told", fmt.Sprintf("%s  %s%s, %d %%: %s, %s", instant(f.Told), words("timer", string(f.Timer)), numbered(f.Number), f.Share, words("notice", string(f.Notice)), f.Tells))
	}
	for _, l := range ahead {
		if l.Next != nil {
			t.say("next", fmt.Sprintf("%s  %s%s, %d %%: %s, %s %s", instant(*l.Next), words("timer", string(l.Timer)), numbered(l.Number), l.Share, words("notice", l.Notice), strings.Join(l.Tells, ", "), basisWords(l.Basis)))
		}
	}
}

func (a *app) historyCommand() *cli.Command {
	return &cli.Command{
		Name: "history", Usage: "the audit trail of a dossier: what, who, when it was true, when it was recorded, what changed, why", ArgsUsage: "ID|CODE",
		Flags:  []cli.Flag{asFlag("auditor"), dataFlag(), formatFlag()},
		Action: a.history,
	}
}

func (a *app) history(ctx context.Context, cmd *cli.Command) error {
	return over(a, cmd, func(d desk, target string) (trail, error) { return d.history(ctx, target) }, func(is trail) error {
		t := &table{columns: []string{"version", "position", "occurred", "recorded", "event", "who", "unit", "changed", "why"}}
		for _, e := range is.entries {
			var changes []string
			for _, c := range e.Changes {
				changes = append(changes, dossier.Label("field", c.Field, "vi")+": "+value(c.Kind, c.Old)+" → "+value(c.Kind, c.New))
			}
			why := strings.TrimSpace(strings.Join([]string{e.Reason, e.Basis, e.Irregular}, " "))
			t.add(e, fmt.Sprint(e.Version), fmt.Sprint(e.Position), instant(e.OccurredAt), instant(e.RecordedAt), words("event", e.Type),
				e.Actor.Account+" ("+dossier.Label("role", string(e.Actor.Role), "vi")+")", e.Actor.Unit, strings.Join(changes, "; "), why)
		}
		if is.stale {
			t.note = "stale: later events of this dossier are not in here, see 'dossier parked list'"
		}
		return t.print(a.stdout, cmd)
	})
}

// value is one side of a change in words.
func value(kind, code string) string {
	if code == "" {
		return "-"
	}
	if t, err := time.Parse(time.RFC3339Nano, code); err == nil {
		return instant(t)
	}
	return dossier.Label(kind, code, "vi")
}

func words(kind, code string) string {
	if code == "" {
		return ""
	}
	return dossier.Label(kind, code, "vi") + " / " + dossier.Label(kind, code, "en")
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(agencyZone).Format("2006-01-02 15:04:05")
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// agencyZone is how times are printed; JSON has them in UTC.
var agencyZone = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		return time.FixedZone("+07", 7*3600)
	}
	return zone
}()

package organisation

import (
	"fmt"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
)

// The refusals of an actor whom the organisation does not know as such.
const (
	AccountUnknown  = "account_unknown"
	AccountNotValid = "account_not_valid"
	RoleNotHeld     = "role_not_held"
)

// Admits says whether an actor holds the role at the unit at a moment; a *domain.Refusal if not. Applicants and the machine are not of the
// organisation, and one that was never said knows nobody and refuses nobody.
func (o Organisation) Admits(a domain.Actor, at time.Time) error {
	if !o.Exists() || a.Role == domain.Applicant || a.Role == domain.System {
		return nil
	}
	known, is := o.AccountOf(a.Account)
	if !is {
		return &domain.Refusal{Code: AccountUnknown,
			VI: fmt.Sprintf("Tài khoản “%s” không có trong tổ chức. Quản trị hệ thống thêm tài khoản bằng “dossier organisation apply”.", a.Account),
			EN: fmt.Sprintf("Account “%s” is not of the organisation. The system administrator adds it with “dossier organisation apply”.", a.Account)}
	}
	day := calendar.DateOf(at, o.zone(a.Unit))
	if !known.Has(day) {
		return &domain.Refusal{Code: AccountNotValid,
			VI: fmt.Sprintf("Tài khoản “%s” có hiệu lực từ %s đến %s, không phải ngày %s. Quản trị hệ thống sửa thời hạn nếu còn làm việc.", a.Account, known.From, end(known.Period, "vi"), day),
			EN: fmt.Sprintf("Account “%s” is valid from %s to %s, not on %s. The system administrator changes that if it is still at work.", a.Account, known.From, end(known.Period, "en"), day)}
	}
	var held []string
	for _, p := range known.Posts {
		if !p.In(known).Has(day) {
			continue
		}
		if p.Role == a.Role && p.Unit == a.Unit {
			return nil
		}
		held = append(held, string(p.Role)+" @ "+p.Unit)
	}
	return &domain.Refusal{Code: RoleNotHeld,
		VI: fmt.Sprintf("Ngày %s tài khoản “%s” không giữ vai trò %s tại “%s”. Vai trò đang giữ: %s.", day, a.Account, a.Role, a.Unit, orNone(held, "không có")),
		EN: fmt.Sprintf("On %s account “%s” does not hold the role %s at “%s”. It holds: %s.", day, a.Account, a.Role, a.Unit, orNone(held, "none"))}
}

func orNone(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

// Actors are an account in each role that it holds at a moment, in the order of its posts.
func (o Organisation) Actors(name string, at time.Time) (actors []domain.Actor) {
	a, _ := o.AccountOf(name)
	for _, p := range a.Posts {
		if p.In(a).Has(calendar.DateOf(at, o.zone(p.Unit))) {
			actors = append(actors, domain.Actor{Account: a.ID, Role: p.Role, Unit: p.Unit})
		}
	}
	return actors
}

// Delegated are the delegations under which an account decides on a dossier, by its procedure and the unit at which it was filed, at a moment.
func (o Organisation) Delegated(account, procedure, unit string, at time.Time) (list []Delegation) {
	for _, d := range o.Delegations {
		day := calendar.DateOf(at, o.zoneOf(d.By))
		if d.To == account && d.Over(procedure, unit) && d.Days().Has(day) && o.reaches(d, unit, day) {
			list = append(list, d)
		}
	}
	return list
}

// Days of a delegation begin and end where its giver is.
func (p Plan) zoneOf(account string) *time.Location {
	a, _ := p.AccountOf(account)
	for _, post := range a.Posts {
		return p.zone(post.Unit)
	}
	return hanoi
}

// Zone is where a delegation's days begin and end.
func (o Organisation) Zone(d Delegation) *time.Location { return o.zoneOf(d.By) }
